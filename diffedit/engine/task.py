"""What is asked of a model: a span of text, what surrounds it, and what is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["rewrite", "infill", "continue"]
MODES: tuple[Mode, ...] = ("rewrite", "infill", "continue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One edit as the model sees it. Plain text only: no file, no revision, no widget."""

    text: str
    """The span's own text. Infill: what is replaced, a hint at how much; continue: empty."""
    before: str = ""
    """What stands left of the span, at least back to a line's start."""
    after: str = ""
    """What stands right of the span."""
    instruction: str = ""
    mode: Mode = "rewrite"
    language: str = ""
    """The file's language by Pygments' name, lower case ("python"); "" if unknown."""
    keep: tuple[tuple[int, int], ...] = ()
    """Stretches of `text` (characters) that must come back unchanged."""
    noised: tuple[tuple[int, int], ...] | None = None
    """Stretches of `text` (characters) that begin as noise, the rest beginning as it stands.
    None: the dial `noise` says how large a share does. What is kept is never noised."""
    thinking: bool = False
    """Ask for the model's reasoning channel, where it has one."""
    images: tuple[bytes, ...] = ()
    """Pictures that belong to the instruction, as their files' bytes (PNG, JPEG, WebP)."""
