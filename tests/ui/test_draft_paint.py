"""A live draft as rows: the text is whole, the states show without colour, nothing is raw."""

from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style
from rich.text import Text

from diffedit.config import themes
from diffedit.core.draft import Draft, Piece
from diffedit.core.show import visible
from diffedit.core.span import Span
from diffedit.ui.draft_paint import MARKS, denoising

INK = themes.load("ink")
states = st.sampled_from(["noise", "accepted", "kept"])
pieces = st.lists(st.builds(Piece, st.text(max_size=12), states), min_size=1, max_size=12)


def draft(*shown: Piece, original: str = "") -> Draft:
    """A draft at one step."""
    return Draft(span=Span(0, len(original)), original=original, pieces=shown)


def style_of(row: Text, text: str) -> Style:
    """How a word in a row is painted."""
    at = row.plain.index(text)
    found = Style()
    for span in row.spans:
        if span.start <= at < span.end:
            found += span.style if isinstance(span.style, Style) else Style.parse(span.style)
    return found


@given(pieces)
def test_rows_hold_the_whole_text(shown: list[Piece]) -> None:
    """Joined, the rows are the pieces' text made visible, however the pieces are cut."""
    text = "".join(piece.text for piece in shown).replace("\t", " ")
    whole = draft(*(piece._replace(text=piece.text.replace("\t", " ")) for piece in shown))
    picture = denoising(whole, left="", right="", theme=INK)
    assert "\n".join(row.plain for row in picture.rows) == visible(text)
    assert len(picture.marks) == len(picture.rows)


@given(pieces)
def test_no_control_character_is_painted(shown: list[Piece]) -> None:
    """No character below a blank reaches a row: no tab, no newline, no escape."""
    picture = denoising(draft(*shown), left="\x1b[2J", right="\x07", theme=INK)
    painted = "".join(row.plain for row in picture.rows)
    assert painted == visible(painted)
    assert not set("\t\n\x1b\x07") & set(painted)


def test_states_show_without_colour() -> None:
    """Noise is dim and slanted, kept is underlined, accepted is neither."""
    shown = (Piece("aaa ", "noise"), Piece("bbb ", "accepted"), Piece("ccc", "kept"))
    for name in themes.names():
        row = denoising(draft(*shown), left="", right="", theme=themes.load(name)).rows[0]
        noise, accepted, kept = (style_of(row, word) for word in ("aaa", "bbb", "ccc"))
        assert noise.dim
        assert noise.italic
        assert kept.underline
        assert not kept.dim
        assert not any((accepted.dim, accepted.italic, accepted.underline))


def test_marks_tell_the_least_settled() -> None:
    """A row's mark is that of its least settled piece."""
    shown = (Piece("a\nb", "accepted"), Piece("c\n", "noise"), Piece("d", "kept"))
    picture = denoising(draft(*shown), left="", right="", theme=INK)
    assert picture.marks == (MARKS["accepted"], MARKS["noise"], MARKS["kept"])


def test_page_beside_the_span_is_painted_plain() -> None:
    """What stands beside the span on its own rows is there, and is not noise."""
    picture = denoising(draft(Piece("x", "noise")), left="if ", right=": pass", theme=INK)
    assert picture.rows[0].plain == "if x: pass"
    assert not style_of(picture.rows[0], "if").dim


def test_before_the_first_step_the_span_shows_its_own_text() -> None:
    """A waiting draft shows what it will change, all of it open."""
    picture = denoising(draft(original="one\ntwo"), left="", right="", theme=INK)
    assert [row.plain for row in picture.rows] == ["one", "two"]
    assert set(picture.marks) == {MARKS["noise"]}


def test_tabs_are_widened() -> None:
    """A tab reaches to the next stop, as it does on the page."""
    picture = denoising(draft(Piece("\tx", "accepted")), left="", right="", theme=INK, tab=8)
    assert picture.rows[0].plain == "        x"
