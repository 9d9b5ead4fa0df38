"""A draft: what a model proposes for a span, at any step. A value; the page never moves for it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from diffedit.core.change import Change, ChangeSet
from diffedit.core.diff import Hunk, keep_hunks
from diffedit.core.graphemes import settle
from diffedit.core.hand import Hand
from diffedit.core.piece import Piece, PieceState
from diffedit.core.sections import changes_within, hunks_within
from diffedit.core.stretch import places

if TYPE_CHECKING:
    from collections.abc import Collection

    from diffedit.core.span import Span
    from diffedit.core.stretch import Stretches

__all__ = ["Draft", "Figures", "Piece", "PieceState", "Status"]

Status = Literal["waiting", "denoising", "settled", "cancelled", "stale", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The honest numbers of one run. None and "" mean: not known (yet)."""

    backend: str = ""
    model: str = ""
    device: str = ""
    seed: int | None = None
    canvas: int = 0
    """Which canvas, from 1."""
    canvases: int | None = None
    """How many canvases there will be, where the backend knows."""
    step: int = 0
    """Which denoising step of this canvas, from 1."""
    max_steps: int | None = None
    steps: int = 0
    """Denoising steps so far, over all canvases."""
    accepted: float | None = None
    """Share of the free slots accepted at this step, 0 to 1. It may fall."""
    mean_entropy: float | None = None
    """Mean over the free slots, in nats."""
    temperature: float | None = None
    tokens_per_step: float | None = None
    elapsed_ms: float = 0.0
    stop: str = ""
    """Why the run ended: sure, steps, end or cancelled."""
    thought: str | None = None
    """The reasoning channel so far; None where the model has none."""
    lengths: tuple[int, ...] = ()
    """Tokens of the hole that was taken, then of those that were tried beside it."""

    @property
    def length(self) -> str:
        """The length that the model chose by itself, in words; empty where there was no choice."""
        if len(self.lengths) < 2:
            return ""
        chosen = self.lengths[0]
        return f"{chosen} token{'s' * (chosen != 1)}, of {len(self.lengths)} lengths tried"

    @property
    def ms_per_step(self) -> float | None:
        """Mean wall time of a step, in milliseconds."""
        return self.elapsed_ms / self.steps if self.steps else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposal for one span of one document. Every method returns a new Draft."""

    span: Span
    """Where it would go, in the document as it is now."""
    original: str
    """The text of the span when the draft was asked for."""
    between: Stretches = ()
    """Of several places at once, what of `original` lies between them and never changes."""
    keep: Stretches = ()
    """What of `original` its run was to keep, where it began with that text."""
    status: Status = "waiting"
    pieces: tuple[Piece, ...] = ()
    """The canvas as last seen; their joined text is the closest thing to the final text."""
    texts: tuple[str, ...] = ()
    """The finished texts, best first. Empty until settled."""
    chosen: int = 0
    """Which of `texts` is under review."""
    figures: Figures = field(default_factory=Figures)
    message: str = ""
    """What a person should know: why it failed, or went stale."""
    hand: Hand | None = None
    """What the person types into it; None: nothing."""

    @property
    def text(self) -> str:
        """The proposed text: the chosen finished one, or the picture so far."""
        if self.texts:
            return self.texts[self.chosen]
        return "".join(piece.text for piece in self.pieces)

    @property
    def live(self) -> bool:
        """Whether the model may still change it."""
        return self.status in ("waiting", "denoising")

    def seen(self, pieces: tuple[Piece, ...], figures: Figures) -> Draft:
        """The draft after one more denoising step."""
        return replace(self, status="denoising", pieces=pieces, figures=figures)

    def settled(self, texts: tuple[str, ...], figures: Figures) -> Draft:
        """The draft when the model is done: ready for review."""
        hand = self.hand and self.hand.over(texts[0])
        return replace(self, status="settled", texts=texts, chosen=0, figures=figures, hand=hand)

    def written(self, hand: Hand) -> Draft:
        """The draft with what the person has typed into its picture."""
        return replace(self, pieces=hand.pieces, hand=hand)

    def as_written(self, message: str = "") -> Draft:
        """The draft as it stands, settled: what was typed into it must not be lost.

        Whole lines stay whole: a picture that has not come to their end would join the next line.
        """
        text = "".join(piece.text for piece in self.pieces)
        end = next((end for end in ("\r\n", "\n", "\r") if self.original.endswith(end)), "")
        if text and not text.endswith(("\n", "\r")):
            text += end
        return replace(self, status="settled", texts=(text,), chosen=0, message=message)

    def entered(self, place: int) -> Hand:
        """A hand with its caret at a place of the finished text, to go on typing there."""
        hand = self.hand or Hand(pieces=self.pieces)
        fixed: Stretches = ()
        if self.between:
            # Where it is not known what lies between the places, nothing is typed.
            whole = ((-1, len(self.text) + 1),)
            fixed = places(self.original, self.between, self.text) or whole
        return replace(hand.over(self.text), fixed=fixed).at(place)

    def place_of(self, at: int) -> int:
        """Where in the proposed text a place of the original is: in its row, as it stands there."""
        row = there = self.original.count("\n", 0, at)
        column = at - self.original.rfind("\n", 0, at) - 1
        for hunk in self.hunks():
            (first, end), (new_first, new_end) = hunk.old_rows, hunk.new_rows
            if row < first:
                break
            if row < end:
                there = min(new_first + row - first, max(new_end - 1, new_first))
                break
            there = row + new_end - end
        lines = self.text.split("\n")
        there = min(there, len(lines) - 1)
        return sum(len(line) + 1 for line in lines[:there]) + settle(lines[there], column)

    @property
    def typed(self) -> bool:
        """Whether there is anything of the person's in it."""
        return self.hand is not None and bool(self.hand.own)

    def ended(self, status: Status, message: str = "") -> Draft:
        """The draft when it came to nothing: cancelled, stale or failed."""
        return replace(self, status=status, message=message)

    def choose(self, number: int) -> Draft:
        """Put another of the finished texts under review; counts wrap round."""
        return replace(self, chosen=number % len(self.texts)) if self.texts else self

    def carried(self, changes: ChangeSet) -> Draft:
        """The draft after the person edited elsewhere; stale if they edited inside the span."""
        if changes.touches(self.span):
            return replace(
                self, status="stale", message="You edited inside the span; the draft was dropped."
            )
        return replace(self, span=changes.carry(self.span))

    def hunks(self) -> tuple[Hunk, ...]:
        """The true changes between the span's text and the proposal."""
        return hunks_within(self.original, self.between, self.text)

    def change(self, kept: Collection[int] | None = None) -> ChangeSet:
        """The changes that apply this draft, with only the hunks numbered in `kept` (all: None).

        One for each place, and none at all outside of them.
        """
        old, text = self.original, self.text
        text = text if kept is None else keep_hunks(old, self.hunks(), kept)
        if self.between:
            return ChangeSet(changes_within(old, self.between, text, self.span.start))
        return ChangeSet((Change(self.span, text),)) if text != old else ChangeSet(())
