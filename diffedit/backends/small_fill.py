"""Infill and continue: where the raw text goes on from, where an answer ends, what is made of it.

Byte-level BPE joins white space with what follows it, so a prompt that ends in white space asks
for tokens the model has never seen there. The prompt therefore ends before it, and every answer
has to begin with it: that is the `lead`.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from diffedit.core.draft import Piece
from diffedit.engine.prompt import PROSE_LANGUAGES
from diffedit.engine.task import Task

_WORD = re.compile(r"(?<![.\w'\"])([A-Za-z_]\w*)\b(?!\s*=[^=])")
_NO_CODE = re.compile(
    r"""\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#.*"""
)
_SET = re.compile(
    r"^\s*((?:[A-Za-z_][\w, ]*=(?!=)\s*)+|[A-Za-z_]\w*(?=\s*:[^=]*=))"
    r"|^\s*(?:async )?(?:def|class)\s+(\w+)|^\s*(?:from \S+ )?import\s(.*)"
)
"""What a row sets for those after it."""
_LOOPED = re.compile(
    r"\bfor\s+([\w, ()]+?)\s+in\b|\blambda\s+([^:]*):|(\w+)\s*:=|\bas\s+(\w+)|\bdef \w+\((.*)\)"
)
"""What it sets for itself as well."""
_OUTSIDE = re.compile(r"^\S.*", re.MULTILINE)
"""Rows of a file that are in no function."""
_SAME_LINE = 4
"""A line of at least so many characters that stands right of the gap ends the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place to be filled."""

    prompt: str
    """What the model goes on from."""
    lead: str
    """What an answer has to begin with; it stands in the text already."""
    own: str
    """Indentation that stands in the prompt but belongs to the span."""
    wanted: int
    """Lines to fill; 0: as many as there are up to a sensible end."""
    inline: bool
    """Text follows on the same line."""
    newline: bool
    """The answer needs a line end of its own."""
    base: str
    """The indentation of the line that the gap begins in."""
    header: bool
    """That line opens a block."""
    prose: bool
    next_line: str
    """The first line right of the gap that is not blank, without its indentation."""

    @property
    def end(self) -> str:
        """What goes between an answer and the text after it."""
        return "\n" if self.newline else ""


_SLASHES = frozenset(
    {
        *("c", "c++", "c#", "java", "javascript", "typescript", "go", "rust", "kotlin", "swift"),
        *("scala", "dart", "php", "groovy"),
    }
)
_DASHES = frozenset({"sql", "lua", "haskell", "ada", "vhdl", "elm"})


def told(task: Task, before: str) -> str:
    """The text before a gap with what is wanted there as a comment: a raw model reads no orders."""
    wish = " ".join(task.instruction.split())
    line = before[before.rfind("\n") + 1 :]
    if not wish or line.strip():
        return before
    language = task.language.lower()
    mark = "//" if language in _SLASHES else "--" if language in _DASHES else "#"
    return f"{before}{'' if line else _depth(task)}{mark} {wish}\n{line}"


def _depth(task: Task) -> str:
    """The indentation of a gap on an empty line: that of the text below."""
    below = next((row for row in task.after.split("\n") if row.strip()), "")
    wanted = task.mode == "infill" and task.instruction.strip()
    return _indent(below) if wanted else ""


def gap(task: Task, before: str) -> Gap:
    """The gap of an infill or continue task, `before` being the text that fits."""
    old = task.text if task.mode == "infill" else ""
    fresh_line = not before or before.endswith("\n")
    whole = fresh_line and (not old or old.endswith("\n"))
    filled = [line for line in old.split("\n") if line.strip()]
    hint = (_indent(filled[0]) if filled else _depth(task)) if fresh_line else ""
    stem = before.rstrip(" \t\n")
    run = before[len(stem) :] + hint
    prompt, lead = before + hint, ""
    if stem and run.endswith(" "):
        prompt, lead = stem + run[:-1], " "
    elif stem and run.endswith("\n"):
        prompt, lead = stem, run
    line = before[before.rfind("\n") + 1 :]
    # A wish tells what is wanted, and a gap with nothing around it is the whole file: neither
    # says how many lines that is.
    told_all = bool(task.instruction.strip()) or not (task.before.strip() or task.after.strip())
    open_ended = task.mode == "continue" or (told_all and not filled)
    return Gap(
        prompt=prompt,
        lead=lead,
        own=hint,
        wanted=0 if open_ended else max(1, len(filled)),
        inline=not whole and bool(task.after.split("\n", 1)[0].strip()),
        newline=whole and bool(old or task.after) and not (not old and task.after[:1] == "\n"),
        base=_indent(line),
        header=line.rstrip().endswith(":"),
        prose=task.language.lower() in PROSE_LANGUAGES | {""},
        next_line=next((row.strip() for row in task.after.split("\n") if row.strip()), ""),
    )


def complete(raw: str, place: Gap) -> bool:
    """Whether an answer has all that it needs; true for every longer one then."""
    body = raw[_start(raw, place) :]
    if not place.wanted:
        return _sensible_end(body, place) is not None
    return sum(1 for line in body.split("\n")[:-1] if line.strip()) >= place.wanted


def extent(raw: str, place: Gap, *, whole: bool = True) -> tuple[int, int]:
    """The part of a raw answer that goes into the page; empty for one that repeats what follows.

    Of an answer that is not `whole` the last line is left out, unless it is the only one.
    """
    start = _start(raw, place)
    body = raw[start:]
    if place.wanted:
        skipped = len(body) - len(body.lstrip("\n"))
        length = skipped + _lines_end(body[skipped:], place)
    else:
        skipped = 0
        end = _sensible_end(body, place)
        if end is None and not whole and "\n" in body.strip():
            end = body.rstrip().rfind("\n")
        length = len(body[:end].rstrip())
    return start + skipped, start + max(skipped, length)


def _start(raw: str, place: Gap) -> int:
    """Where the new text begins: after the lead, or where it was meant to be."""
    if raw.startswith(place.lead):
        return len(place.lead)
    if "\n" in place.lead and "\n" in raw:
        # It went on with the line before; what was asked for begins on the next.
        return raw.index("\n") + 1
    return len(raw) - len(raw.lstrip(" "))


def _lines_end(body: str, place: Gap) -> int:
    """Where the wanted lines end, or what stands right of the gap begins."""
    at = seen = 0
    for line in body.split("\n"):
        if seen == place.wanted or (seen and _is_next(line, place)):
            break
        seen += bool(line.strip())
        at += len(line) + 1
    text = body[: max(0, at - 1)].rstrip()
    if place.inline:
        found = text.rfind(place.next_line)
        return found if found > 0 else len(text)
    return 0 if not place.inline and _is_next(text, place) else len(text)


def _sensible_end(body: str, place: Gap) -> int | None:
    """Where a block or paragraph ends, once the text has gone past it."""
    at, blank, seen = 0, False, False
    for number, line in enumerate(body.split("\n")):
        text = line.strip()
        if text.startswith("```") and seen and not place.prose:
            return at
        if number and text and seen:
            shallow = len(_indent(line)) < len(place.base) or (
                (blank or place.header) and len(_indent(line)) <= len(place.base)
            )
            if shallow or (blank and place.prose) or _is_next(line, place):
                return at
        blank = not text and (blank or (number > 0 and seen))
        seen = seen or bool(text)
        at += len(line) + 1
    return None


def _is_next(line: str, place: Gap) -> bool:
    text = line.strip()
    return len(text) >= _SAME_LINE and text == place.next_line


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def picture(pieces: tuple[Piece, ...], place: Gap, part: tuple[int, int]) -> tuple[Piece, ...]:
    """The pieces of a raw answer that will stand in the page."""
    seen, at = list[Piece](), 0
    if place.own:
        seen.append(Piece(place.own, "accepted"))
    for piece in pieces:
        first, end = max(0, part[0] - at), max(0, part[1] - at)
        at += len(piece.text)
        if piece.text[first:end]:
            seen.append(piece._replace(text=piece.text[first:end]))
    return tuple(seen)


def unset(task: Task, depth: str = "") -> Iterator[str]:
    """The names that the text after a gap uses before it sets them, where none is told before.

    A gap that is indented so much sets nothing for what is defined after its function, and what
    other functions call something says nothing of it.
    """
    before, after = task.before, task.after[:1500]
    if depth:
        ends = rf"\n[ \t]{{0,{len(depth) - 1}}}(?:async |def |class |@)"
        after = re.split(ends, after)[0]
        *above, own = re.split(ends, before)
        # Of another function its name, not what it is given.
        above[1:] = [re.sub(r"\A(\w+).*", r"\1", part) for part in above[1:]]
        before = own + "\n".join(_OUTSIDE.findall("\n".join(above)))
    after = _NO_CODE.sub("''", after)
    told = re.findall(r"[A-Za-z_]\w*", before)
    known = {*told, *keyword.kwlist, *keyword.softkwlist, *dir(builtins)}
    for row in after.split("\n"):
        # What is worked out comes before what is set by it; a loop's names before their use.
        bound = _names(_SET.findall(row))
        known.update(_names(_LOOPED.findall(row)))
        names = [name for name in _WORD.findall(row) if name not in known | bound]
        yield from dict.fromkeys(names)
        known.update(names, bound)


def _names(found: Iterable[Sequence[str]]) -> set[str]:
    return {name for parts in found for part in parts for name in re.findall(r"[A-Za-z_]\w*", part)}
