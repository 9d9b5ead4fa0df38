"""Who else edits a file: our own locks, and the marks that other editors leave beside it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a file open."""

    program: str
    pid: int
    host: str

    @property
    def here(self) -> bool:
        """Whether it runs on this machine."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether it still runs, as far as can be told from here."""
        return not self.here or _runs(self.pid)

    def __str__(self) -> str:
        return f"{self.program} (process {self.pid} on {self.host})"


class Lock:
    """Our claim on a file, for as long as it is held or the process lives."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    def release(self) -> None:
        """Give it up."""
        if self._handle >= 0:
            self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1


def take(path: Path, *, over: bool = False) -> Lock | Holder:
    """Take the lock with this name, or say who has it. Raises OSError where none can be made.

    With `over`, one that another machine wrote counts for nothing: its writer is known to be gone.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        holder = _read(handle)
        if not hold(handle):
            os.close(handle)
            return holder or Holder("another editor", 0, "?")
        if holder is not None and not holder.here and not over:
            # A lock may not reach from one machine to another; its writer may.
            os.close(handle)
            return holder
        with suppress(FileNotFoundError):
            if os.fstat(handle).st_ino == path.stat().st_ino:
                break
        os.close(handle)  # its last holder took the name away in between
    said = json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode()
    os.ftruncate(handle, 0)
    os.pwrite(handle, said, 0)
    return Lock(path, handle)


def hold(handle: int) -> bool:
    """Lock an open file until it is closed; False if another process has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system that has no locks
    return True


def held_by_none(path: Path) -> bool:
    """Whether no process holds the file. Raises OSError where it cannot be opened."""
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return hold(handle)
    finally:
        os.close(handle)


def others(path: Path) -> Holder | None:
    """Another editor's mark beside the file: a swap file of Vim or nano, a lock of Emacs.

    Only of one that still runs; see `Holder.alive`.
    """
    found = _vim(path.with_name(f".{path.name}.swp")) or _emacs(path.with_name(f".#{path.name}"))
    return found if found is not None and found.alive else None


def _vim(swap: Path) -> Holder | None:
    """What a swap file of Vim says; nano writes the same.

    Its head, in bytes, by Vim's memline.c: "b0", 10 of version, 4 each of page size, time, inode
    and process, 40 of user, 40 of host.
    """
    try:
        with swap.open("rb") as file:
            head = file.read(108)
    except OSError:
        return None
    if len(head) < 108 or head[:2] != b"b0":
        return None
    program = "nano" if b"nano" in head[2:12] else "Vim"
    host = head[68:108].split(b"\0")[0].decode("ascii", "replace")
    return Holder(program, int.from_bytes(head[24:28], "little"), host)


def _emacs(mark: Path) -> Holder | None:
    """What the link says that Emacs leaves: USER@HOST.PID:BOOT."""
    try:
        said = str(mark.readlink())
    except OSError:
        return None
    host, _, pid = said.partition("@")[2].partition(":")[0].rpartition(".")
    return Holder("Emacs", int(pid), host) if pid.isdecimal() else None


def _read(handle: int) -> Holder | None:
    """Who wrote the lock; None if nobody did."""
    try:
        said = json.loads(os.pread(handle, 4096, 0))
        return Holder("diffedit", int(said["pid"]), str(said["host"]))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _runs(pid: int) -> bool:
    """Whether there is such a process on this machine."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
