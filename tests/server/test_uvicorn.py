"""The members of uvicorn that server/ relies on and that uvicorn does not document."""

import ast
import inspect
import re
from types import ModuleType

import pytest
import uvicorn
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.server import ServerState
from uvicorn.supervisors import multiprocess

from server.protocol import Protocol
from server.workers import Server, Supervisor, Worker

PROCESS = Worker.__base__  # multiprocess.Process is replaced by Worker
USED = {
    httptools_impl: "STATUS_LINE",
    httptools_impl.HttpToolsProtocol: """
        connection_made connection_lost eof_received data_received
        on_message_begin on_header on_headers_complete on_body on_message_complete
        send_400_response timeout_keep_alive_handler
        _should_upgrade _unset_keepalive_if_required _unsupported_upgrade_warning
        app client connections cycle expect_100_continue flow headers limit_concurrency loop parser
        pipeline scope server_state timeout_keep_alive timeout_keep_alive_task transport url""",
    httptools_impl.RequestResponseCycle: """
        keep_alive more_body response_complete response_started scope transport""",
    FlowControl: "pause_reading",
    ServerState: "connections default_headers",
    uvicorn.Server: "config lifespan server_state servers startup shutdown run",
    multiprocess: "Process",
    PROCESS: "config server _server",
    multiprocess.Multiprocess: "sockets terminate_all run",
}
SUBCLASSES = [
    (Protocol, httptools_impl.HttpToolsProtocol),
    (Server, uvicorn.Server),
    (Worker, PROCESS),
    (Supervisor, multiprocess.Multiprocess),
]


def members(owner: type | ModuleType) -> set[str]:
    """The attributes of a module or class, with those that its methods assign to `self`."""
    assigned = re.findall(r"\bself\.(\w+)(?:: [^=\n]+)? = ", inspect.getsource(owner))
    return {*dir(owner), *assigned}


@pytest.mark.parametrize("owner", USED, ids=lambda owner: owner.__name__)
def test_uvicorn_still_has_what_the_server_uses(owner: type | ModuleType) -> None:
    missing = set(USED[owner].split()) - members(owner)
    assert not missing, f"uvicorn {uvicorn.__version__}: {owner.__name__} has no {sorted(missing)}"


@pytest.mark.parametrize(("ours", "base"), SUBCLASSES)
def test_every_inherited_member_that_is_used_is_listed(ours: type, base: type) -> None:
    tree = ast.parse(inspect.getsource(ours))
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    used = {node.attr for node in attributes if ast.unparse(node.value) in {"self", "super()"}}
    inherited = used & members(base) - {*dir(object)}
    assert inherited <= set(USED[base].split())
    assert used <= inherited | members(ours)
