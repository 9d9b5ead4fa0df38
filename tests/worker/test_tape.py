"""A run saved to a file, read back, and drawn as a film."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from diffedit.config import themes
from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.edit import Link
from diffedit.core.errors import DiffeditError
from diffedit.core.film import Film, Frame
from diffedit.core.film_svg import MOST_FRAMES, Look, animated
from diffedit.core.review import Review
from diffedit.core.span import Span
from diffedit.worker import tape

OLD = "def f(x):\n    return x\udc80"
RED = "\x1b[31m"


def link(steps: int = 3) -> Link:
    """A run whose text holds all that a wire and a terminal dislike."""
    frames = [
        Frame(
            pieces=(Piece(f"def <{n}> & {RED}", "noise", 1.5), Piece("\n\tend", "kept", 0.0)),
            figures=Figures(
                model="null", seed=4, step=n, steps=n, accepted=n / steps, elapsed_ms=1.5 * n
            ),
        )
        for n in range(1, steps + 1)
    ]
    draft = Draft(
        span=Span(0, len(OLD)),
        original=OLD,
        status="settled",
        texts=("one", "two"),
        chosen=1,
        figures=frames[-1].figures,
    )
    return Link(review=Review.of(draft), film=Film.of(frames), instruction="say <hi>")


def test_a_saved_run_is_the_same_run(tmp_path: Path) -> None:
    """Texts, frames and figures, byte for byte; a second one gets a name of its own."""
    mine = link()
    path = tape.save(mine, tmp_path, language="python")
    assert tape.save(mine, tmp_path) != path
    read, language = tape.read(path)
    assert language == "python"
    assert read.film == mine.film
    assert read.draft.texts == mine.draft.texts
    assert (read.draft.text, read.draft.original) == ("two", OLD)
    assert read.instruction == mine.instruction


def test_a_saved_run_holds_nothing_of_the_text_around(tmp_path: Path) -> None:
    """What is attached to a bug report is the span, the words and the answer."""
    path = tape.save(link(), tmp_path)
    head = json.loads(path.read_text().split("\n")[0])
    assert "before" not in head
    assert "path" not in head


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no saved run"),
        ("hello\n", "no saved run"),
        ('{"type":"run","format":9,"version":"9","original":"","texts":["x"]}\n', "form 9"),
        ('{"type":"run","format":1,"version":"1","original":"","texts":[]}\n', "no text"),
        (
            '{"type":"run","format":1,"version":"1","original":"","texts":["x"]}\n{"a":1}\n',
            "line 2",
        ),
        ('{"type":"run","format":1,"version":"1","original":"","texts":["x"],"z":1}\n', "z"),
    ],
)
def test_what_is_no_run_is_refused_with_its_line(tmp_path: Path, text: str, word: str) -> None:
    """One line that says where; never a traceback."""
    path = tmp_path / "x.jsonl"
    path.write_text(text)
    with pytest.raises(DiffeditError, match=word):
        tape.read(path)


def test_a_film_is_sound_xml_that_plays_by_itself() -> None:
    """A group for each frame, seen one after the other; no script, nothing fetched, no control."""
    drawing = animated(link().film, Look(), title="say <hi>")
    root = ET.fromstring(drawing)
    groups = [group for group in root.iter() if group.get("class") == "f"]
    assert [group.get("id") for group in groups] == ["f0", "f1", "f2"]
    assert "def <1> & " in "".join(groups[0].itertext())
    assert drawing.count("@keyframes") == 3
    for never in ("<script", "href", "url(", "\x1b"):
        assert never not in drawing


def test_a_long_film_is_thinned_and_its_colours_are_the_theme_s() -> None:
    """So many frames at most, the last one among them."""
    drawing = animated(link(500).film, themes.film_look(themes.load("paper")))
    assert drawing.count('class="f"') == MOST_FRAMES
    assert "step 500" in drawing
    assert themes.film_look(themes.load("paper")).background in drawing
    assert themes.film_look(themes.load("ansi")).background == Look().background
