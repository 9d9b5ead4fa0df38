"""What the model in the box is told for a rewrite, and how its answer becomes the span again.

The span is shown to it without the indentation that all its lines share: a small model copies
code at the left edge far better. The indentation comes back in the picture and in the answer.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError
from diffedit.engine.prompt import extract_code, fit_to_span
from diffedit.engine.task import Task

SYSTEM = "You edit code. Answer with the whole edited code and nothing else."
USUAL_WISH = "improve it"
"""What is asked for where no instruction was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The span as the model sees it."""

    text: str
    """Without the shared indentation."""
    indent: str
    """What every line but the first gets back."""
    first: str
    """What the first line gets back: less, where the span begins within its line."""
    fence: str
    """Backquotes that the text itself does not hold."""


def shown(task: Task) -> Shown:
    """The span without the indentation that its lines share."""
    line_start = task.before[task.before.rfind("\n") + 1 :]
    lines = task.text.split("\n")
    whole = [line_start + lines[0], *lines[1:]]
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in whole if line.strip()]
    indent = _shared(indents)
    begins_late = bool(line_start.strip())
    first = "" if begins_late else indent[len(line_start) :]
    shorter = [lines[0].removeprefix(first), *(line.removeprefix(indent) for line in lines[1:])]
    ticks = max((len(run) for run in re.findall("`{3,}", task.text)), default=2)
    return Shown(text="\n".join(shorter), indent=indent, first=first, fence="`" * (ticks + 1))


def system(task: Task, span: Shown, before: str, after: str) -> str:
    """The system's turn: what to do, and the text around the span.

    There a small model takes the text as context; next to the span it edits that as well.
    """
    around = [
        f"{place}\n{_fenced(text, span, task.language)}"
        for place, text in (("after", before), ("and before", after))
        if text.strip()
    ]
    if not around:
        return SYSTEM
    return "\n".join([SYSTEM, "The code stands in a file", *around])


def question(task: Task, span: Shown) -> str:
    """The user's turn: the span, then the wish.

    In this order the same span asked again with another wish is read from the cache.
    """
    wish = task.instruction.strip().rstrip(".") or USUAL_WISH
    return f"{_fenced(span.text, span, task.language)}\n{wish[0].upper()}{wish[1:]}."


def opening(task: Task, span: Shown) -> str:
    """How the answer is begun for the model, so that it answers with code."""
    return f"{span.fence}{task.language}\n"


def closed(answer: str, span: Shown) -> bool:
    """Whether the answer has reached its closing fence."""
    return f"\n{span.fence}" in f"\n{answer}"


def inside(answer: str, span: Shown) -> str:
    """The answer without its closing fence and what comes after it."""
    return f"\n{answer}".split(f"\n{span.fence}", 1)[0][1:]


def answer_text(answer: str, task: Task, span: Shown) -> str:
    """The text for the span that a raw answer stands for; "" if there is only prose."""
    code = extract_code(
        inside(answer, span), task.language, instruction=task.instruction, original=span.text
    )
    return fit_to_span(code, task.text, before=task.before)


def ranked(texts: list[str], whole: list[bool], task: Task) -> list[int]:
    """The numbers of the usable texts, each once: changed, whole and sound ones first.

    Raises ModelError where no text is usable.
    """
    once = [n for n, text in enumerate(texts) if text and text not in texts[:n]]
    if not once:
        raise ModelError(
            "The model gave no code, so nothing was changed.",
            hint="Say it in other words, or run it again with another seed.",
        )
    check = task.language == "python" and _parses(task.text)
    broken = [check and not _parses(text) for text in texts]
    return sorted(once, key=lambda n: (texts[n] == task.text, not whole[n], broken[n], n))


def picture(pieces: tuple[Piece, ...], task: Task, span: Shown) -> tuple[Piece, ...]:
    """The pieces of a raw answer as they will stand in the page.

    Until the answer is closed, the old lines that it has not come to yet are shown as noise.
    """
    raw = "".join(piece.text for piece in pieces)
    body = inside(raw, span)
    if body.endswith("\n") and not task.text.endswith("\n"):
        body = body[:-1]
    seen, at, indent, line_start = list[Piece](), 0, span.first, True
    for piece in pieces:
        out = ""
        for char in piece.text[: max(0, len(body) - at)]:
            if line_start and char != "\n":
                out += indent
            out += char
            line_start = char == "\n"
            indent = span.indent if line_start else indent
        at += len(piece.text)
        if out:
            seen.append(piece._replace(text=out))
    if not closed(raw, span):
        old = task.text.split("\n")
        row = body.count("\n")
        rest = old[row:] if not body or body.endswith("\n") else ["", *old[row + 1 :]]
        if any(rest):
            seen.append(Piece("\n".join(rest), "noise"))
    return tuple(seen)


def written(head: str, span: Shown, lead: int = 0) -> str:
    """The beginning of an answer that is shown as `head`, its first `lead` characters not its own.

    What `picture` has put in goes: the indentation that all lines share, or as much as there is.
    """
    first, *others = head[lead:].split("\n")
    begins = span.indent if lead else span.first
    lines = [_shorter(first, begins), *(_shorter(line, span.indent) for line in others)]
    return "\n".join(lines)


def _shorter(line: str, indent: str) -> str:
    """A line without as much of an indentation as it begins with."""
    return line[len(_shared([line, indent])) :]


def _fenced(text: str, span: Shown, language: str) -> str:
    end = "" if text.endswith("\n") else "\n"
    return f"{span.fence}{language}\n{text}{end}{span.fence}"


def _shared(indents: list[str]) -> str:
    """The longest beginning that all have."""
    if not indents:
        return ""
    low, high = min(indents), max(indents)
    length = next((n for n, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:length]


def _parses(code: str) -> bool:
    """Whether a piece of Python is sound on its own, its indentation aside."""
    lines = code.split("\n")
    indent = _shared([line[: len(line) - len(line.lstrip())] for line in lines if line.strip()])
    try:
        ast.parse("\n".join(line.removeprefix(indent) for line in lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
