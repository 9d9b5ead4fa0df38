"""Passages of a text that are like the rows around a gap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diffedit.engine.alike import HEIGHT, passages

SHAPES = [
    f"def area_of_{name}(shape):\n"
    f'    """How large a {name} is."""\n'
    f"    width = shape.{name}_width\n"
    f"    height = shape.{name}_height\n"
    f"    log.debug({name!r})\n"
    f"    check({name!r}, width, height)\n"
    "    return width * height\n"
    "\n"
    for name in ("square", "box", "panel")
]
OTHER = "import os\nimport sys\n\nprint(os.name)\nprint(sys.path)\nprint(sys.argv)\nx = 1\ny = 2\n"


def test_the_function_that_does_the_same_is_found() -> None:
    """Of a long text the rows come that share words with those around the gap, whole."""
    far = (OTHER * 3 + SHAPES[0] + OTHER * 3, OTHER)
    before, after = SHAPES[1][: SHAPES[1].index("    log")], "    return width * height\n"
    found = passages(far, (before, after), 500)
    assert "    log.debug('square')\n    check('square', width, height)\n" in found
    assert "print" not in found
    assert found.endswith("\n\n")


def test_passages_come_in_the_order_of_the_text() -> None:
    """However alike they are; one before the gap stands before one after it."""
    far = (SHAPES[0] + OTHER * 2, OTHER * 2 + SHAPES[2])
    found = passages(far, (SHAPES[1][:90], SHAPES[1][-60:]), 600)
    assert 0 <= found.find("square") < found.find("panel")


def test_nothing_alike_nothing_shown() -> None:
    """A text without words in common, and one that is shown already."""
    assert passages((OTHER * 5, ""), ("alpha = beta\n", "gamma(delta)\n"), 500) == ""
    assert passages(("", ""), (SHAPES[0], SHAPES[1]), 500) == ""
    assert passages((SHAPES[0], ""), (SHAPES[1], ""), 20) == ""


@given(
    st.lists(st.sampled_from(["a = b", "", "  return a", "b(c)", "# ä"]), max_size=40),
    st.lists(st.sampled_from(["a = b", "", "  return a", "b(c)", "# ä"]), max_size=40),
    st.integers(0, 300),
)
def test_only_what_is_there_within_the_room(above: list[str], below: list[str], room: int) -> None:
    """Each passage is rows of the text; together they fit."""
    far = "\n".join(above), "\n".join(below)
    found = passages(far, ("a = b\n", "b(c)\n"), room)
    assert len(found) <= room
    for side in found.split("\n\n") if "\n\n" in found else []:
        assert side in far[0] or side in far[1]
    assert found.count("\n") <= 2 * (HEIGHT + 1)
