"""What DiffusionGemma is told, word for word, and how its answer becomes the text for the span.

Most of its layers see the last thousand tokens only. So the order is: the far parts of the file,
the lines right round the span, the span, and last the wish: asked again with another wish, all
before that is read from the cache.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from diffedit.core.draft import Piece
from diffedit.engine.prompt import Count, budget, extract_code, fit_to_span
from diffedit.engine.task import Task

SYSTEM = (
    "You edit a file in place. You are shown parts of the file and told what is wanted. "
    "Keep the file's style, names and indentation. Answer with one fenced block that holds "
    "nothing but the new text."
)
NEAR = 1000
"""Tokens at the prompt's end that every layer sees."""
USUAL_WISH = "Improve it."
WISH = 96
"""Tokens that the wish is given, with the words round it: only a longer one moves the edges of
what is shown, so that any other leaves what was read of the place as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the person's turn says, in two parts."""

    place: str
    """The surroundings and the span: the same whatever is wanted."""
    wish: str


def fence_of(task: Task) -> str:
    """Backquotes longer than any run in the span or right round it."""
    runs = re.findall("`{3,}", task.text + task.before[-4000:] + task.after[:4000])
    return "`" * (max(map(len, runs), default=2) + 1)


def told(task: Task, *, room: int, count: Count) -> Told:
    """The person's turn, with as much of the surroundings as fits into `room` tokens."""
    wish = _wish(task)
    spoken = max(count(wish), min(WISH, room // 4))
    bare = count(_place(task, "", "", "", "")) + spoken
    near = budget(task.before, task.after, limit=max(0, min(NEAR, room) - bare), count=count)
    left = task.before[: len(task.before) - len(near.before)]
    right = task.after[len(near.after) :]
    used = count(_place(task, near.before, near.after, "", "")) + spoken
    far = budget(left, right, limit=max(0, room - used - 40), count=count)
    place = _place(task, near.before, near.after, far.before, far.after)
    return Told(place=place, wish=wish)


def opening(task: Task) -> str:
    """How the answer is begun for the model, so that its first token is the span's first."""
    return f"{fence_of(task)}{task.language}\n"


def closing(task: Task) -> str:
    """What ends the text in the answer."""
    return f"\n{fence_of(task)}"


def inside(answer: str, task: Task) -> str:
    """An answer that was begun inside a fence, up to the closing one."""
    return f"\n{answer}".split(closing(task), 1)[0][1:]


def answer_text(answer: str, task: Task, *, opened: bool) -> str:
    """The text for the span that a raw answer stands for; "" if there is only prose."""
    code = inside(answer, task) if opened else answer
    code = extract_code(
        code, task.language, instruction=task.instruction, original=task.text, opened=False
    )
    return fit_to_span(code, task.text, before=task.before)


def picture(pieces: tuple[Piece, ...], task: Task, *, opened: bool) -> tuple[Piece, ...]:
    """The pieces of an answer that stand inside its fence, while it denoises."""
    raw = "".join(piece.text for piece in pieces)
    if opened:
        return cut(pieces, 0, len(inside(raw, task)))
    begun = re.search(r"^ {0,3}`{3,}[^\n`]*\n", raw, re.MULTILINE)
    if begun is None:
        return pieces
    end = re.compile(r"^ {0,3}`{3,}", re.MULTILINE).search(raw, begun.end())
    return cut(pieces, begun.end(), max(begun.end(), end.start() - 1) if end else len(raw))


def cut(pieces: tuple[Piece, ...], first: int, end: int) -> tuple[Piece, ...]:
    """The pieces between two places (in characters) of their joined text."""
    kept, at = list[Piece](), 0
    for piece in pieces:
        text = piece.text[max(0, first - at) : max(0, end - at)]
        at += len(piece.text)
        if text:
            kept.append(piece._replace(text=text))
    return tuple(kept)


def _wish(task: Task) -> str:
    wish = task.instruction.strip()
    if task.mode == "rewrite":
        wish = f"What to do with the selection: {wish or USUAL_WISH}"
        return f"{wish}\nAnswer with the whole new text of the selection in one fenced block."
    if task.mode == "infill":
        what = f"What belongs there: {wish}\n" if wish else ""
        return f"{what}Answer with the text that belongs in the gap in one fenced block."
    what = f"How it goes on: {wish}\n" if wish else ""
    return f"{what}Answer with what comes next in one fenced block."


def _place(task: Task, *sides: str) -> str:
    """The surroundings, far parts first, and the span. Sides: near and far, before and after."""
    near_before, near_after, far_before, far_after = sides
    named = {
        "rewrite": ("Right above the selection", "Right below the selection"),
        "infill": ("Above the gap", "Below the gap"),
        "continue": ("The text so far", "What stands further below"),
    }[task.mode]
    parts = [
        ("Earlier in the file", far_before),
        ("Later in the file", far_after),
        (named[1], near_after),
        (named[0], near_before),
    ]
    if task.mode == "rewrite":
        parts[2:] = [parts[3], parts[2], ("The selection", task.text)]
    elif task.mode == "infill" and task.text.strip():
        parts.append(("What stands in the gap so far", task.text))
    fence = fence_of(task)
    blocks = [
        f"{name}:\n{fence}{task.language}\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}"
        for name, text in parts
        if text.strip()
    ]
    return "\n\n".join(blocks) + "\n\n" if blocks else ""
