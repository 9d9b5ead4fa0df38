"""How a canvas is denoised: the dials, with the reference sampler's values as defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields

from diffedit.core.errors import RequestError

STRENGTHS: tuple[tuple[str, float], ...] = (
    ("touch up", 0.15),
    ("retouch", 0.35),
    ("rework", 0.6),
    ("remake", 0.85),
    ("from nothing", 1.0),
)
"""How strong an edit may be, in five stops: the share of the text that is noised at the start.

Stops and no scale: between two of them nothing changes that a person would see (SDEdit, DICE)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiseParams:
    """The dials of one run. Raises RequestError, by name, for a value out of range."""

    max_steps: int | None = None
    """Denoising steps a canvas may take; None leaves it to the model (48 in DiffusionGemma).
    0: only the canvas to begin with is shown, and nothing is predicted."""
    entropy_bound: float = 0.1
    """How much joint uncertainty one step may accept, in nats. Larger is faster and riskier."""
    t_min: float = 0.4
    """Temperature of the last step."""
    t_max: float = 0.8
    """Temperature of the first step."""
    stop_entropy: float = 0.005
    """Stop when stable and the free slots' mean entropy falls below this, in nats."""
    stable_steps: int = 1
    """Stop needs the same argmax canvas this many steps in a row; 0 asks for no stability."""
    noise: float = 1.0
    """Share of the free slots randomised at the start; less keeps the old text as a start."""
    max_canvases: int = 16
    """How many canvases in a row one edit may take."""
    candidates: int | None = None
    """How many answers to denoise side by side; None leaves it to the model."""
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every dial. Raises RequestError."""
        whole = {"max_steps": 0, "stable_steps": 0, "max_canvases": 1, "candidates": 1, "seed": 0}
        for name, least in whole.items():
            value = getattr(self, name)
            if value is None and name in ("max_steps", "candidates"):
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise RequestError(f"{name} must be a whole number from {least} up, not {value!r}.")
        for name in ("entropy_bound", "t_min", "t_max", "stop_entropy", "noise"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0:
                raise RequestError(f"{name} must be a number from 0 up, not {value!r}.")
        if self.noise > 1:
            raise RequestError(f"noise is a share from 0 to 1, not {self.noise!r}.")
        if self.t_min > self.t_max:
            raise RequestError(f"t_min ({self.t_min}) must not exceed t_max ({self.t_max}).")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The dials' names, in order."""
        return tuple(field.name for field in fields(cls))
