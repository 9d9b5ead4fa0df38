"""The check that ships: it objects to what an edit brings in, and to nothing else."""

import shutil
import sys
from pathlib import Path

import pytest

from diffedit.api import BackendError, Problem, Rewrite, Span
from diffedit.config import plugins

HERE = Path(sys.executable).parent
"""Ruff is among what the tests need."""


def objections(before: str, after: str, *, language: str = "python") -> list[Problem]:
    """What the check says of an edit."""
    rewrite = Rewrite(
        text=after, before=before, span=Span(0, len(after)), language=language, path=None
    )
    return list(plugins.load("check", "ruff")(rewrite))


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ruff of these tests is found."""
    monkeypatch.setenv("PATH", str(HERE), prepend=":")
    assert shutil.which("ruff")


def test_what_an_edit_brings_in_is_told_with_its_line() -> None:
    """A name that is not defined, and text that is no Python at all."""
    assert objections("x = 1\n", "x = 1\ny = z\n") == [
        Problem(line=2, message="F821 Undefined name `z`")
    ]
    assert objections("x = 1\n", "x = (\n")


def test_what_was_there_before_is_not_held_against_an_edit() -> None:
    """An old finding that only moved is none; the same one a second time is."""
    old = "y = z\n"
    assert objections(old, f"x = 1\n\n{old}") == []
    assert len(objections(old, old + old)) == 1


def test_other_languages_are_none_of_its_business() -> None:
    """Prose is not linted."""
    assert objections("a", "b (", language="markdown") == []


def test_without_ruff_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot be made says what to do."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackendError, match="ruff is not installed"):
        objections("x = 1\n", "x = 2\n")
