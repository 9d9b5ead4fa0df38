"""Copies of unsaved text, made when the editor must leave at once, found at the next open."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from diffedit.core import files
from diffedit.core.errors import FileError
from diffedit.core.files import Form


@dataclass(frozen=True, slots=True)
class Copy:
    """A rescue copy: where it lies and when it was made."""

    path: Path
    when: str


def folder_for(state: Path) -> Path:
    """Where all rescue copies lie."""
    return state / "rescue"


def save(state: Path, path: Path | None, text: str, form: Form) -> Path:
    """Write the text of a buffer beside no one's file. Raises FileError if even that fails."""
    copy = _place(state, path)
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        files.write(copy, text, form)
    except FileError:
        # A form that cannot hold the text must not cost the text.
        files.write(copy, text, Form())
    return copy


def find(state: Path, path: Path) -> Copy | None:
    """The rescue copy of a file, unless it says the same as the file does."""
    if not folder_for(state).exists():
        return None
    copy = _place(state, path)
    try:
        data = copy.read_bytes()
        stamp = copy.stat().st_mtime
        same = path.exists() and path.read_bytes() == data
    except OSError:
        return None
    return None if same else Copy(copy, time.strftime("%Y-%m-%d %H:%M", time.localtime(stamp)))


def forget(state: Path, path: Path) -> None:
    """The file is saved: a copy that says nothing else is of no more use."""
    copy = _place(state, path)
    try:
        if copy.read_bytes() == path.read_bytes():
            copy.unlink()
    except OSError:
        return


def drop(state: Path, path: Path) -> None:
    """The copy of a file is not wanted."""
    with suppress(OSError):
        _place(state, path).unlink()


def _place(state: Path, path: Path | None) -> Path:
    """One copy a file; the names of two files never meet. A text without a file gets the time."""
    if path is None:
        return folder_for(state) / f"untitled-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    import hashlib  # noqa: PLC0415 - brings a library, and where nothing was rescued it is not needed

    whole = str(path.absolute())
    mark = hashlib.sha256(whole.encode("utf-8", "surrogateescape")).hexdigest()[:10]
    return folder_for(state) / f"{mark}-{path.name}"
