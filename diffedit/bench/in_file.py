"""Missing lines in the files that their functions stand in, as an editor has them.

A case's page holds the function and what it needs to be run, and is what the judge runs. A person
has the file open: what stands around the function is read by the model as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from diffedit.cases.case import Case
from diffedit.cases.source import Module

Sides = tuple[str, str]
"""The text before a gap, and the text after it."""


class Files:
    """The modules that cases come from, or some of them."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self._modules = {module.name: module for module in modules}

    def sides(self, case: Case) -> Sides:
        """What stands around the case's gap in its file, or on its page where there is no file."""
        alone = case.before, case.after
        module = self._modules.get(case.name.split("/")[1])
        if case.kind != "missing_line" or module is None or module.tree is None:
            return alone
        for node in module.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == case.function:
                text = module.rows(node.lineno, node.end_lineno or 0).rstrip("\n") + "\n"
                page = case.page(case.answer)
                if page.endswith(text):
                    return _around(module, node, case, len(page) - len(text))
        return alone


def _around(module: Module, node: ast.FunctionDef, case: Case, start: int) -> Sides:
    """`start` is where the function begins on the case's page."""
    above = module.rows(1, node.lineno - 1)
    below = module.rows((node.end_lineno or 0) + 1, len(module.lines))
    return above + case.before[start:], case.after + below
