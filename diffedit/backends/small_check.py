"""Answers checked against the syntax tree, after the model has given them: which are sound.

Nothing is computed here in the model's place. An answer that breaks the code, or that does
something else than a wish with one meaning in Python asks for, goes behind those that do not.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable

from diffedit.engine import hints, tree
from diffedit.engine.task import Task

LONGEST_PAGE = 100_000
"""A page of more characters is not parsed as a whole."""

_AWAY = r"\b(?:remove|delete|drop|strip|no|without|take out|get rid of|rid)\b.*"
_HINTS = r"\b(?:type[ -]?hints?|hints|(?:type )?annotations?|types)\b"
_ADD = r"^(?:please )?(?:add|write|put|give|insert|annotate|type|document|use)\b.*"
_NAME = r"[`'\"]?([A-Za-z_]\w*)[`'\"]?"
_RENAME = re.compile(
    rf"^(?:please )?(?:rename|change the name)(?: the)?(?: \w+)?? {_NAME} "
    rf"(?:to|into|as) {_NAME}\W*$"
    rf"|^(?:please )?call {_NAME} {_NAME}\W*$|^{_NAME} ?-> ?{_NAME}\W*$",
    re.IGNORECASE,
)

_REPAIR = re.compile(r"\b(?:fix|repair|syntax|pars\w+)\b", re.IGNORECASE)
MOST_REPAIRED = 6
"""Characters that the repair of a text that does not parse may put in or take out."""

Trees = tuple[ast.Module, ast.Module]
"""The old code and the new."""


def sound(task: Task, text: str) -> bool:
    """Whether the answer leaves the code whole and, where that can be told, does what was asked.

    True where nothing can be told: another language, code that did not parse by itself before.
    """
    if task.language.lower() != "python" or text == task.text:
        return True
    new = _tree(task, text)
    old = _tree(task, task.text) if task.mode == "rewrite" else None
    if new is None:
        # What could not be read before may be a part of something; a gap is read with its page.
        return task.mode != "rewrite" and not _readable(task)
    if old is None and task.mode == "rewrite" and _REPAIR.search(task.instruction):
        return distance(task.text, text) <= MOST_REPAIRED
    if old is None or task.mode != "rewrite":
        return True
    check = _check(task.instruction)
    return check is None or (
        check(old, new) and _comments(task, task.text) == _comments(task, text)
    )


def done(task: Task, text: str) -> bool:
    """Whether a sound rewrite is surely all that was asked for; False where that cannot be told."""
    if task.language.lower() != "python" or task.mode != "rewrite" or text == task.text:
        return False
    old, new = _tree(task, task.text), _tree(task, text)
    if old is None or new is None or not sound(task, text):
        return new is not None and sound(task, text)
    check = _check(task.instruction)
    if check is not _hints_added:
        return check is not None
    functions = [node for node in ast.walk(new) if isinstance(node, tree.FunctionNode)]
    page = tree.parse(task.before + text + task.after) or new
    return all(map(hints.complete, functions)) and hints.believable(page, functions)


def _comments(task: Task, text: str) -> list[str]:
    """The comments, a new name in them being as good as the old one."""
    found = tree.comments(_dedented(text))
    renamed = _RENAME.match(task.instruction.strip())
    if renamed:
        old, new = (name for name in renamed.groups() if name)
        found = sorted(re.sub(rf"\b{old}\b", new, comment) for comment in found)
    return found


def _readable(task: Task) -> bool:
    """Whether the page around a gap can be read at all, once something stands in the gap."""
    indent = task.text[: len(task.text) - len(task.text.lstrip(" "))]
    fillers = (f"{indent}pass", f"{indent}if 1:", f"{indent}return", "0")
    ends = ("", "\n")
    return any(_tree(task, filler + end) is not None for filler in fillers for end in ends)


def broken(task: Task) -> bool:
    """Whether Python of a rewrite cannot be read as it stands."""
    return task.language.lower() == "python" and _tree(task, task.text) is None


def _tree(task: Task, text: str) -> ast.Module | None:
    """The tree of the text by itself, or else of the page with it; a gap's only with its page."""
    alone = tree.parse(_dedented(text)) if task.mode == "rewrite" else None
    if alone is not None:
        return alone
    page = task.before + text + task.after
    return tree.parse(page) if len(page) <= LONGEST_PAGE else None


def _dedented(text: str) -> str:
    lines = text.split("\n")
    indents = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
    indent = min(indents, key=len, default="")
    return "\n".join(line.removeprefix(indent) for line in lines)


def _check(wish: str) -> Callable[[ast.Module, ast.Module], bool] | None:
    """The check for a wish with one meaning; None for any other."""
    wish = " ".join(wish.lower().split()) if not _RENAME.match(wish.strip()) else wish.strip()
    renamed = _RENAME.match(wish)
    if renamed:
        old, new = (name for name in renamed.groups() if name)
        return lambda before, after: _renamed(before, after, (old, new))
    if re.search(_AWAY + "docstring", wish):
        return _docstring_removed
    if re.search(_AWAY + _HINTS, wish):
        return _hints_removed
    if re.search(_ADD + r"\bdocstring|^(?:please )?document (?:it|this)\b", wish):
        return _docstring_added
    if re.search(_ADD + _HINTS + r"|^(?:please )?(?:annotate|type)\b", wish):
        return _hints_added
    return None


def _renamed(old: ast.Module, new: ast.Module, names: tuple[str, str]) -> bool:
    """What the old tree is with the new name in the old one's place; strings are no names."""
    return ast.dump(_Renamed(names).visit(old)) == ast.dump(new)


class _Renamed(ast.NodeTransformer):
    """One name in another's place, wherever a name stands."""

    def __init__(self, names: tuple[str, str]) -> None:
        self.old, self.new = names

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Every field that holds the name itself."""
        if not isinstance(node, ast.Constant):
            for field, value in ast.iter_fields(node):
                if value == self.old:
                    setattr(node, field, self.new)
        return super().generic_visit(node)


def _docstring_removed(old: ast.Module, new: ast.Module) -> bool:
    return _docstrings(new) < _docstrings(old) and _bare(old) == _bare(new)


def _docstring_added(old: ast.Module, new: ast.Module) -> bool:
    return _docstrings(new) > _docstrings(old) and _bare(old) == _bare(new)


def _hints_removed(old: ast.Module, new: ast.Module) -> bool:
    return _hints(new) == 0 and tree.without_hints(old) == tree.without_hints(new)


def _hints_added(old: ast.Module, new: ast.Module) -> bool:
    return _hints(new) > _hints(old) and tree.without_hints(old) == tree.without_hints(new)


_Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module


def _docstrings(code: ast.Module) -> int:
    return sum(
        ast.get_docstring(node) is not None
        for node in ast.walk(code)
        if isinstance(node, _Documented)
    )


def _bare(code: ast.Module) -> str:
    """The dump without any docstring."""
    for node in ast.walk(code):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return ast.dump(code)


def _hints(code: ast.Module) -> int:
    return sum(
        (getattr(node, "annotation", None) is not None)
        + (getattr(node, "returns", None) is not None)
        for node in ast.walk(code)
    )


def distance(old: str, new: str) -> int:
    """About how many characters were put in or taken out."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(old) + len(new) - 2 * same
