"""One task, or several of its parts: how a model that holds nothing still leaves pins alone.

A model that can clamp gets the whole text and what to keep of it, if that fits into its canvas.
Another is asked for the free parts only, from the last to the first, each with all the rest
around it; so what is pinned stays because the model never wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from diffedit.core.draft import Piece
from diffedit.core.errors import RequestError
from diffedit.core.stretch import clipped, held, rest
from diffedit.engine.task import Task

LONG_TOKEN = 6
"""Characters that a token has at most, on an average over a text."""
MOST_PARTS = 8
"""So many parts are denoised one after another; more would take more time than they are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A free part of a task's text, from `start` to `end`, in characters."""

    start: int
    end: int
    whole: bool = False
    """It is all of the text, and the model holds what is to be kept."""


def parts_of(task: Task, *, clamp: bool, canvas: int = 0) -> tuple[Part, ...]:
    """The parts to denoise, the last first. Raises RequestError for none, or too many.

    `canvas` is how many tokens one canvas holds, 0 for unknown: a text that is surely longer is
    not held as a whole either.
    """
    if not task.keep:
        return (Part(start=0, end=len(task.text), whole=True),)
    free = rest(len(task.text), task.keep)
    if not free:
        raise RequestError("All of it is pinned; there is nothing to denoise.")
    many = len(free) > MOST_PARTS
    if clamp and len(free) > 1 and (many or not canvas or len(task.text) <= canvas * LONG_TOKEN):
        return (Part(start=0, end=len(task.text), whole=True),)
    if many:
        raise RequestError(
            f"There are {len(free)} places to denoise between what is to stay; this model holds "
            f"no text, and takes up to {MOST_PARTS}, one after another.",
            hint="Pin whole lines, select fewer places, or choose a model that can clamp.",
        )
    return tuple(Part(start=start, end=end) for start, end in reversed(free))


def task_of_part(task: Task, part: Part, left: str, right: str) -> Task:
    """The task for one part, with what stands before and after it in its newest form."""
    if part.whole:
        return task
    text = task.text[part.start : part.end]
    noised = task.noised
    return replace(
        task,
        text=text,
        before=task.before + left,
        after=right + task.after,
        keep=(),
        noised=None if noised is None else clipped(noised, part.start, part.end),
        mode=task.mode if text.strip() else "infill",
    )


def to_come(task: Task) -> tuple[Piece, ...]:
    """The picture of a task's text while what is free of it still waits."""
    pieces = [(part, Piece(task.text[slice(*part)], "kept", 0.0)) for part in task.keep]
    free = rest(len(task.text), task.keep)
    pieces += [(part, Piece(task.text[slice(*part)], "noise")) for part in free]
    return tuple(piece for _, piece in sorted(pieces))


def sound(task: Task, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts in which all that was to be kept stands byte for byte."""
    return tuple(text for text in texts if held(task.text, task.keep, text))
