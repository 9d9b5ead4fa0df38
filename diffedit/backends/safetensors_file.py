"""Safetensors files as they lie on disk: what is in them, and any stretch of it.

Standard library only, and no memory mapping: what is read is what was asked for, so a reader
knows how much memory it holds. Format: eight bytes of length (little-endian), a JSON header of
name -> {dtype, shape, data_offsets}, then the numbers, row by row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffedit.core.errors import ModelError
from diffedit.core.show import visible

LENGTH = 8
"""Bytes before the header: how long it is."""
LONGEST = 100_000_000
"""No header is longer, in bytes; the format says so."""
WIDTHS = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
}
"""Each kind of number and its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One tensor: what it is, and where."""

    name: str
    dtype: str
    """A key of WIDTHS."""
    shape: tuple[int, ...]
    path: Path
    start: int
    """The first byte in the file."""
    size: int
    """In bytes."""

    @property
    def count(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)

    def rows(self, first: int, last: int) -> Entry:
        """The stretch [first, last) of the outermost axis."""
        row = self.size // self.shape[0]
        return Entry(
            name=self.name,
            dtype=self.dtype,
            shape=(last - first, *self.shape[1:]),
            path=self.path,
            start=self.start + first * row,
            size=(last - first) * row,
        )

    def read(self) -> bytearray:
        """Its bytes. Raises ModelError."""
        data = bytearray(self.size)
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(self.start)
                view, got = memoryview(data), 0
                while got < self.size and (more := file.readinto(view[got:])):
                    got += more
        except OSError as error:
            raise ModelError(visible(f"{self.path} cannot be read: {error.strerror}.")) from error
        if got < self.size:
            raise ModelError(visible(f"{self.path} was cut short while it was read."))
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What one file holds."""

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str]


def read_header(path: Path) -> Header:
    """What a file holds. Raises ModelError where it is damaged or was cut short."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(LENGTH), "little")
            fits = 2 <= length <= min(size - LENGTH, LONGEST)
            found = json.loads(file.read(length) if fits else b"")
        metadata = found.pop("__metadata__", {})
        entries = {name: _entry(path, name, told, LENGTH + length) for name, told in found.items()}
        whole = max((entry.start + entry.size for entry in entries.values()), default=size)
    except OSError as error:
        raise ModelError(visible(f"{path} cannot be read: {error.strerror}.")) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path, size) from error
    if whole != size:
        raise _damaged(path, size)
    return Header(entries=entries, metadata=metadata)


def _damaged(path: Path, size: int) -> ModelError:
    return ModelError(
        visible(f"{path} is damaged or was cut short ({size:,} bytes)."),
        hint="Delete it and fetch it again.",
    )


def read_headers(paths: Sequence[Path]) -> dict[str, Entry]:
    """All tensors of several files, in the order they lie in. Raises ModelError."""
    found: dict[str, Entry] = {}
    for path in paths:
        entries = read_header(path).entries
        for entry in sorted(entries.values(), key=lambda entry: entry.start):
            if entry.name in found:
                raise ModelError(
                    visible(f"Two files hold the tensor {entry.name}: {path.name} is one of them.")
                )
            found[entry.name] = entry
    return found


def _entry(path: Path, name: str, told: Any, base: int) -> Entry:
    """One line of a header. Raises ValueError, KeyError or TypeError for what cannot be."""
    shape = tuple(int(length) for length in told["shape"])
    first, last = (int(place) for place in told["data_offsets"])
    size = math.prod(shape) * WIDTHS[told["dtype"]]
    if min(shape, default=0) < 0 or first < 0 or last - first != size:
        raise ValueError(name)
    return Entry(
        name=name, dtype=told["dtype"], shape=shape, path=path, start=base + first, size=size
    )
