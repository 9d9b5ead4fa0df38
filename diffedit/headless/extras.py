"""What only diffusion has, on the command line: strength, pins, checks, saved runs."""

from __future__ import annotations

from pathlib import Path

from diffedit.core.edit import Link
from diffedit.core.errors import FileError, RequestError
from diffedit.core.pins import pins_of
from diffedit.core.span import Span
from diffedit.core.stretch import Stretches, joined
from diffedit.core.text import Text
from diffedit.engine.backend import Abilities
from diffedit.worker import tape
from diffedit.worker.check import Checker, Verdict

KINDS = ("signature", "comments", "indentation")


def must_start_warm(abilities: Abilities | None) -> None:
    """Refuse a strength that means nothing. Raises RequestError."""
    if abilities is None or not abilities.warm_start:
        raise RequestError(
            "This model always starts from nothing: it has no strength to set.",
            hint="Leave --strength away, or choose another model.",
        )


def pinned(text: Text, span: Span, pins: tuple[str, ...], language: str) -> Stretches:
    """What is pinned of a span, in characters of it. Raises RequestError."""
    kinds = [pin for pin in pins if pin in KINDS]
    found = list(pins_of(text.slice(span), kinds, language))
    for pin in pins:
        if pin in KINDS:
            continue
        first, _, last = pin.partition(":")
        if not first.isdecimal() or not (last or first).isdecimal():
            raise RequestError(f"--pin wants {', '.join(KINDS)} or lines A:B, not {pin!r}.")
        rows = range(int(first) - 1, int(last or first))
        if not rows or rows[0] < 0 or rows[-1] >= len(text.lines):
            raise RequestError(f"--pin {pin}: there are no such lines.")
        lines = text.rows(rows[0], rows[-1])
        start, end = max(lines.start, span.start), min(lines.end, span.end)
        if start >= end:
            raise RequestError(f"--pin {pin}: these lines are not among --lines.")
        found.append((start - span.start, end - span.start))
    return joined(found)


def save_run(link: Link, path: Path, language: str) -> None:
    """Write the run for `diffedit replay`. Raises FileError."""
    try:
        with path.open("xb") as file:
            file.write(tape.to_bytes(link, language=language))
    except FileExistsError as error:
        raise FileError(f"{path} is there already.", hint="Name another file.") from error
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror}.") from error


def told(checker: Checker, verdict: Verdict) -> str:
    """How a check ended, in a line."""
    by = " and ".join(checker.tools)
    often = f" after {verdict.rounds} more" if verdict.rounds else ""
    if not verdict.problems:
        return f"sound by {by}{often}."
    problem = verdict.problems[0]
    where = f"line {problem.row + 1} of the draft: " if problem.row >= 0 else ""
    return f"not sound by {by}{often}: {where}{problem.message}"
