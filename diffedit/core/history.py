"""What was done, so that it can be undone: revisions, and how typing groups into one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from diffedit.core.change import Change, ChangeSet
from diffedit.core.span import Selection

PAUSE_S = 2.0
"""A pause in typing this long begins a new revision, in seconds."""
GROUP_CHARS = 100
"""Typing longer than this begins a new revision, in characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One step of the history: what one undo takes back."""

    changes: ChangeSet
    inverse: ChangeSet
    before: Selection
    """What was selected when it was done."""
    after: Selection
    """What was selected once it was done."""
    group: str = ""
    """The kind of typing, such as "type" or "delete"; "" never grows."""
    at: float = 0.0
    """When its last change was made, in seconds of the document's clock."""

    def takes(self, later: Revision) -> bool:
        """Whether `later` is more of the same typing: same kind, soon after, right beside."""
        return (
            self.group == later.group != ""
            and later.at - self.at < PAUSE_S
            and len(self.changes.changes) == len(later.changes.changes)
            and _beside(self.changes, later.changes)
            and _typed(self) + _typed(later) <= GROUP_CHARS
            and not any("\n" in text for text in (*_texts(self), *_texts(later)))
        )

    def joined(self, later: Revision) -> Revision:
        """This revision and `later` as one."""
        return replace(
            self,
            changes=self.changes.compose(later.changes),
            inverse=later.inverse.compose(self.inverse),
            after=later.after,
            at=later.at,
        )

    def reversed(self) -> Revision:
        """What leads back, as a revision of its own."""
        return replace(
            self,
            changes=self.inverse,
            inverse=self.changes,
            before=self.after,
            after=self.before,
        )


Kind = Literal["do", "more", "undo", "redo"]
"""What happened: a revision of its own, more of the last one, one taken back, one done again."""


class Entry(NamedTuple):
    """One change of a text as it happened; `done.changes` is what changed, undo or not."""

    kind: Kind
    done: Revision


def _texts(revision: Revision) -> tuple[str, ...]:
    """What came in and what went out, at every cursor."""
    return tuple(
        change.text
        for changes in (revision.changes, revision.inverse)
        for change in changes.changes
    )


def _typed(revision: Revision) -> int:
    """How much one revision of typing typed or deleted at a cursor, in characters."""
    return max(map(len, _texts(revision)))


def _beside(done: ChangeSet, later: ChangeSet) -> bool:
    """Whether typing goes on where it stopped, or deleting does, to either side; at all cursors."""
    return all(
        _goes_on(last, span.end, change)
        for last, span, change in zip(done.changes, done.new_spans(), later.changes, strict=True)
    )


def _goes_on(last: Change, reached: int, change: Change) -> bool:
    """Whether a change goes on where the last one, which ended at `reached`, stopped."""
    if change.span.empty:
        return change.span.start == reached
    deletes = not last.text and not change.text
    return deletes and reached in (change.span.start, change.span.end)


class Steps(NamedTuple):
    """A history as a value: what was done, oldest first, what can be done again, last first."""

    done: tuple[Revision, ...] = ()
    undone: tuple[Revision, ...] = ()
    saved: Revision | None = None
    """The last revision that is in the file; None: none of them is."""


class History:
    """Revisions done and undone. It moves with its document; it never touches the text."""

    def __init__(self) -> None:
        self._done: list[Revision] = []
        self._undone: list[Revision] = []
        self._open = False
        self._saved: Revision | None = None

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is anything to do again."""
        return bool(self._undone)

    @property
    def at_saved(self) -> bool:
        """Whether the text is as it was at the last `mark_saved`."""
        return self._last is self._saved

    @property
    def _last(self) -> Revision | None:
        return self._done[-1] if self._done else None

    @property
    def steps(self) -> Steps:
        """All that it holds, as it stands."""
        return Steps(tuple(self._done), tuple(self._undone), self._saved)

    def record(self, revision: Revision) -> bool:
        """Add what was just done; whether it joined the last revision as more of the same."""
        self._undone.clear()
        last = self._last
        joins = self._open and last is not None and last.takes(revision)
        if joins and last is not None:
            self._done[-1] = last.joined(revision)
        else:
            self._done.append(revision)
        self._open = True
        return joins

    def recall(self, steps: Steps) -> None:
        """Put what an earlier session did beneath what was done since the text was opened.

        `steps` must end with the text as it was opened. What was undone there can be done again
        only where nothing was done here.
        """
        if self._saved is None and steps.done:
            self._saved = steps.done[-1]
        if not self._done and not self._undone:
            self._undone = list(steps.undone)
        self._done = [*steps.done, *self._done]

    def undo(self) -> Revision | None:
        """The revision to take back, or None."""
        return self._moved(self._done, self._undone)

    def redo(self) -> Revision | None:
        """The revision to do again, or None."""
        return self._moved(self._undone, self._done)

    def _moved(self, source: list[Revision], target: list[Revision]) -> Revision | None:
        self._open = False
        if not source:
            return None
        target.append(source.pop())
        return target[-1]

    def break_group(self) -> None:
        """Let the next change begin a revision of its own."""
        self._open = False

    def mark_saved(self) -> None:
        """Remember the text as it is as the saved one."""
        self._open = False
        self._saved = self._last

    def mark_unsaved(self) -> None:
        """What is saved is none of the texts that undo and redo lead to."""
        self._saved = NOWHERE


NOWHERE = Revision(
    changes=ChangeSet(()), inverse=ChangeSet(()), before=Selection.at(0), after=Selection.at(0)
)
"""The saved revision of a text whose file says something that this history never said."""
