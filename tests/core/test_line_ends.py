"""Line ends of a mixed file through an edit of its lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.line_ends import at_end, bare, kept, mixed, moved
from diffedit.core.span import Span
from diffedit.core.text import Text


@pytest.mark.parametrize(
    ("old", "new", "end", "then"),
    [
        ("a\r\nb\r\nc", "a\nB\nc", "", "a\r\nB\r\nc"),
        ("a\r\nb\nc\r", "a\nB\nc", "\r", "a\r\nB\nc\r"),
        ("a\r\nb\r", "a\nx\ny\nb", "\r", "a\r\nx\r\ny\r\nb\r"),
        ("", "x\ny", "\r", "x\r\ny"),
        ("a", "x\na", "\r", "x\r\na"),
        ("a\nb", "x\nb", "", "x\nb"),
        ("a\r\nb\nc\nd\r\n", "a\nd\n", "", "a\r\nd\r\n"),
        ("a\nb\r\n", "b\r\na\r\n", "", "b\r\na\r\n"),
    ],
)
def test_lines_end_as_they_did_and_new_ones_as_their_neighbours(
    old: str, new: str, end: str, then: str
) -> None:
    """Whatever the model made of the line ends."""
    assert kept(old, new, end=end) == then


rows = st.lists(st.tuples(st.sampled_from(["", "a", "b", "cc"]), st.sampled_from(["", "\r"])))


@given(rows, st.sampled_from(["", "\r"]))
def test_a_text_without_its_line_ends_gets_them_back(
    lines: list[tuple[str, str]], end: str
) -> None:
    """Byte for byte, as long as no line was changed; and nothing is ever changed but line ends."""
    old = "\n".join(line + own for line, own in [*lines, ("z", end)])
    assert kept(old, old.replace("\r", ""), end=end) == old
    other = kept(old, "q\na\nb\nb", end=end)
    assert other.replace("\r", "") == "q\na\nb\nb"


@given(rows, st.integers(0, 30), st.integers(0, 30))
def test_a_model_sees_bare_ends_and_stretches_go_along(
    lines: list[tuple[str, str]], one: int, other: int
) -> None:
    """What stands in a stretch stands in it still, without the signs at its line ends."""
    text = "\n".join(line + own for line, own in [*lines, ("z", "")])
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    found = [bare(text)[slice(*part)] for part in moved(text, [(start, end)])]
    assert "\r\n" not in bare(text)
    cut = text[start:end] + ("|" if text[end : end + 1] == "\n" else "")
    assert "".join(found) == bare(cut.replace("\r|", ""), "").removesuffix("|")
    assert bare("a\r\nb\r", "\nc") == "a\nb"


def test_where_a_span_ends() -> None:
    """With its row's newline, or that of the row above where it has none."""
    text = Text("a\r\nb\nc\r\nd")
    assert [at_end(text, Span(at, at)) for at in (0, 3, 6, 8)] == ["\r", "", "\r", "\r"]
    assert mixed(text, Span(3, 4))
    assert not mixed(Text("a\nb"), Span(0, 3))
    assert at_end(Text("a"), Span(0, 1)) == ""
