"""One task, or several of its parts: how a model that holds nothing still leaves pins alone.

A model that can clamp gets the whole text and what to keep of it. Another is asked for the free
parts only, from the last to the first, each with all the rest around it; so what is pinned stays
because the model never wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from diffedit.core.draft import Piece
from diffedit.core.errors import RequestError
from diffedit.core.stretch import clipped, held, rest
from diffedit.engine.task import Task

MOST_PARTS = 8
"""So many parts are denoised one after another; more would take more time than they are worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A free part of a task's text, from `start` to `end`, in characters."""

    start: int
    end: int
    whole: bool = False
    """It is all of the text, and the model holds what is to be kept."""


def parts_of(task: Task, *, clamp: bool) -> tuple[Part, ...]:
    """The parts to denoise, the last first. Raises RequestError for none, or too many."""
    free = rest(len(task.text), task.keep)
    if not task.keep:
        return (Part(start=0, end=len(task.text), whole=True),)
    if not free:
        raise RequestError("All of it is pinned; there is nothing to denoise.")
    if clamp and len(free) > 1:
        return (Part(start=0, end=len(task.text), whole=True),)
    if len(free) > MOST_PARTS:
        raise RequestError(
            f"The pins leave {len(free)} gaps, and this model cannot hold parts of a text.",
            hint="Pin whole lines, or choose a model that can clamp.",
        )
    return tuple(Part(start=start, end=end) for start, end in reversed(free))


def task_of_part(task: Task, part: Part, right: str) -> Task:
    """The task for one part; `right` is what stands after it, in its newest form."""
    if part.whole:
        return task
    text = task.text[part.start : part.end]
    noised = task.noised
    return replace(
        task,
        text=text,
        before=task.before + task.text[: part.start],
        after=right + task.after,
        keep=(),
        noised=None if noised is None else clipped(noised, part.start, part.end),
        mode=task.mode if text.strip() else "infill",
    )


def spliced(task: Task, part: Part, right: str, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """The picture of the whole text while one part of it is denoised."""
    if part.whole:
        return pieces
    around = (Piece(task.text[: part.start], "kept", 0.0), Piece(right, "kept", 0.0))
    return (*around[:1], *pieces, *around[1:]) if right else (*around[:1], *pieces)


def whole_text(task: Task, part: Part, right: str, text: str) -> str:
    """The whole text with a part's answer in its place."""
    return text if part.whole else task.text[: part.start] + text + right


def sound(task: Task, texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts in which all that was to be kept stands byte for byte."""
    return tuple(text for text in texts if held(task.text, task.keep, text))
