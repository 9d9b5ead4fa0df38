"""Open, type a character, delete it, save: the same bytes, whatever file it is.

By default a sample of the standard library and 200 byte strings; `-m library` takes every file.
"""

import os
import random
import sysconfig
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from page_laws import BYTES

from diffedit.core import files
from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.form import decode, encode
from diffedit.core.span import Span

SAMPLE = 120
LIBRARY = Path(sysconfig.get_path("stdlib"))
FOREIGN = {"site-packages", "dist-packages"}
"""Folders in the library that hold what was installed beside it."""


@cache
def library() -> tuple[Path, ...]:
    """Every file of the standard library, its tests and their data included."""
    found: list[Path] = []
    for folder, below, names in os.walk(LIBRARY):
        below[:] = sorted(set(below) - FOREIGN)
        found += (Path(folder, name) for name in sorted(names))
    return tuple(path for path in found if path.is_file() and not path.is_symlink())


def typed_and_deleted(text: str, at: int) -> str:
    """The page after a character was typed there and deleted again, key by key."""
    page = Document(text)
    page.apply(ChangeSet((Change(Span(at, at), "x"),)), group="type")
    page.apply(ChangeSet((Change(Span(at, at + 1), ""),)), group="delete")
    return str(page.text)


def changed(paths: Sequence[Path]) -> list[Path]:
    """Those that would be saved as other bytes, after a key at a random place and one back."""
    at = random.Random(6)
    found: list[Path] = []
    for path in paths:
        data = path.read_bytes()
        text, form = decode(data)
        if encode(typed_and_deleted(text, at.randint(0, len(text))), form) != data:
            found.append(path)
    return found


def test_a_few_are_on_disk_as_they_were(tmp_path: Path) -> None:
    """Through the disk too: read, typed in, written, and the same bytes are in the file."""
    for path in random.Random(7).sample(library(), 8):
        opened = files.read(path)
        text = typed_and_deleted(opened.text, len(opened.text) // 2)
        files.write(tmp_path / "copy", text, opened.form)
        assert (tmp_path / "copy").read_bytes() == path.read_bytes()


def test_a_sample_of_the_library_is_saved_as_it_was() -> None:
    """A sample of all kinds of files comes back byte for byte."""
    every = library()
    assert len(every) > SAMPLE
    assert changed(random.Random(6).sample(every, SAMPLE)) == []


@pytest.mark.library
@pytest.mark.timeout(900)
def test_every_file_of_the_library_is_saved_as_it_was() -> None:
    """Every file of the standard library, its test data included, comes back byte for byte."""
    assert changed(library()) == []


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(BYTES)
def test_any_bytes_are_saved_as_they_were(data: bytes) -> None:
    """200 byte strings made to confuse readers of files come back byte for byte."""
    text, form = decode(data)
    assert encode(typed_and_deleted(text, len(text) // 2), form) == data
