"""The page: a text with its selection, its history and its revision number. One way in."""

from __future__ import annotations

import time
from collections.abc import Callable

from diffedit.core.change import ChangeSet
from diffedit.core.history import Entry, History, Kind, Revision, Steps
from diffedit.core.span import Selection
from diffedit.core.text import Text

Watcher = Callable[[ChangeSet], None]
Scribe = Callable[[Entry], None]


class Document:
    """What is edited. It moves; every change goes through `apply`, `undo` or `redo`."""

    def __init__(self, text: str = "", *, clock: Callable[[], float] = time.monotonic) -> None:
        self.text = Text(text)
        """The text as it is."""
        self.selection = Selection.at(0)
        """What is selected. Setting it is no change of the text."""
        self.revision = 0
        """How many changes there were, undo and redo counted. It never falls."""
        self.watchers: list[Watcher] = []
        """Called with what changed, after each change, in the order they stand here."""
        self.scribe: Scribe | None = None
        """Told of each change with all that it takes to do it again, before the watchers are."""
        self._history = History()
        self._clock = clock

    @property
    def modified(self) -> bool:
        """Whether the text differs from the saved one. Undone back to it, it does not."""
        return not self._history.at_saved

    @property
    def can_undo(self) -> bool:
        """Whether `undo` has anything to take back."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether `redo` has anything to do again."""
        return self._history.can_redo

    def apply(
        self, changes: ChangeSet, *, group: str = "", selection: Selection | None = None
    ) -> None:
        """Change the text: one revision, one undo.

        Args:
            changes: What changes. An empty set changes nothing and is not remembered.
            group: The kind of typing; more of the same kind, right beside and soon after,
                joins the last revision. "" stands alone.
            selection: What is selected afterwards; without it, the selection is carried along.

        Raises:
            ValueError: A change lies outside the text. Nothing was changed.
        """
        if changes.end > len(self.text):
            raise ValueError(f"a change ends at {changes.end}, the text at {len(self.text)}")
        after = selection or Selection(
            changes.carry_position(self.selection.anchor, after=True),
            changes.carry_position(self.selection.head, after=True),
        )
        if not changes:
            self.selection = after
            return
        revision = Revision(
            changes=changes,
            inverse=changes.invert(self.text.slice),
            before=self.selection,
            after=after,
            group=group,
            at=self._clock(),
        )
        joins = self._history.record(revision)
        self._change("more" if joins else "do", revision)

    def undo(self) -> ChangeSet | None:
        """Take the last revision back, and say what changed; None when there is none."""
        revision = self._history.undo()
        if revision is None:
            return None
        self._change("undo", revision.reversed())
        return revision.inverse

    def redo(self) -> ChangeSet | None:
        """Do the revision again that was taken back last, and say what changed."""
        revision = self._history.redo()
        if revision is None:
            return None
        self._change("redo", revision)
        return revision.changes

    def break_group(self) -> None:
        """Let the next change begin a revision of its own, as after a move of the cursor."""
        self._history.break_group()

    def mark_saved(self) -> None:
        """Take the text as it is for the saved one."""
        self._history.mark_saved()

    def mark_unsaved(self) -> None:
        """Say that the file holds none of the texts that undo and redo lead to."""
        self._history.mark_unsaved()

    @property
    def steps(self) -> Steps:
        """The history as a value, for who keeps it beyond this session."""
        return self._history.steps

    def recall(self, steps: Steps) -> None:
        """Put an earlier session's history beneath this one's; see `History.recall`."""
        self._history.recall(steps)

    def _change(self, kind: Kind, done: Revision) -> None:
        """Put changes into the text, from the last to the first, and tell all who follow it."""
        for change in reversed(done.changes.changes):
            self.text.replace(change.span, change.text)
        self.selection = done.after
        self.revision += 1
        if self.scribe is not None:
            self.scribe(Entry(kind, done))
        for watcher in tuple(self.watchers):
            watcher(done.changes)
