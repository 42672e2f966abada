"""A light client: requests again and again on many connections, none before the last answer.

`python -m loadtests.keep_alive PORT CONNECTIONS COUNT < requests` takes requests with a NUL after
each, begins anew at their end, and fails where an answer is neither a 200 nor a 201.
"""

import asyncio
import re
import sys
from collections.abc import Iterable
from itertools import cycle, islice

import uvloop

END = b"\r\n\r\n"  # of a head
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
GOOD = (b"HTTP/1.1 200 ", b"HTTP/1.1 201 ")


async def call(port: int, requests: Iterable[bytes]) -> None:
    """Send these on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(END)
        length = LENGTH.search(head)
        if not length or not head.startswith(GOOD):
            raise RuntimeError(head.partition(b"\r\n")[0].decode())
        await reader.readexactly(int(length[1]))
    writer.close()


async def call_all(port: int, connections: int, count: int) -> None:
    """Share the requests among the connections."""
    turns = cycle(sys.stdin.buffer.read().split(b"\0")[:-1])
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(call(port, islice(turns, count // connections)))


if __name__ == "__main__":
    uvloop.run(call_all(*map(int, sys.argv[1:])))
