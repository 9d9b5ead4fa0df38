"""What was asked of a model in the editor, so that it can be asked again."""

from __future__ import annotations

from dataclasses import dataclass

from diffedit.engine.task import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked, so that it can be asked again."""

    instruction: str
    mode: Mode
    seed: int
    noise: float | None = None
    """How strong; None: as the settings say."""
    pins: frozenset[str] = frozenset()
    """What is pinned by its kind: comments, signature, indentation."""
