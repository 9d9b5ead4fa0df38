"""What an edit is aimed at, and where the person stood before it was shown to them."""

from __future__ import annotations

from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.span import Selection, Span
from diffedit.core.stretch import Stretches, rest, shifted


class Aim:
    """A span of a page, and the selection that comes back if nothing becomes of the edit.

    Both go along with the page: a model may have to be fetched first, and that takes a minute.
    """

    def __init__(self, page: Document, span: Span, before: Selection) -> None:
        self.span = span
        self.before = before
        self.places: tuple[Span, ...] = (span,)
        """The parts of the span that are meant, in order; what lies between them stays."""
        self.others: tuple[Selection, ...] = ()
        """What the cursors beside the first one had selected before."""
        self.scroll: int | None = None
        """How many rows were scrolled out above, before the span was shown."""
        self._page = page
        page.watchers.append(self._moved)

    def forget(self) -> None:
        """Stop going along."""
        self._page.watchers.remove(self._moved)

    def _moved(self, changes: ChangeSet) -> None:
        self.span = changes.carry(self.span)
        self.places = tuple(changes.carry(place) for place in self.places)
        self.before, *others = (
            Selection(
                changes.carry_position(one.anchor, after=False),
                changes.carry_position(one.head, after=False),
            )
            for one in (self.before, *self.others)
        )
        self.others = tuple(others)

    @property
    def between(self) -> Stretches:
        """What of the span lies between its places, in characters of it."""
        places = ((place.start, place.end) for place in self.places)
        return rest(len(self.span), shifted(places, -self.span.start))
