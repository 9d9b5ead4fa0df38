"""The words after `diffedit`: which files, and where in them. Pure: nothing is opened here."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from diffedit.core.errors import RequestError

_PLACE = re.compile(r"\+(\d+)(?::(\d+))?")
_FILE_PLACE = re.compile(r"(.+?):(\d+)(?::(\d+))?:?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """A file to open, and the place to open it at. Rows and columns count from 0 here."""

    path: Path
    row: int | None = None
    column: int | None = None


def parse_words(
    words: Sequence[str], exists: Callable[[str], bool] = os.path.lexists
) -> list[FileSpec]:
    """Read `FILE`, `FILE:LINE[:COL]` and `+LINE[:COL] FILE`; lines and columns count from 1.

    A file that is literally there wins over the reading as a place: `notes:12` may be a name.
    Raises RequestError for a place with no file after it.
    """
    specs: list[FileSpec] = []
    place: tuple[int | None, int | None] | None = None
    for word in words:
        if (match := _PLACE.fullmatch(word)) and not exists(word):
            if place is not None:
                break
            place = _from_one(match[1]), _from_one(match[2])
            continue
        specs.append(_spec(word, place, exists))
        place = None
    if place is not None:
        raise RequestError("+LINE must stand before the file that it is for.")
    return specs


def _spec(
    word: str, place: tuple[int | None, int | None] | None, exists: Callable[[str], bool]
) -> FileSpec:
    """One file word; a place given before it has the last say."""
    match = None if exists(word) else _FILE_PLACE.fullmatch(word)
    path = Path(match[1] if match else word)
    row, column = (_from_one(match[2]), _from_one(match[3])) if match else (None, None)
    if place is not None:
        row, column = place
    return FileSpec(path=path, row=row, column=column)


def _from_one(digits: str | None) -> int | None:
    """A count from 1 as a count from 0; 0 is taken for 1."""
    return None if digits is None else max(int(digits) - 1, 0)
