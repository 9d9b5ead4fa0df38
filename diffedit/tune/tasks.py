"""Tasks drawn from real functions: what a person may ask, with the true text as the answer."""

from __future__ import annotations

import ast
import builtins
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

from diffedit.backends import small_prompt, small_tuned
from diffedit.cases import edit, style
from diffedit.cases.case import Case, Kind
from diffedit.cases.source import Function
from diffedit.engine import tree
from diffedit.engine.task import Task

ASKS: dict[Kind, tuple[str, ...]] = {
    "repair": (
        *("fix the syntax error", "this does not parse, fix it", "repair the syntax"),
        *("fix the syntax", "fix this", "there is a syntax error here", "make it parse again"),
    ),
    "rename": (
        *("rename {old} to {new}", "rename the variable {old} to {new}", "call {old} {new}"),
        *("rename `{old}` to `{new}`", "change the name {old} to {new}", "{old} -> {new}"),
    ),
    "add_hints": (
        *("add type hints", "annotate the parameters and the return type", "add types"),
        *("add type annotations", "type this function", "annotate it"),
    ),
    "remove_hints": (
        *("remove the type hints", "remove all type annotations", "drop the type hints"),
        *("no type hints", "delete the annotations", "strip the types"),
    ),
    "add_docstring": (
        *("add a docstring", "write a short docstring", "document it", "add a one-line docstring"),
        *("write a docstring", "document this function"),
    ),
    "remove_docstring": (
        *("remove the docstring", "delete the docstring", "no docstring", "drop the docstring"),
        *("strip the docstring", "take the docstring out"),
    ),
    "with_statement": (
        *("use a with statement", "rewrite this with a with statement", "use with"),
        *("open the file in a with statement", "use a context manager"),
    ),
    "f_string": (
        *("use f-strings", "use an f-string instead of % formatting", "make it an f-string"),
        *("replace % formatting by f-strings", "f-strings, please"),
    ),
    "comprehension": (
        *("make it a comprehension", "use a comprehension instead of the loop"),
        *("use a comprehension", "turn the loop into a comprehension"),
    ),
}
"""What a person would type, by kind."""

SHARES: dict[Kind, float] = {
    "repair": 0.24,
    "rename": 0.16,
    "add_hints": 0.16,
    "remove_hints": 0.14,
    "add_docstring": 0.10,
    "remove_docstring": 0.06,
    "with_statement": 0.04,
    "f_string": 0.05,
    "comprehension": 0.05,
}
"""How often each kind of rewrite is drawn, as far as there are functions for it."""

GAPS = 0.25
"""The share of gaps, where gaps are trained on: a model that reads left to right fills them better
as it is."""

IN_FILE = 0.75
"""The share of gaps with their file around them, where only gaps are trained on."""

LONGEST_PAGE = 1400
"""Characters of a function with what is told of its surroundings."""
AROUND = (480, 200)
"""Characters before and after a gap that are told."""

SCARCE: tuple[Kind, ...] = ("with_statement", "f_string", "comprehension")
"""Kinds that few functions give."""
SHORT = (260, 110)
"""The same for most of them in training: a third of the work."""

_KNOWN = {*dir(builtins), *typing.__all__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One task as text. A gap has `before` and `after`; a rewrite has `code` and `wish`."""

    kind: Kind
    answer: str
    code: str = ""
    wish: str = ""
    before: str = ""
    after: str = ""


def draw(found: Sequence[Function], random: Random, count: int, *, gaps: bool) -> list[Item]:
    """`count` tasks (fewer if there are not enough functions), in a random order.

    `gaps`: lines that are missing are among them.
    """
    order = list(found)
    random.shuffle(order)
    names = _names(order[:2000])
    items: list[Item] = []
    shares = {kind: share * (1 - GAPS) for kind, share in SHARES.items()} if gaps else SHARES
    if gaps:
        shares["missing_line"] = GAPS
    for kind, share in shares.items():
        wanted = round(share * count)
        made = _of_kind(kind, order, random, names)
        items += [item for item, _ in zip(made, range(wanted), strict=False)]
        random.shuffle(order)
    random.shuffle(items)
    return items


def gaps(
    found: Sequence[Function], random: Random, count: int, files: Mapping[str, str]
) -> list[Item]:
    """`count` gaps (fewer if there are not enough functions), in a random order.

    `files`: the texts of modules by name. Most gaps are told as they stand there, since an editor
    has the file; the others, and those of modules that are not given, as on a small page.
    """
    order = list(found)
    random.shuffle(order)

    def drawn(function: Function) -> Item | None:
        file = files.get(function.module, "") if random.random() < IN_FILE else ""
        return missing(function, random, small_tuned.GAP_SIDES, file)

    items = list(islice(_thrice(order, drawn), count))
    random.shuffle(items)
    return items


def _of_kind(
    kind: Kind, order: Sequence[Function], random: Random, names: Sequence[str]
) -> Iterator[Item]:
    """Tasks of one kind, at most three of a function."""

    def drawn(function: Function) -> Item | None:
        if kind == "missing_line":
            return missing(function, random)
        return _rewrite(kind, function, random, names)

    return _thrice(order, drawn)


def _thrice(order: Sequence[Function], drawn: Callable[[Function], Item | None]) -> Iterator[Item]:
    """Tasks of these functions, round by round, the long ones left out."""
    for _ in range(3):
        for function in order:
            if len(function.text) <= LONGEST_PAGE and (item := drawn(function)) is not None:
                yield item


def _rewrite(kind: Kind, function: Function, random: Random, names: Sequence[str]) -> Item | None:
    words: dict[str, str] = {}
    if kind == "rename":
        renamed = _rename(function, random, names)
        if renamed is None:
            return None
        words, pair = renamed[0], (function.text, renamed[1])
    else:
        found = MAKERS[kind](function, random)
        if found is None:
            return None
        pair = found
    text, answer = pair
    span = small_prompt.shown(Task(text=text, before="", after="", instruction="", mode="rewrite"))
    rows = answer.split("\n")
    answer = "\n".join(row.removeprefix(span.indent) for row in rows)
    wish = random.choice(ASKS[kind]).format(**words)
    return Item(kind=kind, code=span.text, wish=wish, answer=answer)


# Rewrites --------------------------------------------------------------------------------------

Pair = tuple[str, str]
"""The function's text as it is given, and as it is wanted."""


def _repair(function: Function, random: Random) -> Pair | None:
    marks = list(edit.all_marks(function))
    random.shuffle(marks)
    for place, sign, doubled in marks[:6]:
        text = function.edited((place, place + 1, sign * 2 if doubled else ""))
        if tree.parse(function.before + text + function.after) is None:
            return text, function.text
    return None


def _rename(
    function: Function, random: Random, names: Sequence[str]
) -> tuple[dict[str, str], str] | None:
    own = sorted(edit.local_names(function))
    random.shuffle(own)
    for old in own[:4]:
        places = edit.places_of(function, old)
        said = len(re.findall(rf"\b{old}\b", function.page))
        new = random.choice(names)
        if not 2 <= len(places) <= 12 or said != len(places) or new in function.page:
            continue
        answer = function.edited(*((place, place + len(old), new) for place in places))
        return {"old": old, "new": new}, answer
    return None


def _add_hints(function: Function, _: Random) -> Pair | None:
    bare = _unhinted(function)
    return (bare, function.text) if bare is not None else None


def _remove_hints(function: Function, random: Random) -> Pair | None:
    bare = _unhinted(function, strict=False)
    if bare is not None:
        return function.text, bare
    # A third of them in the plain way, for functions that never had any.
    case = edit.remove_hints(function) if random.random() < 0.3 else None
    return (case.text, case.answer) if case else None


def _unhinted(function: Function, *, strict: bool = True) -> str | None:
    """The function without its hints; None where it has none, or ones that a page cannot show."""
    node = function.node
    arguments = [one for one in tree.all_arguments(node) if one.annotation]
    hints = [*(one.annotation for one in arguments), node.returns]
    if node.returns is None or any(isinstance(n, ast.AnnAssign) for n in ast.walk(node)):
        return None
    if strict:
        named = [n for hint in hints if hint for n in ast.walk(hint) if isinstance(n, ast.Name)]
        bare = [one for one in tree.all_arguments(node) if not one.annotation]
        if any(n.id not in _KNOWN for n in named) or any(
            one.arg not in {"self", "cls"} for one in bare
        ):
            return None
    edits = []
    page = function.page
    for one in arguments:
        assert one.annotation is not None
        start, end = function.start(one) + len(one.arg), function.end(one.annotation)
        spaced = re.match(r" = ", page[end:])
        edits.append((start, end + 3, "=") if spaced else (start, end, ""))
    end = function.end(node.returns)
    arrow = page.rfind("->", 0, function.start(node.returns))
    edits.append((len(page[:arrow].rstrip()), end, ""))
    bare_text = function.edited(*edits)
    return bare_text if tree.parse(function.before + bare_text + function.after) else None


def _add_docstring(function: Function, _: Random) -> Pair | None:
    """The answer has the first line of the docstring alone: that is what is asked for."""
    bare = edit.without_docstring_lines(function)
    if bare is None:
        return None
    first = function.node.body[0]
    told = ast.get_docstring(function.node) or ""
    line, __, rest = told.partition("\n")
    if not 12 <= len(line) <= 80 or (rest and not rest.startswith("\n")) or '"' in line:
        return None
    if "\\" in line or not line[0].isupper():
        return None
    short = function.edited(
        (function.start(first), function.end(first), f'"""{line.rstrip(".")}."""')
    )
    return bare, short


def _remove_docstring(function: Function, _: Random) -> Pair | None:
    bare = edit.without_docstring_lines(function)
    return (function.text, bare) if bare is not None and len(function.text) < 900 else None


def _styled(
    maker: Callable[[Function], Case | None],
) -> Callable[[Function, Random], Pair | None]:
    def made(function: Function, _: Random) -> Pair | None:
        case = maker(function)
        return (case.text, case.answer) if case else None

    return made


MAKERS: dict[Kind, Callable[[Function, Random], Pair | None]] = {
    "repair": _repair,
    "add_hints": _add_hints,
    "remove_hints": _remove_hints,
    "add_docstring": _add_docstring,
    "remove_docstring": _remove_docstring,
    "with_statement": _styled(style.with_statement),
    "f_string": _styled(style.f_string),
    "comprehension": _styled(style.comprehension),
}


def _names(found: Sequence[Function]) -> list[str]:
    """Names that people give: those of the functions' own variables, each as often as it is."""
    names = [name for function in found for name in sorted(edit.local_names(function))]
    return [name for name in names if len(name) > 2] + list(edit.NEW_NAMES)


# Gaps ------------------------------------------------------------------------------------------


def missing(
    function: Function, random: Random, around: tuple[int, int] = AROUND, file: str = ""
) -> Item | None:
    """One line of the function's body gone, or a few, with so many characters on both sides.

    They are those of its page, or of `file`, the text of its module, where it stands there once.
    """
    found = _rows(function, random)
    if found is None:
        return None
    (start, end), page = found, function.page
    if file.count(function.text) == 1:
        moved = file.find(function.text) - len(function.before)
        page, start, end = file, start + moved, end + moved
    left, right = around
    before, lead = page[:start].rstrip(" "), ""
    cut = max(0, len(before) - left)
    before = page[cut:start]
    if cut:
        before = before[before.find("\n") + 1 :]
    if before.endswith(" "):
        # Byte-level BPE joins the last space with the word: the answer begins with it.
        before, lead = before[:-1], " "
    after = page[end : end + right]
    if not before.strip():
        return None
    return Item(
        kind="missing_line",
        before=before,
        after=after[: after.rfind("\n")] if len(page) > end + right else after.rstrip("\n"),
        answer=lead + page[start:end],
    )


def _rows(function: Function, random: Random) -> tuple[int, int] | None:
    """Where on its page a line of its body begins, or of a few, and where it ends."""
    page, first = function.page, function.before.count("\n") + 1
    lines = page.split("\n")
    last = first + function.text.count("\n")
    head = function.node.body[0].lineno
    rows = [n for n in range(head - 1, last) if len(lines[n].strip()) >= 6]
    rows = [n for n in rows if '"""' not in lines[n] and not lines[n].strip().startswith("#")]
    if len(rows) < 3:
        return None
    row = random.choice(rows)
    count = 1 if random.random() < 0.8 else random.choice((2, 3))
    stop = min(row + count, last)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts[row] + len(lines[row]) - len(lines[row].lstrip()), starts[stop] - 1


def trimmed(item: Item, most: tuple[int, int] = SHORT) -> Item:
    """A gap with so many characters around it at most, cut at line ends."""
    below = item.after.removeprefix("\n")
    begin = item.after[: len(item.after) - len(below)]
    before, after = small_tuned.near(item.before, below, most)
    return replace(item, before=before, after=begin + after.rstrip("\n"))
