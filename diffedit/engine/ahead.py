"""What can be read of a prompt before the wish is known: that, and no more, is read ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from diffedit.engine.backend import Cancelled, CausalDenoiser, Denoiser, in_common
from diffedit.engine.task import Task

WISHES = ("add types", "Use a set")
"""Two wishes that begin, end and are cut into tokens in different ways."""


def wishless(task: Task) -> bool:
    """Whether it is an edit that needs no words, and has none: its prompt is whole as it is."""
    return task.mode != "rewrite" and not task.instruction.strip()


def beginning(task: Task, prompt: Callable[[Task], Sequence[int]]) -> list[int]:
    """The ids that the prompts of this place begin with, whatever words the wish will have.

    `prompt` gives a task's whole prompt. A gap that nobody says a word about is another matter
    than one with a wish, and its prompt is read to the end.
    """
    if wishless(task):
        return list(prompt(task))
    one, other = (prompt(replace(task, instruction=wish)) for wish in WISHES)
    return list(one[: in_common(one, other)])


def read(
    denoiser: Denoiser | CausalDenoiser,
    task: Task,
    prompt: Callable[[Task], Sequence[int]],
    cancelled: Cancelled,
) -> None:
    """Have the beginning of this place's prompts in the denoiser's cache."""
    if ids := beginning(task, prompt):
        denoiser.prefill(ids, cancelled)
