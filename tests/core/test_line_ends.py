"""Line ends of a mixed file through an edit of its lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.draft import Draft
from diffedit.core.line_ends import at_end, bare, ended_alike, kept, mixed, moved
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


def test_rows_of_several_places_are_not_taken_for_one_another() -> None:
    """A place that gains rows: they end as its own do, and what is between stays byte for byte."""
    old = "a\r\nx\nb\r\ny\r\nc\nd\r\n"
    page = Text(old)
    between = ((3, 5), (8, 11))  # "x\n" and "y\r\n"
    draft = Draft(span=Span(0, len(old)), original=old, between=((3, 5), (8, 11)))
    assert [old[slice(*part)] for part in between] == ["x\n", "y\r\n"]
    new = "a\np1\np2\nx\nb1\nb2\ny\nc\nc2\nd\n"
    ended = ended_alike(page, draft, new)
    assert ended == "a\r\np1\r\np2\r\nx\nb1\r\nb2\r\ny\r\nc\nc2\nd\r\n"
    assert ended_alike(page, draft, ended) == ended
    settled = draft.settled((ended,), draft.figures)
    assert settled.hunks()
    assert ended_alike(page, draft, "lost") == "lost"


@given(st.lists(st.tuples(rows, rows), min_size=1, max_size=4), rows)
def test_what_lies_between_places_keeps_its_bytes(
    parts: list[tuple[list[tuple[str, str]], list[tuple[str, str]]]], last: list[tuple[str, str]]
) -> None:
    """Whatever the places have become, and whichever ends its rows have."""

    def written(some: list[tuple[str, str]]) -> str:
        return "".join(f"{line}{own}\n" for line, own in some)

    old, between, new = "first\n", [], "first\n"
    for number, (place, fixed) in enumerate(parts):
        old, new = old + f"old\r\n{written(place)}", new + f"new\n{number}\n"
        held = f"<{number}>\r\n{written(fixed)}<{number}>\n"
        between.append((len(old), len(old) + len(held)))
        old, new = old + held, new + held.replace("\r", "")
    old, new = old + written(last), new + written(last).replace("\r", "")
    draft = Draft(span=Span(0, len(old)), original=old, between=tuple(between))
    ended = ended_alike(Text(old), draft, new)
    assert ended.replace("\r", "") == new
    reached = 0
    for start, end in between:
        reached = ended.find(old[start:end], reached) + 1
        assert reached
