"""The page: one way in, and every way back."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import LAW, TEXTS, changes_of

from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.span import Selection, Span


@dataclass
class Clock:
    """A clock that a test turns."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def put(document: Document, start: int, end: int, text: str, group: str = "") -> None:
    """Replace start..end by `text`, and leave the cursor behind it."""
    document.apply(
        ChangeSet((Change(Span(start, end), text),)),
        group=group,
        selection=Selection.at(start + len(text)),
    )


def typed(document: Document, text: str) -> None:
    """Type a text at the cursor, key by key."""
    for char in text:
        span = document.selection.span
        put(document, span.start, span.end, char, "type")


@LAW
@given(st.data())
def test_undone_to_the_start_is_the_start(data: st.DataObject) -> None:
    """After any edits, undos and redos: undoing all gives the first text, redoing all the last."""
    first = data.draw(TEXTS)
    document = Document(first, clock=Clock())
    for _ in range(data.draw(st.integers(0, 12))):
        step = data.draw(st.sampled_from(["", "type", "delete", "undo", "redo", "save"]))
        before = str(document.text)
        if step == "undo":
            document.undo()
        elif step == "redo":
            document.redo()
        elif step == "save":
            document.mark_saved()
        else:
            changes = data.draw(changes_of(before))
            document.apply(changes, group=step)
            assert str(document.text) == changes.apply(before)
    while document.redo():
        pass
    last = str(document.text)
    while document.undo():
        pass
    assert str(document.text) == first
    while document.redo():
        pass
    assert str(document.text) == last


@LAW
@given(st.data())
def test_watchers_can_follow(data: st.DataObject) -> None:
    """Who applies what watchers are told, to a copy, has the text; undo and redo are told too."""
    first = data.draw(TEXTS)
    document = Document(first)
    copies = [first]
    document.watchers.append(lambda changes: copies.append(changes.apply(copies[-1])))
    for _ in range(4):
        document.apply(data.draw(changes_of(str(document.text))))
    document.undo()
    document.undo()
    document.redo()
    assert copies[-1] == str(document.text)


def test_one_revision_is_one_undo() -> None:
    """Many places changed at once come back at once, with the selection of before."""
    document = Document("a b a")
    document.selection = Selection(0, 5)
    document.apply(ChangeSet((Change(Span(0, 1), "xx"), Change(Span(4, 5), ""))))
    assert str(document.text) == "xx b "
    assert document.undo() == ChangeSet((Change(Span(0, 2), "a"), Change(Span(5, 5), "a")))
    assert str(document.text) == "a b a"
    assert document.selection == Selection(0, 5)
    assert document.undo() is None


def test_redo_brings_the_selection_of_after() -> None:
    """Done again, what was selected afterwards is selected again."""
    document = Document("abc")
    document.selection = Selection.at(1)
    put(document, 1, 2, "xyz")
    document.undo()
    assert document.selection == Selection.at(1)
    document.redo()
    assert document.selection == Selection.at(4)
    assert document.redo() is None


def test_the_selection_is_carried_by_default() -> None:
    """A change elsewhere takes the selection along with its text."""
    document = Document("one two")
    document.selection = Selection(7, 4)
    document.apply(ChangeSet((Change(Span(0, 3), "three"),)))
    assert document.selection == Selection(9, 6)


def test_typing_is_one_undo() -> None:
    """A word typed in one go is taken back in one go."""
    document = Document("ab")
    document.selection = Selection.at(1)
    typed(document, "word")
    assert str(document.text) == "awordb"
    document.undo()
    assert str(document.text) == "ab"
    assert document.selection == Selection.at(1)
    assert not document.can_undo
    document.redo()
    assert str(document.text) == "awordb"


def test_a_newline_stands_alone() -> None:
    """Each line that is typed is an undo of its own."""
    document = Document()
    typed(document, "one\ntwo")
    texts = [str(document.text)]
    while document.undo():
        texts.append(str(document.text))
    assert texts == ["one\ntwo", "one\n", "one", ""]


def test_a_pause_parts_typing() -> None:
    """After two seconds without a key, typing is a new revision; a slow typist's word is one."""
    clock = Clock()
    document = Document(clock=clock)
    for char in "slow":
        clock.now += 1.9
        typed(document, char)
    clock.now += 2.0
    typed(document, "x")
    document.undo()
    assert str(document.text) == "slow"
    document.undo()
    assert not str(document.text)


def test_no_group_grows_past_a_hundred_characters() -> None:
    """Long typing without a newline is taken back in parts."""
    document = Document(clock=Clock())
    typed(document, "x" * 250)
    lengths = []
    while document.undo():
        lengths.append(len(document.text))
    assert lengths == [200, 100, 0]


def test_a_move_parts_typing() -> None:
    """Typing elsewhere, or after `break_group`, is a new revision."""
    document = Document(clock=Clock())
    typed(document, "ab")
    document.selection = Selection.at(0)
    typed(document, "c")
    document.break_group()
    typed(document, "d")
    texts = []
    while document.undo():
        texts.append(str(document.text))
    assert texts == ["cab", "ab", ""]


def test_deleting_groups_to_either_side() -> None:
    """A run of backspaces is one undo, and so is a run of deletes; the two are not one."""
    document = Document("abcdef", clock=Clock())
    put(document, 2, 3, "", "backspace")
    put(document, 1, 2, "", "backspace")
    put(document, 1, 2, "", "delete")
    put(document, 1, 2, "", "delete")
    assert str(document.text) == "af"
    document.undo()
    assert str(document.text) == "adef"
    document.undo()
    assert str(document.text) == "abcdef"


def test_typing_over_a_selection_begins_the_group() -> None:
    """What was typed over comes back with one undo."""
    document = Document("one two", clock=Clock())
    document.selection = Selection(0, 3)
    typed(document, "1st")
    assert str(document.text) == "1st two"
    document.undo()
    assert str(document.text) == "one two"


def test_nothing_joins_after_an_undo() -> None:
    """Typing after an undo is a revision of its own, and redo is gone."""
    document = Document(clock=Clock())
    typed(document, "a")
    document.break_group()
    typed(document, "b")
    document.undo()
    typed(document, "c")
    assert not document.can_redo
    document.undo()
    assert str(document.text) == "a"


def test_modified_is_against_the_saved_text() -> None:
    """Undone or redone back to the saved text, the page is not modified; lost to redo, it is."""
    document = Document(clock=Clock())
    seen = [document.modified]
    typed(document, "a")
    seen.append(document.modified)
    document.mark_saved()
    seen.append(document.modified)
    typed(document, "b")
    for move in (document.undo, document.undo, document.redo, document.undo):
        seen.append(document.modified)
        move()
    assert seen == [False, True, False, True, False, True, False]
    typed(document, "a")
    assert document.modified
    document.undo()
    assert document.modified


def test_revisions_only_count_up() -> None:
    """Each change has a number of its own; undo is a change as well, and nothing is not."""
    document = Document()
    document.apply(ChangeSet(()), selection=Selection.at(0))
    assert (document.revision, document.can_undo) == (0, False)
    typed(document, "ab")
    document.undo()
    document.undo()
    document.redo()
    assert document.revision == 4


def test_a_change_outside_changes_nothing() -> None:
    """A change beyond the end is refused before anything moves."""
    document = Document("abc")
    seen: list[ChangeSet] = []
    document.watchers.append(seen.append)
    with pytest.raises(ValueError, match="ends at 9"):
        document.apply(ChangeSet((Change(Span(0, 1), "x"), Change(Span(2, 9), ""))))
    assert (str(document.text), document.revision, seen) == ("abc", 0, [])
