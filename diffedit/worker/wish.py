"""What is asked for a span, and the task that it becomes for a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.core import attachment
from diffedit.core.document import Document
from diffedit.core.errors import RequestError
from diffedit.core.line_ends import bare, moved
from diffedit.core.span import Span
from diffedit.core.start import Start
from diffedit.core.stretch import Stretches, clipped, joined, places
from diffedit.engine.params import DenoiseParams
from diffedit.engine.prompt import told
from diffedit.engine.task import Mode, Task

if TYPE_CHECKING:
    from diffedit.config.models import Model

CONTEXT = 16_000
"""How many characters on each side of the span go to the model, at most."""

OUTSIDE = "That lies between the places of this edit, and is no part of it."

_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for a span: the words, the dials, the model."""

    instruction: str
    mode: Mode
    params: DenoiseParams
    model: Model
    language: str = ""
    thinking: bool = False
    keep: Stretches = ()
    between: Stretches = ()
    """Of several places at once, what of the page's text lies between them."""
    device: str = "auto"
    context: int = CONTEXT
    start: Start | None = None
    """Where it begins; None: with the page's own text."""
    images: tuple[Path, ...] = ()
    """Pictures that go along with the instruction."""


def task_of(document: Document, span: Span, wish: Wish) -> Task:
    """The span and its surroundings as the model is to see them. Raises RequestError."""
    text = document.text.slice(span) if wish.start is None else wish.start.text
    mode: Mode = "infill" if wish.start and wish.start.infill else wish.mode
    if mode == "rewrite":
        if not text:
            raise RequestError(
                "There is nothing to rewrite: the selection is empty.",
                hint="Select some text, or fill the gap with infill.",
            )
        if not wish.instruction.strip():
            raise RequestError("Say what is to be done with the selected text.")
    else:
        # What a gap replaces tells how much is wanted; bytes that are no text tell nothing.
        text = clean(text) if mode == "infill" else ""
    if text != clean(text):
        raise RequestError(
            "The selection holds bytes that are not text.", hint="Select around them."
        )
    before = document.text.slice(Span(max(0, span.start - wish.context), span.start))
    after = document.text.slice(Span(span.end, min(len(document.text), span.end + wish.context)))
    task = Task(
        text=text,
        before=clean(before),
        after=clean(after),
        instruction=clean(wish.instruction),
        mode=mode,
        language=wish.language,
        keep=joined((*wish.keep, *wish.between)) if text else (),
        thinking=wish.thinking,
        images=attachment.read(wish.images),
    )
    if wish.start is None:
        return task
    between = between_of(document.text.slice(span), wish)
    return started(replace(task, keep=joined((*wish.keep, *between))), wish.start)


def place_of(span: Span, wish: Wish) -> Span:
    """The span that a wish is for: what goes on begins at its end."""
    return Span(span.end, span.end) if wish.mode == "continue" else span


def with_bare_ends(task: Task) -> Task:
    """The task as a model is to see it: no line of a mixed file has a sign of its own at its end.

    What is made of its answer has them again (`core.line_ends.kept`).
    """
    text = task.text
    if "\r" not in task.before + text + task.after:
        return task
    return replace(
        task,
        before=bare(task.before),
        text=bare(text, task.after),
        after=bare(task.after),
        keep=bare_stretches(task, task.keep),
        noised=None if task.noised is None else bare_stretches(task, task.noised),
    )


def bare_stretches(task: Task, stretches: Stretches) -> Stretches:
    """Where stretches of a task's text stand once its lines have bare ends."""
    return clipped(moved(task.text, stretches), 0, len(bare(task.text, task.after)))


def between_of(page: str, wish: Wish) -> Stretches:
    """What of the text that is begun with lies between the places; `page` is the span's.

    Raises RequestError where a start has lost some of it.
    """
    if wish.start is None:
        return wish.between
    between = places(page, wish.between, wish.start.text)
    if between is None:
        raise RequestError(OUTSIDE)
    return between


def started(task: Task, start: Start) -> Task:
    """The task from a start: its pins and its noise, and what the person or a check said of it."""
    return replace(
        task,
        keep=joined((*task.keep, *start.keep)),
        noised=start.noised,
        instruction=told(task.instruction, start.unwanted, clean(start.wrong)),
    )


def clean(text: str) -> str:
    """The text with one replacement character for each byte that was no text."""
    if text.isascii():
        return text
    return "".join("\ufffd" if ord(char) in _SURROGATES else char for char in text)
