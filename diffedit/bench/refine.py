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
from typing import Any, Protocol, cast

from diffedit import __version__
from diffedit.bench import refine_wide
from diffedit.bench.figures import rounded
from diffedit.bench.refine_edits import EDITS
from diffedit.bench.work import loaded
from diffedit.cli_parser import Parser, named
from diffedit.core.errors import ModelError
from diffedit.engine.backend import Backend, CausalDenoiser
from diffedit.engine.causal import Limits, Row, Window, decode_rows
from diffedit.engine.guess import Source
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import RowsRequest
from diffedit.engine.task import Task

KEPT = 0.8
"""Edits that keep more than this share of the selection are what the editor is for."""


class Asked(Protocol):
    """A backend that tells what it would ask its left-to-right model."""

    def asked(self, task: Task, params: DenoiseParams) -> tuple[CausalDenoiser, RowsRequest]:
        """The denoiser, and the task in tokens."""


def main(words: Sequence[str]) -> int:
    """Measure, and print a table or one JSON object. Raises DiffeditError."""
    given = _parser().parse_args(words)
    options = named(given.option)
    if given.wide:
        with refine_wide.loaded(options) as backend:
            return _tell(backend, given)
    return _tell(loaded(given.model, given.device, options), given)


def _tell(backend: Backend, given: argparse.Namespace) -> int:
    """Measure one model and print it. Raises DiffeditError."""
    if not hasattr(backend, "asked") or backend.abilities.noise != "causal":
        raise ModelError(f"{given.model} is no left-to-right model.", hint="Try another --model.")
    figures = list(measure(cast("Asked", backend), max(1, given.repeats)))
    told: dict[str, Any] = {"diffedit": __version__, "model": backend.model}
    told |= {"backend": backend.name, "device": backend.device}
    told |= {**summary(figures), "edits": figures}
    sys.stdout.write((json.dumps(told, indent=2) if given.json else table(told)) + "\n")
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="diffedit bench refine",
        description="Parallel refinement against token-by-token decoding, on one model in one run.",
    )
    parser.add_argument("--model", default="small", metavar="NAME", help="a left-to-right model")
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda")
    parser.add_argument(
        "--wide", action="store_true", help="the model in the box, as large as one of a billion"
    )
    parser.add_argument(
        "--option", action="append", default=[], metavar="K=V", help="a word for the backend"
    )
    parser.add_argument("--repeats", type=int, default=1, metavar="N", help="the best of N turns")
    parser.add_argument("--json", action="store_true", help="figures as one JSON object")
    return parser


def measure(backend: Asked, repeats: int = 1) -> Iterator[dict[str, Any]]:
    """Each edit in both ways by turns, the prompt read before either; the best time of each."""
    for text, wish in EDITS:
        task = Task(text=text, instruction=wish, language="python")
        denoiser, request = backend.asked(task, DenoiseParams(candidates=1))
        request = replace(request, temperatures=(0.0,))
        denoiser.prefill(request.prefix)
        alone = Window(least=1, most=1, filler=0)
        turns = [
            (decoded(denoiser, request, alone), decoded(denoiser, request, request.window))
            for _ in range(repeats)
        ]
        (plain, plain_looks, _), (ids, looks, _) = turns[0]
        plain_s, refined_s = (min(turn[way][2] for turn in turns) for way in (0, 1))
        yield {
            "wish": wish,
            "tokens": len(plain),
            "kept": rounded(kept(request.start, plain)),
            "changed": plain != list(request.start),
            "same": ids == plain,
            "looks": [plain_looks, looks],
            "tokens_per_look": rounded(len(ids) / looks),
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
    """Over the edits that keep most of the selection, and over those of them that change it."""
    small = [edit for edit in figures if edit["kept"] > KEPT]
    changed = [edit for edit in small if edit["changed"]]
    return {
        "small_edits": len(small),
        "ratio": _median(small, "ratio"),
        "least_ratio": min((edit["ratio"] for edit in small), default=None),
        "tokens_per_look": _median(small, "tokens_per_look"),
        "changing": len(changed),
        "changing_ratio": _median(changed, "ratio"),
        "changing_tokens_per_look": _median(changed, "tokens_per_look"),
        "all_same": all(edit["same"] for edit in figures),
    }


def _median(figures: Sequence[dict[str, Any]], name: str) -> float | None:
    return rounded(median(edit[name] for edit in figures)) if figures else None


def table(told: dict[str, Any]) -> str:
    """One edit a line, then what it comes to."""
    lines = [f"{told['model']} ({told['backend']}, {told['device']})", ""]
    lines.append(
        f"{'edit':<40} tokens   kept  passes     tokens a pass  seconds        ratio  same"
    )
    for edit in told["edits"]:
        looks, seconds = (f"{a} → {b}" for a, b in (edit["looks"], edit["seconds"]))
        lines.append(
            f"{edit['wish']:<40} {edit['tokens']:>6}  {edit['kept']:>5.0%}  {looks:<9}  "
            f"{edit['tokens_per_look']:>13}  {seconds:<13}  {edit['ratio']:>5}  "
            f"{'yes' if edit['same'] else 'NO'}"
        )
    lines.append("")
    lines.append(
        f"{told['small_edits']} edits keep over {KEPT:.0%} of the selection: in the median "
        f"{told['tokens_per_look']} tokens a pass, {told['ratio']} times as fast as token by token "
        f"(least {told['least_ratio']})"
    )
    lines.append(
        f"{told['changing']} of them change something: {told['changing_tokens_per_look']} tokens "
        f"a pass, {told['changing_ratio']} times as fast"
    )
    return "\n".join(lines)
