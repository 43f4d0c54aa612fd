"""As whom PostgreSQL runs: it refuses root and nameless ids, who get another identity, with nothing added or opened."""

import os
import pwd
import shutil
from pathlib import Path

from clinical_engine.running.errors import CannotRunError
from clinical_engine.running.processes import RunAs, run_quietly

# nobody's: it has a name and is not 0. Inside the namespace our files appear to belong to it, outside nothing changes.
MAPPED_ID = 65534


def account_for(program: Path, folder: Path) -> RunAs:
    """Who runs `program` on `folder` (it exists): ourselves, we in a user namespace, or for root the account nobody.

    Raises CannotRunError when none of them can.
    """
    if os.geteuid() != 0 and _has_account():
        return RunAs()
    for run_as in (_namespace(), _nobody()):
        if run_as is not None and _works(run_as, program, folder):
            return run_as
    raise CannotRunError(
        "PostgreSQL runs neither as root nor as a user without an account, there are no user namespaces, and the account "
        f"nobody cannot reach {folder}: start as an ordinary user, or set DATABASE_URL to a server of your own."
    )


def take_ownership(folder: Path, run_as: RunAs) -> None:
    """Give `folder` and all in it to who will use it; only root ever has something to change."""
    if os.geteuid() != 0 or folder.stat().st_uid == run_as.owner:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, run_as.owner, -1, follow_symlinks=False)


def _has_account() -> bool:
    """Whether our id has a name, which PostgreSQL insists on; in containers it often has none."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


def _namespace() -> RunAs | None:
    unshare = shutil.which("unshare")
    if unshare is None:
        return None
    return RunAs(prefix=(unshare, "--user", f"--map-user={MAPPED_ID}", f"--map-group={MAPPED_ID}"))


def _nobody() -> RunAs | None:
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return RunAs(user=entry.pw_uid, group=entry.pw_gid, owner=entry.pw_uid)


def _works(run_as: RunAs, program: Path, folder: Path) -> bool:
    """Whether the program starts and its folder is writable as `run_as`: tried, since modes do not tell."""
    take_ownership(folder, run_as)
    probe = 'test -w "$1" && test -x "$1" && exec "$2" --version'
    return run_quietly(["/bin/sh", "-c", probe, "sh", folder, program], run_as=run_as).returncode == 0
