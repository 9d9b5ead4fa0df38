"""The line below a settled draft: how far the review is, and the keys that decide."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from rich.text import Text
from textual.binding import Binding
from textual.widget import Widget

from diffedit.core.consensus import agreement
from diffedit.ui.able import Offer, fitting, lacking, offer
from diffedit.ui.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diffedit.core.edit import Edit
    from diffedit.core.review import Review
    from diffedit.engine.backend import Abilities


def summary(review: Review) -> str:
    """Where the review stands, in words: "change 1 of 3"."""
    said = "" if not review.hunks else f"change {review.current + 1} of {len(review.hunks)}"
    texts = review.draft.texts
    other = f" · answer {review.draft.chosen + 1} of {len(texts)}" if len(texts) > 1 else ""
    length = review.draft.figures.length
    return f"{said or 'No change'}{other}{f' · {length}' if length else ''}"


def offers(review: Review, width: int) -> list[tuple[str, str]]:
    """The keys that do something here, each with what it does; the dearest, if not all fit."""
    count, kept = len(review.hunks), len(review.kept)
    more, other = count > 1, len(review.draft.texts) > 1
    found = [
        (0, bool(count), "enter", f"apply {kept} of {count}" if kept else "apply none"),
        (2, bool(count), "a/r", "accept/reject"),
        (5, more, "A/R", "all"),
        (3, more, "tab", "next"),
        (4, other, "[]", "answer"),
        (6, True, "ctrl+r", "again"),
        (7, True, "ctrl+k", "to the text"),
        (1, True, "esc", "drop"),
    ]
    offered = [offer for offer in found if offer[1]]
    while sum(len(key) + len(does) + 3 for _, _, key, does in offered) > width and len(offered) > 1:
        offered.remove(max(offered))
    return [(key, does) for _, _, key, does in offered]


def more(review: Review, edit: Edit, abilities: Abilities | None) -> Iterator[Offer]:
    """The keys that only a diffusion model's draft has, in the second line."""
    link, draft = edit.link, review.draft
    yield Offer("i", "follow up")
    if any(verdict is False for verdict in review.verdicts):
        yield Offer("e", "rejected anew")
    if link is not None and len(link.film) > 1:
        yield Offer("←", "steps")
    elif lacking("steps", abilities):
        yield offer("←", "steps", "steps", abilities)
    told = any(piece.entropy is not None for piece in draft.pieces)
    yield offer("h", "heat", "heat", None if told else abilities)
    if told or not lacking("heat", abilities):
        yield Offer("u", "least sure")
    if len(draft.texts) > 1:
        share = agreement(draft.text, [text for text in draft.texts if text != draft.text])
        yield Offer("m", f"as the next answer has it ({share:.0%} agreed)")
    yield Offer("c", "check")
    if len(edit.links) > 1:
        yield Offer("{}", f"draft {edit.at + 1} of {len(edit.links)}")


class ReviewBar(Widget, can_focus=True):
    """One line that has the focus while a draft is under review."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding(key.key, f"app.command('{key.command}')", show=False)
        for key in KEYS
        if key.where == "review" and key.bound
    ]

    def __init__(self) -> None:
        super().__init__(id="review-bar")
        self.review: Review | None = None
        self.edit: Edit | None = None
        self.abilities: Abilities | None = None
        self.since = 0.0
        """When it came last, on the monotonic clock: no key before that was meant for it."""

    def show(self, review: Review | None, edit: Edit | None = None) -> None:
        """Show a review, or go away."""
        if review is not None and not self.display:
            self.since = monotonic()
        self.review, self.edit = review, edit
        self.display = review is not None
        self.refresh()

    def on_focus(self) -> None:
        """The keys work now."""
        self.refresh()

    def on_blur(self) -> None:
        """The keys go elsewhere now; the line says how to come back."""
        self.refresh()

    def render(self) -> Text:
        """The line. Without the focus it says how to come back."""
        text = Text(no_wrap=True, overflow="ellipsis")
        if self.review is None:
            return text
        text.append(f" {summary(self.review)} ", "reverse bold")
        if not self.has_focus:
            text.append("  ctrl+k back to the review", "dim")
            return text
        for key, does in offers(self.review, self.size.width - text.cell_len):
            text.append(f"  {key}", "bold")
            text.append(f" {does}")
        if self.edit is not None:
            text.append("\n")
            offered = more(self.review, self.edit, self.abilities)
            text.append_text(fitting(offered, self.size.width))
        return text
