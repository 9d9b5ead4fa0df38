"""A journal as lines of text: every change of a text as it came, so that none can be lost.

A journal is undo beyond a restart and what a crash is recovered from. It begins with the history
from before, then the text as it was in the file (the base), then each change as it happened. A
line carries the checksum of what it says: where a crash or a full disk tore one, reading stops.
"""

from __future__ import annotations

import binascii
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from diffedit.core.change import Change, ChangeSet
from diffedit.core.files import Base
from diffedit.core.form import Form
from diffedit.core.history import Entry, Kind, Revision, Steps
from diffedit.core.span import Selection, Span
from diffedit.core.text import Text

VERSION = 1
HISTORY_BYTES = 1 << 20
"""How much history from before the base is kept, in bytes; the oldest goes first."""
LARGEST_BASE = 1 << 26
"""A longer text, in characters, is not copied into its journal: the file itself is the base."""
_KINDS = get_args(Kind)


@dataclass(slots=True, kw_only=True)
class Story:
    """What a journal tells, up to its end or its first broken line. It moves while it is read."""

    path: str = ""
    """The file that it is the journal of; "" for a text without one."""
    base: str | None = None
    digest: str = ""
    """Of the file's bytes as they were last read or saved."""
    form: Form = field(default_factory=Form)
    history: Steps = field(default_factory=Steps)
    """The history up to the text in the file."""
    since_base: list[Entry] = field(default_factory=list)
    since_saved: list[Entry] = field(default_factory=list)
    """What was done and is not in the file."""
    draft: tuple[int, str, str] | None = None
    """A draft that was typed into and not decided on: where it starts, what stood there, and it."""
    broken: bool = False

    def saved_text(self, now: Base | None) -> str | None:
        """The text as it was in the file; `now` is the file as it is. None: it cannot be told."""
        if now is not None and now.digest == self.digest and now.form == self.form:
            return now.text
        if self.base is None:
            return None
        return replay(self.base, self.since_base[: len(self.since_base) - len(self.since_saved)])

    def unsaved_text(self, saved: str) -> str | None:
        """The text at the end of the journal; None where it is the saved one."""
        text = replay(saved, self.since_saved) if self.since_saved else saved
        if self.draft is not None:
            start, old, new = self.draft
            if text[start : start + len(old)] == old:
                text = text[:start] + new + text[start + len(old) :]
        return None if text == saved else text


def replay(text: str, entries: Sequence[Entry]) -> str:
    """The text after the entries, up to the first one that does not fit it."""
    rows = Text(text)
    for entry in entries:
        changes, inverse = entry.done.changes.changes, entry.done.inverse.changes
        for change, back in zip(changes, inverse, strict=True):
            if change.span.end > len(rows) or rows.slice(change.span) != back.text:
                return str(rows)
        for change in reversed(changes):
            rows.replace(change.span, change.text)
    return str(rows)


# Writing ---------------------------------------------------------------------------------------


def leaps(steps: Steps) -> bool:
    """Whether no undo leads to the text in the file, so that `opening` must be given the text."""
    return _parted(steps)[0] is None


def opening(path: str, base: Base, steps: Steps, text: str = "") -> Iterator[str]:
    """The lines that a journal begins with: what led to the base, the base, what was done since.

    `text` is the text as it is; it is looked at only where `leaps`.
    """
    yield line(["journal", VERSION, path])
    before, after = _parted(steps)
    if before is None:
        after = (Entry("do", _leap(base.text, text)),)
    yield from _newest(before or ())
    packed = _packed(base.text) if len(base.text) <= LARGEST_BASE else None
    yield line(["base", base.digest, _form_words(base.form), packed])
    for entry in after:
        yield entry_line(entry)


def entry_line(entry: Entry) -> str:
    """One change as a line."""
    done = entry.done
    pairs = zip(done.changes.changes, done.inverse.changes, strict=True)
    changes = [[change.span.start, back.text, change.text] for change, back in pairs]
    places = [done.before.anchor, done.before.head, done.after.anchor, done.after.head]
    return line([entry.kind, changes, places])


def saved_line(digest: str, form: Form) -> str:
    """The line that says: the text as it is now stands in the file."""
    return line(["saved", digest, _form_words(form)])


def draft_line(draft: tuple[int, str, str] | None) -> str:
    """The line that says what was typed into a draft, as it stands; None: that is over.

    A draft is where it starts, the text that stands there, and the draft.
    """
    return line(["draft", *(draft or ())])


def dropped_line() -> str:
    """The line that says: what is not saved was given up by its owner."""
    return line(["dropped"])


def line(words: list[Any]) -> str:
    """A record with its checksum, as one line of ASCII."""
    said = json.dumps(words, separators=(",", ":"))
    return f"{binascii.crc32(said.encode()):08x} {said}\n"


def _parted(steps: Steps) -> tuple[tuple[Revision, ...] | None, tuple[Entry, ...]]:
    """The revisions up to the saved one, and what happened since; None if they do not meet."""
    saved = steps.saved
    if saved is None:
        return (), tuple(Entry("do", revision) for revision in steps.done)
    for at, revision in enumerate(steps.done):
        if revision is saved:
            since = steps.done[at + 1 :]
            return steps.done[: at + 1], tuple(Entry("do", revision) for revision in since)
    for at, revision in enumerate(steps.undone):
        if revision is saved:
            back = steps.undone[at:]
            taken = tuple(Entry("undo", revision.reversed()) for revision in back)
            return (*steps.done, *reversed(back)), taken
    return None, ()


def _newest(revisions: Sequence[Revision]) -> list[str]:
    """The lines of the newest revisions, as many as may be kept, in the order they were done."""
    lines: list[str] = []
    room = HISTORY_BYTES
    for revision in reversed(revisions):
        said = entry_line(Entry("do", revision))
        room -= len(said)
        if room < 0:
            break
        lines.append(said)
    return lines[::-1]


def _leap(old: str, new: str) -> Revision:
    """One change that makes `new` of `old`, without what is equal at both ends."""
    most = min(len(old), len(new))
    start = _alike(old, new, most)
    end = _alike(old[::-1], new[::-1], most - start)
    changes = ChangeSet((Change(Span(start, len(old) - end), new[start : len(new) - end]),))
    return Revision(
        changes=changes,
        inverse=changes.invert(old),
        before=Selection.at(start),
        after=Selection.at(len(new) - end),
    )


def _alike(one: str, other: str, most: int) -> int:
    """How many characters are equal at the start, at most `most`, found by halving."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _packed(text: str) -> str:
    """A text made small, in letters."""
    small = zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
    return binascii.b2a_base64(small, newline=False).decode()


def _form_words(form: Form) -> list[Any]:
    return [form.encoding, form.bom, form.newline]


# Reading ---------------------------------------------------------------------------------------


def read(lines: Iterable[str]) -> Story:
    """What a journal's lines tell. Never raises: what is broken ends the story."""
    story = Story()
    done: list[Revision] = []
    undone: list[Revision] = []
    for said in lines:
        try:
            words = _words(said)
            if words[0] == "draft":
                start, old, new = words[1:] or (0, "", "")
                story.draft = (start + 0, old + "", new + "") if words[1:] else None
            elif words[0] in _KINDS:
                entry = _entry(words)
                _follow(entry, done, undone)
                story.since_base.append(entry)
                story.since_saved.append(entry)
            else:
                _mark(story, words, done, undone)
        except (ValueError, TypeError, LookupError, zlib.error):
            story.broken = True
            break
    return story


def _words(said: str) -> list[Any]:
    """A record, if its checksum holds. Raises ValueError."""
    mark, _, words = said.rstrip("\n").partition(" ")
    if not said.endswith("\n") or int(mark, 16) != binascii.crc32(words.encode()):
        raise ValueError("a torn line")
    found = json.loads(words)
    if not isinstance(found, list) or not found:
        raise ValueError("no record")
    return found


def _mark(story: Story, words: list[Any], done: list[Revision], undone: list[Revision]) -> None:
    """A line that is no change: what stands in the file, or that it has all been given up."""
    if words[0] == "journal":
        if words[1] != VERSION:
            raise ValueError("a journal of another kind")
        story.path = words[2]
        return
    story.draft = None
    if words[0] == "dropped":
        del story.since_base[len(story.since_base) - len(story.since_saved) :]
        done[:], undone[:] = story.history.done, story.history.undone
    elif words[0] in {"base", "saved"}:
        encoding, bom, newline = words[2]
        story.digest, story.form = words[1], Form(encoding, bom=bom, newline=newline)
        saved = done[-1] if done else None
        story.history = Steps(tuple(done), tuple(undone), saved)
        if words[0] == "base":
            story.base = _unpacked(words[3]) if words[3] is not None else None
            story.since_base.clear()
    else:
        raise ValueError("an unknown record")
    story.since_saved.clear()


def _unpacked(packed: str) -> str:
    """The text that was made small."""
    return zlib.decompress(binascii.a2b_base64(packed)).decode("utf-8", "surrogatepass")


def _entry(words: list[Any]) -> Entry:
    """One change."""
    kind, triples, (anchor, head, anchor_after, head_after) = words
    changes = ChangeSet(
        tuple(Change(Span(start, start + len(old)), new) for start, old, new in triples)
    )
    spans = changes.new_spans()
    inverse = ChangeSet(
        tuple(Change(span, old) for span, (_, old, _) in zip(spans, triples, strict=True))
    )
    done = Revision(
        changes=changes,
        inverse=inverse,
        before=Selection(anchor, head),
        after=Selection(anchor_after, head_after),
    )
    return Entry(kind, done)


def _follow(entry: Entry, done: list[Revision], undone: list[Revision]) -> None:
    """Do to the history what was done. What began before the journal is not in it."""
    if entry.kind == "undo":
        if done:
            undone.append(done.pop())
    elif entry.kind == "redo":
        if undone:
            done.append(undone.pop())
    else:
        undone.clear()
        if entry.kind == "more" and done:
            done[-1] = done[-1].joined(entry.done)
        else:
            done.append(entry.done)
