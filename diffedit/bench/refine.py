"""`diffedit bench refine`: parallel refinement against a token at a time, on the same model.

Each edit is decoded twice from the same prompt in the same process: token by token, then with the
selection as the first canvas. The texts must be the same, token for token.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from statistics import median
from typing import Any, NoReturn, Protocol, cast

from diffedit import __version__
from diffedit.bench.figures import rounded
from diffedit.config import models, plugins
from diffedit.core.errors import ModelError, RequestError
from diffedit.engine.backend import CausalDenoiser
from diffedit.engine.causal import Limits, Row, Window, decode_rows
from diffedit.engine.guess import Source
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import RowsRequest
from diffedit.engine.task import Task

KEPT = 0.8
"""Edits that keep more than this share of the selection are what the editor is for."""

_READ = """\
def read_config(path, encoding="utf-8"):
    values = {}
    with open(path, encoding=encoding) as source:
        for number, line in enumerate(source, start=1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            name, equals, value = line.partition("=")
            if not equals:
                raise ValueError(f"{path}:{number}: no value")
            values[name.strip()] = value.strip()
    return values
"""
_GREET = """\
class Greeter:
    def __init__(self, name, mark="!"):
        self.name = name
        self.mark = mark

    def greet(self):
        return "Hello, " + self.name + self.mark

    def part(self):
        return "Good bye, " + self.name + self.mark
"""
_ACCOUNT = """\
class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        self.balance += amount
        return self.balance

    def withdraw(self, amount):
        if amount > self.balance:
            raise ValueError("not enough money")
        self.balance -= amount
        return self.balance
"""
_MERGE = """\
def merge(left, right):
    result = []
    while left and right:
        if left[0] <= right[0]:
            result.append(left.pop(0))
        else:
            result.append(right.pop(0))
    result.extend(left)
    result.extend(right)
    return result
"""
EDITS = (
    (_READ, "Change the default encoding to latin-1"),
    (_READ, "Correct the spelling"),
    (_ACCOUNT, "Change the message to 'no money'"),
    (_ACCOUNT, "Set the default balance to 100"),
    (_GREET, "Use f-strings"),
    (_GREET, "Change Hello to Welcome"),
    (_MERGE, "Add a comment at the top"),
    (_MERGE, "Use < instead of <="),
)


class Asked(Protocol):
    """A backend that tells what it would ask its left-to-right model."""

    def asked(self, task: Task, params: DenoiseParams) -> tuple[CausalDenoiser, RowsRequest]:
        """The denoiser, and the task in tokens."""


def main(words: Sequence[str]) -> int:
    """Measure, and print a table or one JSON object. Raises DiffeditError."""
    given = _parser().parse_args(words)
    found = models.find(given.model)
    if not found.installed:
        raise ModelError(f"{given.model} is not on this machine.")
    backend = plugins.backend(found.backend)(found.path, given.device, found.options)
    backend.load(lambda *_told: None)
    if not hasattr(backend, "asked") or backend.abilities.noise != "causal":
        raise ModelError(f"{found.name} is no left-to-right model.", hint="Try another --model.")
    figures = list(measure(cast("Asked", backend)))
    told: dict[str, Any] = {"diffedit": __version__, "model": backend.model}
    told |= {"backend": backend.name, "device": backend.device}
    told |= {**summary(figures), "edits": figures}
    sys.stdout.write((json.dumps(told, indent=2) if given.json else table(told)) + "\n")
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, like every other command."""

    def error(self, message: str) -> NoReturn:
        """Raise RequestError."""
        raise RequestError(f"{message}.", hint=f"See `{self.prog} --help`.")


def _parser() -> _Parser:
    parser = _Parser(
        prog="diffedit bench refine",
        description="Parallel refinement against token-by-token decoding, on one model in one run.",
    )
    parser.add_argument("--model", default="small", metavar="NAME", help="a left-to-right model")
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    return parser


def measure(backend: Asked) -> Iterator[dict[str, Any]]:
    """Each edit in both ways, the prompt read before either."""
    for text, wish in EDITS:
        task = Task(text=text, instruction=wish, language="python")
        denoiser, request = backend.asked(task, DenoiseParams(candidates=1))
        request = replace(request, temperatures=(0.0,))
        denoiser.prefill(request.prefix)
        plain, plain_looks, plain_s = decoded(denoiser, request, Window(least=1, most=1, filler=0))
        ids, looks, refined_s = decoded(denoiser, request, request.window)
        yield {
            "wish": wish,
            "tokens": len(plain),
            "kept": rounded(kept(request.start, plain)),
            "same": ids == plain,
            "looks": [plain_looks, looks],
            "seconds": [rounded(plain_s), rounded(refined_s)],
            "ratio": rounded(plain_s / refined_s),
        }


def decoded(
    denoiser: CausalDenoiser, request: RowsRequest, window: Window
) -> tuple[list[int], int, float]:
    """The answer, the looks that it took, and the seconds. One slot at a time looks ahead not."""
    alone = window.most == 1
    source = Source(() if alone else request.start, () if alone else request.nearby)
    row = Row(temperature=0.0, noise_seed=0, source=source, window=window.first(1))
    limits = Limits(tokens=request.max_tokens or 256, stop=request.stop, circles=request.circles)
    clock = time.perf_counter()
    looks = sum(1 for _ in decode_rows(denoiser, [row], limits, window))
    return row.settled, looks, time.perf_counter() - clock


def kept(before: Sequence[int], after: Sequence[int]) -> float:
    """Share of the selection's tokens that stand in the answer, in order."""
    matcher = SequenceMatcher(None, list(before), list(after), autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / max(1, len(before))


def summary(figures: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Over the edits that keep most of the selection."""
    small = [edit for edit in figures if edit["kept"] > KEPT]
    return {
        "small_edits": len(small),
        "ratio": rounded(median(edit["ratio"] for edit in small)) if small else None,
        "least_ratio": min((edit["ratio"] for edit in small), default=None),
        "all_same": all(edit["same"] for edit in figures),
    }


def table(told: dict[str, Any]) -> str:
    """One edit a line, then what it comes to."""
    lines = [f"{told['model']} ({told['backend']}, {told['device']})", ""]
    lines.append(f"{'edit':<48} tokens  kept  looks      seconds      ratio  same")
    for edit in told["edits"]:
        looks, seconds = (f"{a} → {b}" for a, b in (edit["looks"], edit["seconds"]))
        lines.append(
            f"{edit['wish']:<48} {edit['tokens']:>6}  {edit['kept']:.0%}  {looks:<9}  "
            f"{seconds:<11}  {edit['ratio']:>5}  {'yes' if edit['same'] else 'NO'}"
        )
    lines.append("")
    lines.append(
        f"{told['small_edits']} edits keep over {KEPT:.0%} of the selection: "
        f"{told['ratio']} times as fast as token by token (least {told['least_ratio']})"
    )
    return "\n".join(lines)
