"""What a run tells while it goes on: one Started, a Step for each denoising step, one Outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from diffedit.core.draft import Piece

StopReason = Literal["sure", "steps", "end", "cancelled"]
"""sure: stable and certain. steps: none left. end: the model ended the text. cancelled: by you."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The run as it begins, before the prompt is read."""

    seed: int
    max_steps: int | None
    canvas_length: int
    free: int
    """Slots to be denoised in the first canvas."""
    kept: int
    """Slots of the first canvas that are held to known text."""
    canvases: int | None = None
    """How many canvases are expected, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One denoising step, as a whole picture of the text so far (all canvases), never a delta."""

    canvas: int
    """Which canvas, from 1."""
    step: int
    """Which step over the whole run, from 1; it only ever counts up."""
    canvas_step: int
    """Which step of this canvas, from 1."""
    pieces: tuple[Piece, ...]
    accepted: float
    """Share of this canvas's free slots accepted at this step, 0 to 1."""
    temperature: float | None = None
    mean_entropy: float | None = None
    """Mean over the free slots, in nats."""
    thought: str | None = None
    """The reasoning channel so far; None where the model has none."""
    lengths: tuple[int, ...] = ()
    """Tokens of the hole that was taken, then of those that were tried beside it; empty: there
    was but one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the run ended. Always the last event, exactly once."""

    text: str
    """The text for the span. After a cancel: the last picture."""
    stop: StopReason
    steps: int
    canvases: int
    tokens: int
    """How many new tokens the text took."""
    alternatives: tuple[str, ...] = ()
    """Other finished texts, better first."""
    thought: str | None = None
    note: str = ""
    """What a person should know of it: "no change", "the answer was cut at 512 tokens"."""
    lengths: tuple[int, ...] = ()
    """As in Step."""


Event = Started | Step | Outcome
