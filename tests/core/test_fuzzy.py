"""Finding a file by a few letters of its name."""

import time
from pathlib import Path

import pytest

from diffedit.core import project
from diffedit.core.fuzzy import best

NAMES = [
    "diffedit/core/files.py",
    "diffedit/ui/filing.py",
    "tests/core/test_files.py",
    "README.md",
    "diffedit/ui/page_view.py",
    "docs/old/profile_site.py",
]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("files", "diffedit/core/files.py"),
        ("tfiles", "tests/core/test_files.py"),
        ("core files", "diffedit/core/files.py"),
        ("files test", "tests/core/test_files.py"),
        ("pv", "diffedit/ui/page_view.py"),
        ("readme", "README.md"),
        ("READ", "README.md"),
        ("uifi", "diffedit/ui/filing.py"),
    ],
)
def test_what_is_meant_comes_first(typed: str, first: str) -> None:
    """Letters in order, words in any order, starts of words and the file's own name before all."""
    assert best(typed, NAMES, 10)[0].name == first


def test_what_does_not_fit_is_left_out() -> None:
    """A letter that is missing, or a capital that is small in the name, fits nothing."""
    assert best("zzz", NAMES, 10) == []
    assert best("Files", NAMES, 10) == []
    assert [fit.name for fit in best("", NAMES, 2)] == NAMES[:2]


def test_the_places_are_those_letters() -> None:
    """What is shown as fitting spells what was typed."""
    for fit in best("fipy", NAMES, 10):
        assert "".join(fit.name[place] for place in fit.places).lower() == "fipy"
    assert best("i", ["İi"], 1)[0].places == (1,)


def test_it_is_quick_in_a_large_project() -> None:
    """50,000 names are searched within the time that a person would call at once."""
    names = [f"folder{n % 97}/part{n % 31}/module_{n}.py" for n in range(50_000)]
    start = time.process_time()
    assert best("mod499", names, 50)
    assert time.process_time() - start < 2.0


def test_a_project_without_git(tmp_path: Path) -> None:
    """All files below, but for what is hidden or made by machines."""
    for name in ("a.py", "b/c.py", ".git/x", "__pycache__/a.pyc", "node_modules/y.js"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("")
    (tmp_path / ".git" / "x").unlink()
    assert project.root_of(tmp_path / "b") == tmp_path
    assert project.names(tmp_path) == ["a.py", "b/c.py"]
