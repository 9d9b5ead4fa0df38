"""Journals on disk: appended to as they come, read when a file is opened again.

They hold what a person typed, so nobody else may read them. Nothing here waits for the disk: what
the system has been handed outlives our process, however that ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from diffedit.core import journal
from diffedit.core.journal import Story
from diffedit.core.lock import held_by_none, hold

LARGEST = 1 << 28
"""A journal larger than this, in bytes, is not ours."""
TAIL = 1 << 16
"""Bytes at the end in which the last line is looked for; that of a saved text is short."""


class JournalFile:
    """One journal that is being written. Not for two threads at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """How many bytes it holds; all of them whole lines."""
        self._handle = -1

    def begin(self, lines: Iterable[str]) -> None:
        """Start it anew with these lines, in the place of what bears its name. Raises OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}.new")
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(fresh, flags, 0o600)
        try:
            size = _append(handle, lines)
            hold(handle)
            fresh.replace(self.path)
        except BaseException:
            os.close(handle)
            fresh.unlink(missing_ok=True)
            raise
        self.close()
        self._handle, self.size = handle, size

    def add(self, lines: Iterable[str]) -> None:
        """Append lines, all of them or none. Raises OSError."""
        try:
            self.size += _append(self._handle, lines)
        except OSError:
            # What a full disk took in part would hide all that comes after.
            with suppress(OSError):
                os.ftruncate(self._handle, self.size)
            raise

    @property
    def begun(self) -> bool:
        """Whether there is a file to append to."""
        return self._handle >= 0

    def close(self) -> None:
        """Write no more; the file stays."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _append(handle: int, lines: Iterable[str]) -> int:
    """Write lines at the end, however many calls it takes; how many bytes that were."""
    data = memoryview("".join(lines).encode())
    size = len(data)
    while data:
        data = data[os.write(handle, data) :]
    return size


def read(path: Path) -> Story | None:
    """What a journal tells; None where there is none that can be read."""
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            if os.fstat(file.fileno()).st_size > LARGEST:
                return None
            return journal.read(file)
    except OSError:
        return None


def put_aside(path: Path) -> Path:
    """Give a journal with unsaved text a name that no new journal takes. Raises OSError."""
    number = 1
    while (lost := path.with_suffix(f".{number}.lost")).exists():
        number += 1
    path.replace(lost)
    return lost


def ends_saved(path: Path) -> bool:
    """Whether a journal's last line says that nothing is unsaved."""
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    return last[8:18].startswith((b' ["saved"', b' ["base",', b' ["droppe'))


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    """Someone else may tidy up at the same moment."""
    with suppress(OSError):
        yield


def tidy(folder: Path, *, older_than: float, most: int) -> None:
    """Delete journals that hold nothing unsaved and are old, or more than `most`.

    Args:
        folder: Where they lie.
        older_than: A moment in seconds since the epoch.
        most: How many may stay.
    """
    aged: list[tuple[float, Path]] = []
    with _gone_is_fine():
        for path in folder.glob("*.journal"):
            with _gone_is_fine():
                aged.append((path.stat().st_mtime, path))
    aged.sort(reverse=True)
    for number, (when, path) in enumerate(aged):
        if number < most and when >= older_than:
            continue
        with _gone_is_fine():
            if ends_saved(path) and held_by_none(path):
                path.unlink()
