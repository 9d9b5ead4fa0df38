"""Where the journal and the lock of a file lie, in one folder for all of them."""

from __future__ import annotations

import hashlib
import itertools
import os
from dataclasses import replace
from pathlib import Path

from diffedit.core.files import Base
from diffedit.core.form import encode

_COUNT = itertools.count(1)


def name_of(path: Path | None) -> str:
    """The name of a file that holds wherever one stands, links followed; "" for none."""
    return os.path.realpath(path) if path is not None else ""


def mark_of(path: Path) -> str:
    """What the names of all that belongs to this file begin with; no two files share it."""
    whole = name_of(path).encode("utf-8", "surrogateescape")
    return hashlib.sha256(whole).hexdigest()[:16]


def journal(folder: Path, path: Path | None) -> Path:
    """The journal of a file; one without a name gets a journal of its own each time."""
    if path is None:
        return folder / f"untitled-{os.getpid()}-{next(_COUNT)}.journal"
    return folder / f"{mark_of(path)}-{_tail(path)}.journal"


def lock(folder: Path, path: Path) -> Path:
    """The lock of a file."""
    return folder / f"{mark_of(path)}.lock"


def free(journal: Path) -> Path:
    """The journal's name, or another one of the same file where that is taken."""
    if not journal.exists():
        return journal
    return journal.with_suffix(f".{os.getpid()}-{next(_COUNT)}.journal")


def digested(base: Base) -> Base:
    """The base with the digest of its file's bytes. Raises FileError if it has no bytes."""
    data = encode(base.text, base.form)
    return replace(base, digest=hashlib.blake2b(data, digest_size=16).hexdigest())


def _tail(path: Path) -> str:
    """Enough of a file's name for a person who looks into the folder."""
    return "".join(char if char.isalnum() or char in "._-" else "_" for char in path.name)[-40:]
