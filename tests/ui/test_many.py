"""Several cursors: the law of one edit made at many places, and what undo and Esc make of them."""

from random import Random

import pytest
from editor_app import editing, press
from stage_app import staged
from textual.events import Paste

from diffedit.core.span import Selection
from diffedit.core.text import Text
from diffedit.ui import edits
from diffedit.ui.line_edits import EDITS, Page
from diffedit.ui.many import at_each, distinct


def test_an_edit_at_many_places_is_the_same_edit_at_each() -> None:
    """Typed at random cursors at once, a text is what it is when typed at one after the other."""
    random = Random(5)
    for _ in range(300):
        text = "".join(random.choices("ab \n", k=30))
        places = sorted(random.sample(range(31), k=random.randint(2, 12)))
        ends = [*places[::2]]
        chosen = [
            Selection(start, min(start + random.randint(0, 2), following - 1))
            for start, following in zip(ends, [*ends[1:], 31], strict=True)
        ]
        random.shuffle(chosen)
        found = at_each(chosen, lambda one: edits.replace(one, "xyz"))
        assert found is not None
        expected = text
        for one in sorted(chosen, key=lambda one: -one.span.start):
            expected = expected[: one.span.start] + "xyz" + expected[one.span.end :]
        after = found[0].changes.apply(text)
        assert after == expected
        for one in (found[0].selection, *found[1]):
            assert after[one.head - 3 : one.head] == "xyz"


def test_a_cursor_within_what_another_takes_away_stays_in_the_text() -> None:
    """With all selected, a second cursor that does nothing itself stood where no text was."""
    random = Random(7)
    for _ in range(300):
        text = "".join(random.choices("ab \n", k=12))
        chosen = [Selection(random.randint(0, 12), random.randint(0, 12)) for _ in range(3)]
        words = {one: random.choice(("", "", "xy")) for one in chosen}

        def made(one: Selection, words: dict[Selection, str] = words) -> edits.Edit:
            return edits.replace(one, words[one])

        found = at_each(chosen, made)
        if found is None:
            continue
        after = found[0].changes.apply(text)
        for one in (found[0].selection, *found[1]):
            assert 0 <= min(one.anchor, one.head) <= max(one.anchor, one.head) <= len(after)
    whole = at_each([Selection(0, 9), Selection.at(4)], lambda one: edits.replace(one, ""))
    assert whole is not None
    assert (whole[0].selection, whole[1]) == (Selection.at(0), [])


@pytest.mark.parametrize("name", sorted(EDITS))
def test_every_cursor_stays_in_the_text(name: str) -> None:
    """The line below, where a cursor goes whose line is deleted, may be deleted by the next one."""
    random = Random(11)
    for _ in range(300):
        text = "".join(random.choices("ab \n", k=random.randint(0, 20)))
        most = len(text)
        chosen = [Selection.at(random.randint(0, most)) for _ in range(random.randint(2, 4))]
        chosen = [chosen[0], *distinct(chosen[0], chosen[1:])]
        page = Text(text)
        found = at_each(chosen, lambda one, page=page: EDITS[name](Page(page, one, "  ", "python")))  # type: ignore[misc]
        if found is None:
            continue
        after = len(found[0].changes.apply(text))
        for one in (found[0].selection, *found[1]):
            assert 0 <= min(one.anchor, one.head) <= max(one.anchor, one.head) <= after


def test_two_cursors_on_a_line_indent_it_once() -> None:
    """What two cursors would do to the same line is done once."""
    text = Text("ab\ncd")
    chosen = [Selection(0, 1), Selection(1, 2), Selection(3, 4)]
    found = at_each(chosen, lambda one: edits.indent(text, one, "  "))
    assert found is not None
    assert found[0].changes.apply("ab\ncd") == "  ab\n  cd"


async def test_what_is_typed_at_many_places_is_one_step() -> None:
    """A word typed at three cursors is taken back by one undo."""
    async with editing("a\nb\nc") as (editor, _):
        await press(editor, "alt+shift+down", "alt+shift+down", *"word")
        assert editor.text == "worda\nwordb\nwordc"
        editor.undo()
        assert editor.text == "a\nb\nc"
        assert not editor.page.can_undo


class Refusing:
    """A draft that takes nothing, and under which the page must stay as it is."""

    def typed(self, _text: str) -> bool:
        return False

    def deleted(self) -> bool:
        return False

    def went(self, _what: str) -> bool:
        return False

    def refused(self) -> bool:
        return True

    def left(self) -> None:
        pass


async def test_where_an_edit_is_refused_the_other_cursors_stay_too() -> None:
    """They stood where the refused text would have put them, beyond the page: that ended us."""
    async with editing("a\nb\nc") as (editor, pilot):
        await press(editor, "alt+shift+down", "alt+shift+down")
        before = list(editor.others)
        editor.canvas = Refusing()
        editor.post_message(Paste("a long line that the page does not take"))
        await pilot.pause()
        assert editor.text == "a\nb\nc"
        assert editor.others == before


async def test_escape_leaves_the_first_cursor() -> None:
    """Esc takes the other cursors away, and only that; what is typed next is typed once."""
    async with staged() as stage:
        await stage.press("a", "enter", "up", "alt+shift+down", "z")
        assert stage.text == "za\nz"
        await stage.press("escape", "y")
        assert stage.text == "zya\nz"


async def test_other_cursors_are_painted() -> None:
    """Each cursor is seen, reversed, where it stands."""
    async with editing("one\ntwo\nsix") as (editor, _):
        await press(editor, "right", "alt+shift+down")
        styles = [
            segment.style
            for y in (0, 1, 2)
            for segment in editor.render_line(y)
            if segment.text == ("n", "w", "i")[y]
        ]
        cursor = editor._palette.layers["cursor"].bgcolor
        assert [style is not None and style.bgcolor == cursor for style in styles] == [True, True]


async def test_copy_takes_a_line_of_each_cursor() -> None:
    """What is copied at two cursors is pasted at two others, a piece to each."""
    async with editing("one two\nsix ten") as (editor, _):
        await press(editor, "alt+shift+down", "ctrl+shift+right", "ctrl+c")
        assert editor.clipboard.text == "one\nsix"
        await press(editor, "end", " ", "ctrl+v")
        assert editor.text == "one two one\nsix ten six"


async def test_nothing_is_pasted_at_many_cursors_of_a_text_that_is_only_looked_at() -> None:
    """The cursors stay where they are, and the text as it is."""
    async with editing("ab\nab\n") as (editor, _):
        await press(editor, "alt+shift+down")
        editor.read_only = True
        editor._insert("more than there is room for")
        assert str(editor.page.text) == "ab\nab\n"
        assert len(editor.others) == 1
