"""What stands between the markers of docs/scaling.md and docs/performance.md, by their names."""

from collections.abc import Callable
from typing import Any

from loadtests.scaling.page import disk, division, limits, load, money, performance

CONTENTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "assumptions": load.assumptions,
    "inputs": load.inputs,
    "needs": load.needs,
    "passwords": load.passwords,
    "images": disk.images,
    "limits": limits.replicas,
    "pools": limits.pools,
    "bytes": disk.sizes,
    "keys": disk.keys,
    "checkpoints": disk.checkpoints,
    "room": disk.room,
    "commits": division.commits,
    "reads": division.reads,
    "parts": division.parts,
    "prices": money.prices,
    "bill": money.bill,
    "cpu": performance.cpu,
    "keyless": performance.keyless,
}
