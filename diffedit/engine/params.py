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

WHOLE: dict[str, tuple[int, int]] = {
    "max_steps": (1, 10_000),
    "stable_steps": (0, 10_000),
    "max_canvases": (1, 10_000),
    "candidates": (1, 1_000),
    "seed": (0, (1 << 63) - 1),
}
"""The dials that are whole numbers, and between which two each lies.

More steps than slots and rounds over them change nothing, and the schedule's temperatures, of
single precision, would hardly fall; a seed is what every generator of random numbers takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiseParams:
    """The dials of one run. Raises RequestError, by name, for a value out of range."""

    max_steps: int | None = None
    """Denoising steps a canvas may take; None leaves it to the model (48 in DiffusionGemma).
    0: only the canvas to begin with is shown, and nothing is predicted; see `asked`."""
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
        for name, (least, most) in WHOLE.items():
            value = getattr(self, name)
            if value is None and name in ("max_steps", "candidates"):
                continue
            whole = isinstance(value, int) and not isinstance(value, bool)
            begins = name == "max_steps" and value == 0
            if not whole or not (least <= value <= most or begins):
                raise _not_whole(name, value)
        for name in ("entropy_bound", "t_min", "t_max", "stop_entropy", "noise"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0:
                raise RequestError(f"{name} must be a number from 0 up, not {value!r}.")
        if self.noise > 1:
            raise RequestError(f"noise is a share from 0 to 1, not {self.noise!r}.")
        if self.t_min > self.t_max:
            raise RequestError(f"t_min ({self.t_min}) must not exceed t_max ({self.t_max}).")

    @classmethod
    def asked(cls, **dials: object) -> DenoiseParams:
        """The dials as a person sets them, who wants an answer: without a step there is none.

        Raises RequestError, by name, for a value out of range.
        """
        params = cls(**dials)  # type: ignore[arg-type] # each is checked by the class itself
        if params.max_steps == 0:
            raise _not_whole("max_steps", 0)
        return params

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The dials' names, in order."""
        return tuple(field.name for field in fields(cls))


def _not_whole(name: str, value: object) -> RequestError:
    """What is wrong with a dial that is no whole number, or out of its bounds."""
    least, most = WHOLE[name]
    return RequestError(f"{name} must be a whole number from {least} to {most:,}, not {value!r}.")
