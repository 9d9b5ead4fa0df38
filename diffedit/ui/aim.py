"""What an edit is aimed at, and where the person stood before it was shown to them."""

from __future__ import annotations

from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.span import Selection, Span


class Aim:
    """A span of a page, and the selection that comes back if nothing becomes of the edit.

    Both go along with the page: a model may have to be fetched first, and that takes a minute.
    """

    def __init__(self, page: Document, span: Span, before: Selection) -> None:
        self.span = span
        self.before = before
        self.scroll: int | None = None
        """How many rows were scrolled out above, before the span was shown."""
        self._page = page
        page.watchers.append(self._moved)

    def forget(self) -> None:
        """Stop going along."""
        self._page.watchers.remove(self._moved)

    def _moved(self, changes: ChangeSet) -> None:
        self.span = changes.carry(self.span)
        anchor, head = self.before.anchor, self.before.head
        self.before = Selection(
            changes.carry_position(anchor, after=False), changes.carry_position(head, after=False)
        )
