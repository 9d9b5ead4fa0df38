"""Strips that are cut: each cell of what is left is where it was."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from diffedit.ui.paint import cropped, over

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize("text", [f"ab{FAMILY}cd", f"{FAMILY}{FAMILY}", "漢字ab", "e\u0301a"])
def test_a_strip_is_cut_between_what_is_seen_as_characters(text: str) -> None:
    """Wherever it is cut, each part has its cells: an emoji that is cut through leaves blanks."""
    strip = Strip([Segment(text[:1]), Segment(text[1:])] if text[0] == "a" else [Segment(text)])
    for left in range(strip.cell_length):
        for right in range(left, strip.cell_length + 1):
            part = cropped(strip, left, right)
            assert part.cell_length == cell_len(part.text) == right - left
            assert (FAMILY in part.text) <= (FAMILY in text)
    assert cropped(strip, 0, strip.cell_length).text == text


def test_a_cursor_right_behind_a_joined_emoji_leaves_it_whole() -> None:
    """The cell that is painted over is the one behind it, and nothing comes twice."""
    strip = Strip([Segment(f"ab{FAMILY}cd")])
    style = Style(reverse=True)
    painted = over(strip, 4, style)
    assert painted.text == strip.text
    assert [segment.text for segment in painted if segment.style == style] == ["c"]
    painted = over(strip, 3, style)
    assert painted.text == strip.text
    assert [segment.text for segment in painted if segment.style == style] == [FAMILY]
    assert over(strip, 9, style) is strip
