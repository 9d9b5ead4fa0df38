"""A piece of a draft's picture: one slot of a canvas as it is shown."""

from __future__ import annotations

from typing import Literal, NamedTuple

PieceState = Literal["noise", "accepted", "kept"]


class Piece(NamedTuple):
    """One slot of a canvas as it is shown."""

    text: str
    state: PieceState
    entropy: float | None = None
    """How unsure the model is of this slot, in nats; None where the backend cannot say."""
