"""The review of a settled draft: which changes there are, which are wanted, which is looked at.

A value, free of the screen: every key of the review is one method that returns a new Review.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from diffedit.core.diff import Hunk
from diffedit.core.draft import Draft


@dataclass(frozen=True, slots=True)
class Review:
    """What a person has said so far about each hunk of a draft.

    A hunk nobody has spoken about counts as wanted when the review is applied; the bar says so.
    """

    draft: Draft
    hunks: tuple[Hunk, ...]
    verdicts: tuple[bool | None, ...]
    """True: accepted; False: rejected; None: not said."""
    current: int = 0
    others: Mapping[int, Review] = field(default_factory=dict)
    """What was said about the other finished texts, by their numbers."""

    @classmethod
    def of(cls, draft: Draft) -> Review:
        """The review of a draft before anything was said."""
        found = draft.hunks()
        return cls(draft, found, (None,) * len(found))

    def turned(self, draft: Draft) -> Review:
        """The review of another of the texts, as far as it was when that was last looked at."""
        others = {**self.others, self.draft.chosen: self}
        known = others.get(draft.chosen) or Review.of(draft)
        return replace(known, draft=draft, others=others)

    def written(self, draft: Draft) -> Review:
        """The review after something was typed into its text.

        What was said of a change that still is the same stands.
        """
        said = {
            (hunk.old, hunk.new_text): v for hunk, v in zip(self.hunks, self.verdicts, strict=True)
        }
        hunks = draft.hunks()
        verdicts = tuple(said.get((hunk.old, hunk.new_text)) for hunk in hunks)
        current = min(self.current, max(len(hunks) - 1, 0))
        return replace(self, draft=draft, hunks=hunks, verdicts=verdicts, current=current)

    @property
    def kept(self) -> tuple[int, ...]:
        """The numbers of the hunks that applying would keep."""
        return tuple(n for n, verdict in enumerate(self.verdicts) if verdict is not False)

    def moved(self, by: int) -> Review:
        """Look at another hunk; the ends are joined."""
        if not self.hunks:
            return self
        return replace(self, current=(self.current + by) % len(self.hunks))

    def said(self, *, wanted: bool) -> Review:
        """Accept or reject the current hunk and go on to the next that has no verdict."""
        if not self.hunks:
            return self
        verdicts = list(self.verdicts)
        verdicts[self.current] = wanted
        count = len(verdicts)
        onward = ((self.current + step) % count for step in range(1, count))
        following = next((n for n in onward if verdicts[n] is None), self.current)
        return replace(self, verdicts=tuple(verdicts), current=following)

    def carried(self, draft: Draft) -> Review:
        """The same verdicts on the same texts, after the span moved with the page."""
        return replace(self, draft=draft)
