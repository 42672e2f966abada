"""The start of the one file: what PyInstaller runs in place of `service.py`.

The program that was started has unpacked this one, waits for it and passes signals on to it.
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
    """End with the program that unpacked this one; take signals from nobody else."""
    os.setpgid(0, 0)  # a terminal's Ctrl-C goes to a whole group, and would come twice
    hook = parent_exit_hook(os.getppid(), signal.SIGKILL)
    if hook:
        hook()


def find_modules() -> None:
    """Import what Python would for a script: modules beside it, and those of PYTHONPATH."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    folders = [Path(sys.executable).parent, *map(Path, filter(None, named))]
    sys.path += [str(folder.absolute()) for folder in folders]


def find_certificates() -> None:
    """Look for them where this system keeps them, not that on which the library was made."""
    known = ssl.get_default_verify_paths()
    if not (known.cafile or known.capath):
        for file in filter(os.path.exists, CERTIFICATES):
            os.environ.setdefault(known.openssl_cafile_env, file)


if __name__ == "__main__":
    follow_parent()
    find_modules()
    find_certificates()
    freeze_support()  # a worker's way ends here

    from server import cli

    cli.main(prog_name=cli.PROGRAM)
