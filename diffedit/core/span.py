"""Places in a text, counted as gaps between characters: `Span(0, 3)` of "some" is `[som]e`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text: left closed, right open, in characters from the start of the text."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse a span that runs backwards. Raises ValueError."""
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: {self.start}..{self.end}")

    def __len__(self) -> int:
        return self.end - self.start

    def __bool__(self) -> bool:
        """A span is a place even when it is empty."""
        return True

    @property
    def empty(self) -> bool:
        """True for a place between two characters."""
        return self.start == self.end

    def contains(self, position: int) -> bool:
        """Whether the gap `position` touches this span, both ends included."""
        return self.start <= position <= self.end

    def shifted(self, by: int) -> Span:
        """The same stretch, `by` characters further on."""
        return Span(self.start + by, self.end + by)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected: `anchor` stays, `head` moves with the cursor. Either may come first."""

    anchor: int
    head: int

    @classmethod
    def at(cls, position: int) -> Selection:
        """A bare cursor."""
        return cls(position, position)

    @property
    def span(self) -> Span:
        """The selected stretch, in reading order."""
        return Span(min(self.anchor, self.head), max(self.anchor, self.head))
