"""`diffedit replay` without a screen."""

from pathlib import Path

import pytest

from diffedit import cli
from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.edit import Link
from diffedit.core.film import Film, Frame
from diffedit.core.review import Review
from diffedit.core.span import Span
from diffedit.worker import tape


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A run of two steps."""
    frames = [
        Frame(pieces=(Piece(text, "noise", 0.5),), figures=Figures(steps=n, accepted=n / 2))
        for n, text in enumerate(("a\x07b", "ab"), start=1)
    ]
    draft = Draft(span=Span(0, 1), original="x", status="settled", texts=("ab",))
    return tape.save(Link(review=Review.of(draft), film=Film.of(frames)), tmp_path)


def test_each_step_is_told(saved: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Where the output is no terminal the steps come as text, controls made visible."""
    assert cli.main(["replay", str(saved)]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert out.startswith("-- step 1, 50% accepted\na␇b\n-- step 2, 100% accepted\nab\n")


def test_a_film_is_drawn_into_a_new_file_only(
    saved: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """--svg writes the film; a file that is there already stays."""
    film = tmp_path / "film.svg"
    assert cli.main(["replay", str(saved), "--svg", str(film)]) == 0
    drawn = film.read_text()
    assert "<svg" in drawn
    assert cli.main(["replay", str(saved), "--svg", str(film)]) == 2
    assert film.read_text() == drawn
    assert "is there already" in capfd.readouterr().err


@pytest.mark.parametrize("words", [["nothing.jsonl"], ["x", "--pace", "0"]])
def test_bad_words_are_one_line(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """A file that is not there, a pace that cannot be."""
    assert cli.main(["replay", *words]) == 2
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("text", ["a = 1\n", "", "{}\n", "[" * 9999, '{"type": "frame"}\n', "\0\n"])
def test_a_file_that_is_no_run_is_named_as_such(
    tmp_path: Path, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """In words for a person, none of Python's own."""
    file = tmp_path / "a.py"
    file.write_text(text)
    assert cli.main(["replay", str(file)]) == 2
    said = capfd.readouterr().err
    assert said.startswith(f"diffedit: {file} is no saved run. s in a review saves one")
    assert said.count("\n") == 1
