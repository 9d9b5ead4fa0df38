"""Judge an answer: solved, or in which way not. Trees are compared; missing lines are run."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable
from typing import Literal, get_args

from diffedit.bench import sandbox
from diffedit.bench.sandbox import Limits
from diffedit.cases.case import Case, Kind
from diffedit.cases.folding import Comprehensions, Folder, FStrings, Withs, folded
from diffedit.engine.hints import believable
from diffedit.engine.tree import (
    blurred,
    comments,
    dump,
    hints,
    named,
    parse,
    without_docstring,
    without_hints,
)

Verdict = Literal["solved", "no_change", "broken", "outside", "wrong", "failed"]
"""no_change: the same code. broken: does not parse. outside: more than was asked for was changed.
wrong: only what was asked for was changed, but not rightly. failed: the model gave no answer.
"""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

LIMITS = Limits(call_s=0.3, cpu_s=4)
"""The calls were chosen among those that take less than a third of it."""


def judge(case: Case, text: str) -> Verdict:
    """The verdict on `text` as the answer to `case`."""
    if text == case.text:
        return "no_change"
    page = case.page(text)
    tree = parse(page)
    if tree is None:
        return "broken"
    asked = parse(case.page(case.text))
    if asked is not None and dump(asked) == dump(tree) and case.mode == "rewrite":
        return "no_change"
    verdict = _JUDGES[case.kind](case, text)
    if verdict == "solved" and case.mode == "rewrite" and _comments_differ(case, page):
        return "outside"
    return verdict


def _tree(case: Case, text: str) -> ast.Module:
    """A tree of its own for each comparison: some of them are made by changing it."""
    tree = parse(case.page(text))
    assert tree is not None
    return tree


def _comments_differ(case: Case, page: str) -> bool:
    found, wanted = comments(page), comments(case.page(case.answer))
    if case.kind == "rename":
        # A comment that speaks of the name may follow it or not.
        found = sorted(re.sub(rf"\b{case.old}\b", case.new, comment) for comment in found)
        wanted = sorted(re.sub(rf"\b{case.old}\b", case.new, comment) for comment in wanted)
    return found != wanted


def _strays(case: Case, text: str) -> bool:
    """Whether a line outside the region that the ask is about was changed or lost."""
    old = [line.strip() for line in case.text.split("\n")]
    new = [line.strip() for line in text.split("\n")]
    first, last = case.region
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return any(
        start < first or end > last
        for tag, start, end, _, _ in matcher.get_opcodes()
        if tag != "equal"
    )


# One for each kind -----------------------------------------------------------------------------


def _missing_line(case: Case, text: str) -> Verdict:
    return "solved" if behaves(case, text) else "wrong"


def behaves(case: Case, text: str) -> bool:
    """Whether the function does for every call what the original did."""
    try:
        given = sandbox.run([case.page(text)], case.function, case.calls, limits=LIMITS)
    except sandbox.SandboxError:
        return False
    return tuple(given[0]) == case.expected


def _repair(case: Case, text: str) -> Verdict:
    if dump(_tree(case, text)) == dump(_tree(case, case.answer)):
        return "solved"
    return "outside" if _strays(case, text) else "wrong"


def _rename(case: Case, text: str) -> Verdict:
    if dump(_tree(case, text)) == dump(_tree(case, case.answer)):
        return "solved"
    found = blurred(_tree(case, text), case.old, case.new)
    wanted = blurred(_tree(case, case.answer), case.old, case.new)
    return "wrong" if found == wanted else "outside"


def _add_hints(case: Case, text: str) -> Verdict:
    tree = _tree(case, text)
    if without_hints(_tree(case, text)) != without_hints(_tree(case, case.text)):
        return "outside"
    wanted = len(hints(_tree(case, case.answer), case.function)) - _stars(case)
    found = hints(tree, case.function)
    return (
        "solved"
        if len(found) >= wanted and believable(tree, named(tree, case.function))
        else "wrong"
    )


def _stars(case: Case) -> int:
    """How many * and ** the function has: to leave them without a hint is fine."""
    functions = named(_tree(case, case.answer), case.function)
    return sum((f.args.vararg is not None) + (f.args.kwarg is not None) for f in functions)


def _remove_hints(case: Case, text: str) -> Verdict:
    if dump(_tree(case, text)) == dump(_tree(case, case.answer)):
        return "solved"
    same = without_hints(_tree(case, text)) == without_hints(_tree(case, case.answer))
    return "wrong" if same else "outside"


def _add_docstring(case: Case, text: str) -> Verdict:
    bare = without_docstring(_tree(case, text), case.function)
    if bare != without_docstring(_tree(case, case.text), case.function):
        return "outside"
    said = [ast.get_docstring(function) for function in named(_tree(case, text), case.function)]
    return "solved" if all(doc and len(doc.split()) >= 2 for doc in said) else "wrong"


def _remove_docstring(case: Case, text: str) -> Verdict:
    if dump(_tree(case, text)) == dump(_tree(case, case.answer)):
        return "solved"
    bare = without_docstring(_tree(case, text), case.function)
    wanted = without_docstring(_tree(case, case.answer), case.function)
    return "wrong" if bare == wanted else "outside"


def _style(folder: type[Folder]) -> Callable[[Case, str], Verdict]:
    """The judge of a kind in which the long form is to be folded into the short one."""

    def judged(case: Case, text: str) -> Verdict:
        found, left = folded(folder(), _tree(case, text))
        wanted, spared = folded(folder(), _tree(case, case.answer))
        if found == wanted:
            return "solved" if left <= spared else "wrong"
        return "outside" if _strays(case, text) else "wrong"

    return judged


_JUDGES: dict[Kind, Callable[[Case, str], Verdict]] = {
    "missing_line": _missing_line,
    "repair": _repair,
    "rename": _rename,
    "add_hints": _add_hints,
    "remove_hints": _remove_hints,
    "add_docstring": _add_docstring,
    "remove_docstring": _remove_docstring,
    "with_statement": _style(Withs),
    "f_string": _style(FStrings),
    "comprehension": _style(Comprehensions),
}
