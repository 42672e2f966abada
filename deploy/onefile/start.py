"""The entry point of the one file, in place of `service.py`.

PyInstaller's bootloader has unpacked this program; it waits for it and forwards signals to it.
"""

import os
import signal
import ssl
import sys
from multiprocessing import freeze_support
from pathlib import Path

from core.parent import parent_exit_hook

CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",  # SUSE
)


def follow_parent() -> None:
    """End with the bootloader, and get signals from it only."""
    os.setpgid(0, 0)  # Ctrl-C in a terminal goes to the whole group, and would arrive twice
    hook = parent_exit_hook(os.getppid(), signal.SIGKILL)
    if hook:
        hook()


def let_others_read() -> None:
    """Let the account that runs PostgreSQL for root read the unpacked files."""
    if os.geteuid() == 0:
        unpacked = Path(sys._MEIPASS)  # type: ignore[attr-defined]
        for path in (unpacked, *unpacked.rglob("*")):
            path.chmod(0o755)


def find_modules() -> None:
    """Import modules beside the file and in PYTHONPATH, as Python does for a script."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders = [Path(sys.executable).parent, *map(Path, filter(None, named))]
    sys.path += [str(folder.absolute()) for folder in folders]


def find_certificates() -> None:
    """Use the certificates of this system; OpenSSL looks where the build system has them."""
    known = ssl.get_default_verify_paths()
    if not (known.cafile or known.capath):
        for file in filter(os.path.exists, CERTIFICATES):
            os.environ.setdefault(known.openssl_cafile_env, file)


if __name__ == "__main__":
    follow_parent()
    let_others_read()
    find_modules()
    find_certificates()
    freeze_support()  # does not return in a worker process

    from server import cli

    cli.main(prog_name=cli.PROGRAM)
