"""The folders a set of embedded servers lives in, and the lock that keeps two starters apart."""

import fcntl
import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from clinical_engine.running.errors import AlreadyRunningError, CannotRunError

# The longest path of a Unix socket that Linux (107) and macOS (103) both take.
LONGEST_SOCKET_PATH = 103
LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432")
PRIVATE = 0o700
LARGEST_LOG = 10 * 1024 * 1024
ENGINE_LOCK = "engine.lock"
"""Lies in the folder of an engine whose data are to stay."""


def writable_folder(path: Path) -> Path:
    """`path`, created if need be; CannotRunError when it is not a folder that we can write."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRunError(f"The folder {path} cannot be used: {os.strerror(error.errno or 0)}.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise CannotRunError(f"The folder {path} cannot be written by the user with id {os.geteuid()}.")
    return path


def private_folder(path: Path) -> Path:
    """`path` as a writable folder that is closed to others; CannotRunError when it cannot be had."""
    writable_folder(path)
    if stat.S_IMODE(path.stat().st_mode) != PRIVATE:
        path.chmod(PRIVATE)
    return path


def socket_folder(home: Path) -> Path:
    """The private folder for the sockets of the servers at `home`: inside it, or where their paths fit."""
    folder = _place_of_sockets(home)
    # Elsewhere its name can be guessed and its parent is everybody's: somebody else may have put something there.
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid not in _our_ids()):
        raise CannotRunError(f"The folder {folder} for the servers' sockets belongs to somebody else.")
    return private_folder(folder)


def discard_socket_folder(home: Path) -> None:
    """Remove the folder for sockets where it lies outside `home` and is empty."""
    folder = _place_of_sockets(home)
    if home not in folder.parents:
        with suppress(OSError):
            folder.rmdir()


def _place_of_sockets(home: Path) -> Path:
    inside = home.resolve() / "run"
    if len(os.fsencode(inside)) + LONGEST_SOCKET_NAME <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"clinical-engine-{os.geteuid()}-{digest}"


@contextmanager
def server_log(home: Path, name: str) -> Iterator[IO[bytes]]:
    """The log of a server, open for appending; a large one from earlier is set aside as `NAME.log.1`."""
    path = private_folder(home / "log") / f"{name}.log"
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    with path.open("ab") as log:
        yield log


def last_line(home: Path, name: str) -> str:
    """The last line a server logged, to name the reason when it does not start."""
    lines = (home / "log" / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1].strip() if lines else "it logged nothing"


class FolderLock:
    """Held by one live process at a time, and let go by the kernel when it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def acquire(self, note: str) -> None:
        """Take the lock and leave `note` for others to read; AlreadyRunningError with their note when taken."""
        file = self.path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            raise AlreadyRunningError(f"Already running in {self.path.parent}: {holder}.", holder) from None
        file.truncate(0)
        file.write(note)
        file.flush()
        self._file = file

    def release(self) -> None:
        """Let go; harmless when not held."""
        if self._file is not None:
            # Unlocked explicitly: a forked child has the file open too, and closing ours alone would not do.
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._file.close()
            self._file = None


def _our_ids() -> set[int]:
    """Ourselves, and for root the account nobody, as whom PostgreSQL may have to run."""
    own = os.geteuid()
    return {own} if own else {0, *(entry.pw_uid for entry in pwd.getpwall() if entry.pw_name == "nobody")}
