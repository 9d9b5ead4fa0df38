"""Every message on the wire. One JSON object a line; an unknown field is refused by name."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from diffedit.core.draft import Piece
from diffedit.core.heat import Scored
from diffedit.engine.backend import Stage
from diffedit.engine.step import StopReason
from diffedit.engine.task import Mode

PROTOCOL = 5
"""Raised by one whenever a message changes its meaning. A mismatch ends the conversation."""

FailureKind = Literal["request", "model", "memory", "too_long", "backend", "bug"]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What all messages share: frozen, tagged by `type`, strict."""


# To the worker ---------------------------------------------------------------------------------


class Load(Message, tag="load", kw_only=True, frozen=True):
    """Load a model, unless it is loaded already."""

    id: int
    backend: str
    model: str
    """A path or a name, as the backend takes it."""
    device: str = "auto"
    options: dict[str, str] = {}


class Asked(Message, kw_only=True, frozen=True):
    """What is told of a task. Offsets in `keep` and `noised` are characters of `text`."""

    text: str
    before: str = ""
    after: str = ""
    instruction: str = ""
    mode: Mode = "rewrite"
    language: str = ""
    keep: tuple[tuple[int, int], ...] = ()
    noised: tuple[tuple[int, int], ...] | None = None
    """Stretches of `text` that begin as noise, the rest as it stands; None: the dial decides."""
    thinking: bool = False
    params: dict[str, Any] = {}
    """The dials by name, as `DenoiseParams(**params)` checks them."""


class Rewrite(Asked, tag="rewrite", kw_only=True, frozen=True):
    """Denoise a span."""

    id: int
    images: tuple[bytes, ...] = ()
    """Pictures that belong to the instruction: their files' bytes, in base64 on the wire."""


class Prefill(Asked, tag="prefill", kw_only=True, frozen=True):
    """Read ahead what a rewrite of this place will begin with: its wish is being typed.

    The words of `instruction` count for nothing, but that there are some does. It is done where a
    model is loaded and nothing else is to be done, and stopped by whatever comes; a newer one
    replaces it. Nothing answers it, not even a failure: the rewrite will tell of that.
    """


class Score(Message, tag="score", kw_only=True, frozen=True):
    """Say of a text how sure the model is of each token, and what else might stand there."""

    id: int
    text: str
    before: str = ""
    after: str = ""
    language: str = ""


class Pin(Message, tag="pin", kw_only=True, frozen=True):
    """What a person has typed into the canvas of a rewrite that goes on.

    It is the picture as they left it; a newer one replaces it. A finished id is ignored.
    """

    id: int
    number: int
    """From 1; frames and the end say which one they heed."""
    text: str
    keep: tuple[tuple[int, int], ...]
    """What must come back, in characters of `text`."""
    noised: tuple[tuple[int, int], ...]
    """What of it is noise; the rest stays a start."""


class Cancel(Message, tag="cancel", kw_only=True, frozen=True):
    """Stop a rewrite between steps. An unknown or finished id is ignored."""

    id: int


Request = Load | Rewrite | Prefill | Score | Pin | Cancel


# From the worker -------------------------------------------------------------------------------


class Ready(Message, tag="ready", kw_only=True, frozen=True):
    """The worker is up. Always its first line."""

    protocol: int
    version: str
    backends: tuple[str, ...]


class Loading(Message, tag="loading", kw_only=True, frozen=True):
    """How far the load has come."""

    id: int
    stage: Stage
    done: int
    total: int


class Loaded(Message, tag="loaded", kw_only=True, frozen=True):
    """The model can be asked. `abilities` are the fields of engine.backend.Abilities."""

    id: int
    backend: str
    model: str
    device: str
    abilities: dict[str, Any]


class Started(Message, tag="started", kw_only=True, frozen=True):
    """A rewrite began; the prompt is about to be read."""

    id: int
    seed: int
    max_steps: int | None
    canvas_length: int
    free: int
    kept: int
    canvases: int | None = None


class Frame(Message, tag="frame", kw_only=True, frozen=True):
    """One denoising step: a whole picture, never a delta, so any but the last may be dropped."""

    id: int
    canvas: int
    step: int
    canvas_step: int
    pieces: tuple[Piece, ...]
    accepted: float
    temperature: float | None = None
    mean_entropy: float | None = None
    thought: str | None = None
    lengths: tuple[int, ...] = ()
    """Tokens of the hole that was taken, then of those that were tried beside it."""
    elapsed_ms: float = 0.0
    """Since the rewrite was read from the wire, in milliseconds."""
    model_ms: float = 0.0
    """Of these, spent inside the backend."""
    pinned: int = 0
    """The number of the last Pin that is heeded in it."""


class Done(Message, tag="done", kw_only=True, frozen=True):
    """The end of a rewrite, good or cancelled."""

    id: int
    text: str
    stop: StopReason
    steps: int
    canvases: int
    tokens: int
    tokens_per_step: float
    elapsed_ms: float
    model_ms: float = 0.0
    seed: int = 0
    alternatives: tuple[str, ...] = ()
    thought: str | None = None
    note: str = ""
    lengths: tuple[int, ...] = ()
    pinned: int = 0
    """The number of the last Pin that is heeded in it."""


class Scores(Message, tag="scores", kw_only=True, frozen=True):
    """A text's tokens as the model sees them; joined they are the text."""

    id: int
    tokens: tuple[Scored, ...]
    elapsed_ms: float = 0.0


class Failed(Message, tag="failed", kw_only=True, frozen=True):
    """The end of a request that came to nothing; `id` is None where no request can be named."""

    id: int | None
    kind: FailureKind
    message: str
    hint: str = ""
    """What to do next."""
    detail: str = ""


Reply = Ready | Loading | Loaded | Started | Frame | Done | Scores | Failed
