"""Files in and out: any bytes open, and the same bytes are saved."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from diffedit.core.form import Form, decode, encode, looks_binary
from diffedit.core.save import refuse_odd, save, told

__all__ = [
    "Base",
    "Form",
    "Opened",
    "Stamp",
    "decode",
    "encode",
    "looks_binary",
    "read",
    "stamp",
    "write",
]


@dataclass(frozen=True, slots=True)
class Stamp:
    """By what one sees that a file was changed by someone else."""

    mtime_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """The stamp in a file's status."""
        return cls(status.st_mtime_ns, status.st_size, status.st_ino)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it was read."""

    path: Path
    text: str
    form: Form
    stamp: Stamp
    writable: bool
    """Whether it can be saved under its own name, as far as its permissions tell."""
    binary: bool = False
    """Whether a person would call it no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A text as it stands in its file, or nothing for one that is in no file yet."""

    text: str = ""
    form: Form = field(default_factory=Form)
    digest: str = ""
    """Of the file's bytes, where somebody has worked it out."""


def stamp(path: Path) -> Stamp | None:
    """The stamp of the file as it is; None where there is none."""
    try:
        return Stamp.of(path.stat())
    except (OSError, ValueError):
        return None


def read(path: Path) -> Opened:
    """A file's text, whatever its bytes are.

    Raises:
        FileError: There is no such file, it may not be read, or it is no regular file.
    """
    with told("open", path):
        # Asked before it is opened: opening a pipe or a device can wait, or do something.
        refuse_odd(path, path.stat())
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read()
        text, form = decode(data)
        return Opened(
            path,
            text,
            form,
            Stamp.of(status),
            writable=os.access(path, os.W_OK),
            binary=looks_binary(data),
        )


def write(path: Path, text: str, form: Form, *, over: bool = False) -> Stamp:
    """Save a text, wholly or not at all; see `save` for how.

    Raises:
        ForbiddenError: Its permissions say no; `over` has those of our own files count for nothing.
        FileError: It could not be saved, or its encoding lacks a character.
    """
    return Stamp.of(save(path, encode(text, form), over=over))
