"""The image as an orchestrator runs it: by runc, read-only, without capabilities."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.support.program import Program

BUILD = Path(__file__).parents[2] / "deploy/image/build"
NEEDED = ("buildah", "debootstrap", "runc")
FOLDERS = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
RUNC = shutil.which("runc", path=FOLDERS) or "runc"


def what_is_missing() -> str:
    """Why no image can be built and run here, or nothing."""
    if os.geteuid() != 0:
        return "only root can build and run an image"
    absent = [program for program in NEEDED if not shutil.which(program, path=FOLDERS)]
    return f"needs {', '.join(absent)}" if absent else ""


class Image:
    """The image, built from a directory into another; for as long as this context lasts."""

    def __init__(self, directory: Path, context: Path) -> None:
        self.directory = directory
        self.context = context
        self.config: dict[str, Any] = {}

    @property
    def files(self) -> Path:
        return (self.directory / "rootfs").resolve()

    def __enter__(self) -> Self:
        subprocess.run([BUILD, self.directory, self.context], check=True, timeout=500)
        found = json.loads((self.directory / "image.json").read_text())
        self.config = found["Docker"]["config"]
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.directory)


class Container(Program):
    """A container of an image, on this machine's own network."""

    def __init__(
        self, image: Image, directory: Path, environment: Mapping[str, str], *arguments: str
    ) -> None:
        super().__init__(directory, environment, *arguments)
        self.image = image
        self.variables = [f"{name}={value}" for name, value in environment.items()]
        self.name = directory.name

    def launch(self) -> Self:
        self._describe()
        with (
            (self.directory / "stdout").open("ab") as out,
            (self.directory / "stderr").open("ab") as err,
        ):
            self.process = subprocess.Popen(
                [*self._runc, "run", "--bundle", self.directory, self.name],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        return self

    def kill(self) -> None:
        subprocess.run([*self._runc, "delete", "--force", self.name], check=True)
        assert self.process
        self.process.wait(10)

    def send(self, name: str) -> None:
        """Have the container's first process get a signal, as `docker stop` does."""
        subprocess.run([*self._runc, "kill", self.name, name], check=True)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a program in it, as the image's user."""
        variables = [f"--env={name}={value}" for name, value in environment.items()]
        return subprocess.run(
            [*self._runc, "exec", *variables, self.name, *command],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    @property
    def _runc(self) -> list[str]:
        return [RUNC, "--root", str(self.directory / "state")]

    def _describe(self) -> None:
        """Write down how to run it: what runc takes for usual, and what the image wants."""
        settings = self.directory / "config.json"
        settings.unlink(missing_ok=True)
        subprocess.run([RUNC, "spec", "--bundle", self.directory], check=True)
        spec = json.loads(settings.read_text())
        config = self.image.config
        user, group = config["User"].split(":")
        spec["process"] |= {
            "terminal": False,
            "user": {"uid": int(user), "gid": int(group)},
            "args": [*config["Cmd"], *self.arguments],
            "env": [*config["Env"], *self.variables],
            "cwd": config["WorkingDir"],
            "capabilities": {},
        }
        spec["root"] = {"path": str(self.image.files), "readonly": True}
        spec["linux"]["namespaces"].remove({"type": "network"})
        settings.write_text(json.dumps(spec))
