"""The few words of a GGUF file's header that say what kind of model it is, read without numpy."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from diffedit.core.errors import FileError, ModelError
from diffedit.core.show import visible

MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _STRING, _ARRAY = 4, 8, 9
_ALIGN = 32
"""Tensors begin at a multiple of so many bytes, where a file does not say otherwise."""
_LONGEST = 1 << 20
"""No word of interest is longer, in bytes; a larger number means that the file is corrupt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a GGUF file says of itself; "" where it does not say."""

    architecture: str = ""
    name: str = ""
    size: int = 0
    """Of the file, in bytes."""


def is_gguf(path: Path) -> bool:
    """Whether the file begins as a GGUF does. Raises FileError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(4) == MAGIC
    except OSError as error:
        raise FileError(visible(f"{path} cannot be read: {error.strerror}.")) from error


def read(path: Path) -> Header:
    """The header of a GGUF file. Raises ModelError for one that is damaged."""
    try:
        with path.open("rb") as file:
            found = _Reader(file).words({"general.architecture", "general.name"})
            size = file.seek(0, 2)
    except OSError as error:
        raise FileError(visible(f"{path} cannot be read: {error.strerror}.")) from error
    except (EOFError, ValueError, KeyError, struct.error) as error:
        raise ModelError(
            visible(f"{path} is not a whole GGUF file."), hint="Fetch it again."
        ) from error
    architecture = found.get("general.architecture", "")
    return Header(
        architecture=visible(architecture), name=visible(found.get("general.name", "")), size=size
    )


def check_whole(path: Path) -> None:
    """See that a file holds all the tensors its header tells of. Raises ModelError."""
    try:
        with path.open("rb") as file:
            least = _Reader(file).least_size()
            whole = file.seek(0, 2) >= least
    except OSError as error:
        raise FileError(visible(f"{path} cannot be read: {error.strerror}.")) from error
    except (EOFError, ValueError, KeyError, struct.error):
        whole = False
    if not whole:
        raise ModelError(visible(f"{path} is not a whole GGUF file."), hint="Fetch it again.")


class _Reader:
    """Reads a header from its start, each value in turn; it has no index."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def words(self, wanted: set[str]) -> dict[str, str]:
        """The text values of the wanted keys, stopping when all were seen."""
        if self.take(4) != MAGIC or self.number("<I") not in _VERSIONS:
            raise ValueError("not a GGUF file of a known version")
        self.number("<Q")  # tensors
        found: dict[str, str] = {}
        for _ in range(self.number("<Q")):
            key, kind = self.string(), self.number("<I")
            if key in wanted and kind == _STRING:
                found[key] = self.string()
                if len(found) == len(wanted):
                    break
            else:
                self.skip(kind)
        return found

    def least_size(self) -> int:
        """How many bytes a file has at least, if its last tensor has one: the header's own word."""
        self.take(8)
        tensors, words, align = self.number("<Q"), self.number("<Q"), _ALIGN
        for _ in range(words):
            key, kind = self.string(), self.number("<I")
            if key == "general.alignment" and kind == _UINT32:
                align = max(self.number("<I"), 1)
            else:
                self.skip(kind)
        last = -1
        for _ in range(tensors):
            self.string()
            self.file.seek(8 * self.number("<I") + 4, 1)  # its shape and its kind
            last = max(last, self.number("<Q"))
        start = self.file.tell()
        return start if last < 0 else -(-start // align) * align + last + 1

    def take(self, count: int) -> bytes:
        """So many bytes. Raises EOFError at the file's end."""
        data = self.file.read(count)
        if len(data) < count:
            raise EOFError
        return data

    def number(self, form: str) -> int:
        """A whole number in struct's notation."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def string(self) -> str:
        """A text with its length in front."""
        length = self.number("<Q")
        if length > _LONGEST:
            raise ValueError("a word of this length")
        return self.take(length).decode("utf-8", "replace")

    def skip(self, kind: int) -> None:
        """Pass over a value. Arrays of arrays are not known to exist and are refused."""
        if kind == _ARRAY:
            kind, count = self.number("<I"), self.number("<Q")
            if kind == _STRING:
                for _ in range(count):
                    self.string()
            else:
                self.file.seek(_SIZES[kind] * count, 1)
        elif kind == _STRING:
            self.string()
        else:
            self.file.seek(_SIZES[kind], 1)
