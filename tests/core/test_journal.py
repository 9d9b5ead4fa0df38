"""Journals: whatever was typed is told again, and a torn line costs what it says and no more."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import LAW, TEXTS, changes_of

from diffedit.core import journal
from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.files import Base, Form
from diffedit.core.history import Entry
from diffedit.core.journal import entry_line, opening, saved_line
from diffedit.core.span import Selection, Span

FORM = Form("latin-1", newline="\r\n")


def begun(page: Document, base: str, path: str = "/a/page.py") -> list[str]:
    """A journal begun on this page, which goes on as the page does."""
    lines = [*opening(path, Base(text=base, digest="d0", form=FORM), page.steps, str(page.text))]
    page.scribe = lambda entry: lines.append(entry_line(entry))
    return lines


def put(page: Document, text: str, at: int = 0) -> None:
    """Type at a place, as one revision."""
    page.apply(ChangeSet((Change(Span(at, at), text),)))


def act(page: Document, data: st.DataObject) -> bool:
    """One random step of a person; whether it was a save."""
    step = data.draw(st.sampled_from(["", "type", "delete", "undo", "redo", "save"]))
    if step == "save":
        page.mark_saved()
    elif step in {"undo", "redo"}:
        getattr(page, step)()
    else:
        page.apply(data.draw(changes_of(str(page.text))), group=step)
    return step == "save"


@LAW
@given(st.data())
def test_what_was_typed_is_told_again(data: st.DataObject) -> None:
    """Begun after any edits, cut short anywhere, a journal gives the text as it was just then."""
    page = Document(data.draw(TEXTS))
    saved = str(page.text)
    for _ in range(data.draw(st.integers(0, 6))):
        if act(page, data):
            saved = str(page.text)
    lines = begun(page, saved)
    first = len(lines)
    texts = {first: (saved, str(page.text))}
    for number in range(data.draw(st.integers(0, 8))):
        if act(page, data):
            saved = str(page.text)
            lines.append(saved_line(f"d{number + 1}", FORM))
        texts[len(lines)] = (saved, str(page.text))
    for length, (then, now) in texts.items():
        story = journal.read(lines[:length])
        assert not story.broken
        assert story.saved_text(None) == then
        assert story.unsaved_text(then) == (None if now == then else now)


@LAW
@given(st.data())
def test_undo_goes_on_after_a_restart(data: st.DataObject) -> None:
    """A page opened with the history of a journal undoes to where the journal's page does."""
    page = Document(data.draw(TEXTS))
    lines = begun(page, str(page.text))
    for _ in range(data.draw(st.integers(0, 8))):
        act(page, data)
    page.mark_saved()
    again = Document(str(page.text))
    again.recall(journal.read([*lines, saved_line("d1", FORM)]).history)
    assert not again.modified
    for back in ("undo", "redo"):
        while getattr(page, back)():
            pass
        while getattr(again, back)():
            pass
        assert str(again.text) == str(page.text)
        assert again.modified == page.modified


def test_history_from_before_lies_beneath_what_was_done_since() -> None:
    """Who types before the history is there undoes that first, then the earlier session's."""
    page = Document("b")
    put(page, "a")
    page.mark_saved()
    again = Document("ab")
    put(again, "x")
    again.recall(page.steps)
    again.undo()
    assert not again.modified
    again.undo()
    assert str(again.text) == "b"
    assert again.modified


@pytest.mark.parametrize(
    "harm",
    [
        lambda line: line[:-9],
        lambda line: line[:-1],
        lambda line: line.replace("y", "z"),
        lambda line: "\0" * len(line),
        lambda _: "",
        lambda _: "5e8e1bbd []\n",
    ],
)
def test_a_torn_line_ends_the_story(harm: Callable[[str], str]) -> None:
    """What stands before a line that is torn or altered is told; the rest is not guessed at."""
    page = Document("text")
    lines = begun(page, "text")
    put(page, "x")
    put(page, "y")
    put(page, "w")
    lines[-2] = harm(lines[-2])
    story = journal.read(lines)
    assert story.broken
    assert story.unsaved_text("text") == "xtext"


def test_what_is_given_up_is_not_offered() -> None:
    """After "dropped" nothing is unsaved, and undo leads from the saved text."""
    page = Document("text")
    lines = begun(page, "text")
    put(page, "x")
    page.mark_saved()
    lines.append(saved_line("d1", FORM))
    put(page, "y")
    lines.append(journal.dropped_line())
    story = journal.read(lines)
    assert story.saved_text(None) == "xtext"
    assert story.unsaved_text("xtext") is None
    assert len(story.history.done) == 1


def test_what_was_typed_into_a_draft_is_told_until_it_is_decided_on() -> None:
    """It stands in its place in the unsaved text, as it was last; whatever ends it takes it out."""
    page = Document("one two")
    lines = begun(page, "one two")
    lines.append(journal.draft_line((4, "two", "TWOx")))
    assert journal.read(lines).unsaved_text("one two") == "one TWOx"
    put(page, "z", 0)
    # The page has moved under it, and it is not known where to: nothing is put in a wrong place.
    assert journal.read(lines).unsaved_text("one two") == "zone two"
    lines.append(journal.draft_line((5, "two", "TWOxy")))
    assert journal.read(lines).unsaved_text("one two") == "zone TWOxy"
    for over in (journal.draft_line(None), journal.dropped_line(), saved_line("d1", FORM)):
        story = journal.read([*lines, over])
        assert story.draft is None
        assert not story.broken


def test_the_file_itself_is_the_base_where_it_is_as_it_was() -> None:
    """A base too large to copy is taken from the file, if that is the one that was opened."""
    page = Document("text")
    put(page, "x")
    base = Base(text="text", digest="d0", form=FORM)
    lines = [*opening("/a", base, page.steps, str(page.text))]
    lines[-2] = journal.line(["base", "d0", ["latin-1", False, "\r\n"], None])
    story = journal.read(lines)
    assert story.saved_text(None) is None
    assert story.saved_text(Base(text="other", digest="d9")) is None
    assert story.saved_text(base) == "text"


def test_old_history_is_dropped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal keeps no more history than there is room for, and keeps the newest."""
    page = Document("")
    for number in range(20):
        put(page, f"{number}\n")
    page.mark_saved()
    monkeypatch.setattr(journal, "HISTORY_BYTES", 500)
    lines = begun(page, str(page.text))
    story = journal.read(lines)
    assert 3 < len(story.history.done) < 15
    again = Document(str(page.text))
    again.recall(story.history)
    again.undo()
    assert not str(again.text).startswith("19")


def test_entries_that_do_not_fit_are_not_forced() -> None:
    """Replaying on another text stops where it does not fit, and raises nothing."""
    page = Document("one two")
    entries: list[Entry] = []
    page.scribe = entries.append
    put(page, "a ", 4)
    page.apply(ChangeSet((Change(Span(0, 3), "1"),)), selection=Selection.at(0))
    assert journal.replay("one two", entries) == "1 a two"
    assert journal.replay("uno two", entries) == "uno a two"
