"""`diffedit bench quality`: how many held-out edits a model solves, and what the rest become."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from diffedit import __version__
from diffedit.bench import case_store, quality_table
from diffedit.bench.in_file import Files
from diffedit.bench.quality_judge import judge
from diffedit.bench.quality_table import Result
from diffedit.cases import source
from diffedit.cases.case import KINDS, PARTS, Case, Kind, Part
from diffedit.cli_parser import Parser
from diffedit.config import models
from diffedit.config.models import Model
from diffedit.core.document import Document
from diffedit.core.draft import Draft
from diffedit.core.errors import BackendError, ModelError, RequestError
from diffedit.core.span import Span
from diffedit.engine.params import DenoiseParams
from diffedit.worker.client import Client
from diffedit.worker.session import Session

PATIENCE_S = 300.0
"""An edit that takes longer counts as failed."""

MOST_FAILURES = 5
"""So many failures in a row are no figure of quality, but a model that does not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Who is asked, and how."""

    model: Model
    params: DenoiseParams
    files: Files = field(default_factory=Files)
    """Where the files of the cases are; none: a page is all that is shown."""
    device: str = "auto"


def main(words: Sequence[str]) -> int:
    """Score a model, and print a table or one JSON object. Raises DiffeditError."""
    given = _parser().parse_args(words)
    kinds = kinds_of(given.kinds)
    if given.limit is not None and given.limit < 1:
        raise RequestError("--limit must be a whole number from 1 up.")
    model = models.find(given.model)
    if not model.installed:
        hint = f"`diffedit models pull {model.name}` fetches it."
        raise ModelError(f"{model.name} is not on this machine.", hint=hint)
    params = DenoiseParams(seed=given.seed)
    part: Part = given.part
    cases = case_store.chosen(case_store.cases(part, say), kinds, given.limit)
    alone = given.alone or "missing_line" not in kinds
    files = Files() if alone else Files(source.modules())
    setup = Setup(model=model, params=params, files=files, device=given.device)
    figures: dict[str, Any] = {"part": part, "seed": given.seed, "asked": len(cases)}
    figures["missing_lines"] = "alone" if given.alone else "in their files"
    results: list[Result] = []
    try:
        figures |= asyncio.run(measure(cases, setup, results))
    except KeyboardInterrupt:
        # Hours may lie in what there is.
        show(figures | {"model": model.name}, results, as_json=given.json)
        raise
    show(figures, results, as_json=given.json)
    return 0


def show(figures: Mapping[str, Any], results: Sequence[Result], *, as_json: bool) -> None:
    """The figures on stdout: one JSON object, or a table."""
    if as_json:
        sys.stdout.write(json.dumps(told(figures, results), indent=2) + "\n")
    else:
        head = "  ".join(f"{name} {value}" for name, value in figures.items())
        sys.stdout.write(f"{head}\n\n{quality_table.table(results)}\n")


def _parser() -> Parser:
    parser = Parser(
        prog="diffedit bench quality",
        description="Score a model on held-out edits of this Python's own library. The answers are "
        "checked: trees are compared, missing lines are run in a sandbox.",
        epilog=f"Kinds: {', '.join(KINDS)}.",
    )
    parser.add_argument("--model", default="small", metavar="NAME", help="the model to score")
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu or cuda")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N cases, of all kinds")
    parser.add_argument("--kinds", metavar="A,B", help="only these kinds of edits")
    parser.add_argument(
        "--part", choices=PARTS[1:], default="test", help="tune on validation, report test"
    )
    parser.add_argument(
        "--alone",
        action="store_true",
        help="show a function with a line missing without the file that it stands in",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the model's seed")
    parser.add_argument("--json", action="store_true", help="one JSON object, every answer in it")
    return parser


def kinds_of(words: str | None) -> list[Kind]:
    """The kinds that `a,b` names; all of them for nothing. Raises RequestError."""
    if not words:
        return list(KINDS)
    asked = [word.strip() for word in words.split(",") if word.strip()]
    unknown = ", ".join(sorted(set(asked) - set(KINDS)))
    if unknown or not asked:
        raise RequestError(
            f"No kind of edit is named {unknown or words}.",
            hint=f"There are: {', '.join(KINDS)}.",
        )
    return [kind for kind in KINDS if kind in asked]


def told(figures: Mapping[str, Any], results: Sequence[Result]) -> dict[str, Any]:
    """All that was measured, for JSON."""
    return {
        "diffedit": __version__,
        "python": platform.python_version(),
        **figures,
        "kinds": quality_table.by_kind(results),
        "groups": quality_table.by_group(results),
        "results": [quality_table.told(result) for result in results],
    }


async def measure(
    cases: Sequence[Case],
    setup: Setup,
    results: list[Result],
    *,
    report: Callable[[str], None] | None = None,
) -> dict[str, str]:
    """Score into `results`, and tell what ran. Raises DiffeditError when the model does not run."""
    report = report or say
    client = Client()
    try:
        report(f"loading {setup.model.name}")
        loaded = await client.load(setup.model, setup.device)
        async with aclosing(score(cases, setup, client)) as scored:
            async for result in scored:
                results.append(result)
                solved = sum(one.verdict == "solved" for one in results)
                report(f"{len(results)} of {len(cases)}, solved {solved}: {result.case.kind}")
        return {"model": loaded.model, "backend": loaded.backend, "device": loaded.device}
    finally:
        report("")
        await client.close()


async def score(
    cases: Sequence[Case], setup: Setup, client: Client
) -> AsyncGenerator[Result, None]:
    """How each case goes, one after the other. Raises BackendError after failures in a row."""
    failures = 0
    for case in cases:
        draft = await answer(case, setup, client)
        # The judge waits for a process of its own; the worker's wire must be read meanwhile.
        result = await asyncio.to_thread(judged, case, draft)
        yield result
        failures = failures + 1 if result.verdict == "failed" else 0
        if failures == MOST_FAILURES:
            raise BackendError(f"{failures} edits in a row failed: {result.message}")


async def answer(case: Case, setup: Setup, client: Client) -> Draft:
    """The draft that the editor would show for this case: the same door, the same page."""
    before, after = setup.files.sides(case)
    session = Session(Document(before + case.text + after), client)
    span = Span(len(before), len(before) + len(case.text))
    drafts = session.rewrite(
        span,
        instruction=case.instruction,
        mode=case.mode,
        params=setup.params,
        model=setup.model,
        language="python",
        device=setup.device,
    )
    last = Draft(span=span, original=case.text)
    try:
        async with asyncio.timeout(PATIENCE_S), aclosing(drafts):
            async for draft in drafts:
                last = draft
    except TimeoutError:
        return last.ended("failed", f"No answer within {PATIENCE_S:g} s.")
    return last


def judged(case: Case, draft: Draft) -> Result:
    """The verdict on the draft's first text; the others only count for what any would solve."""
    figures = draft.figures
    if draft.status != "settled":
        message = draft.message or f"The draft came to nothing: {draft.status}."
        return Result(case=case, verdict="failed", solved_by_any=False, message=message)
    first, *others = draft.texts
    verdict = judge(case, first)
    return Result(
        case=case,
        verdict=verdict,
        solved_by_any=verdict == "solved" or any(judge(case, one) == "solved" for one in others),
        text=first,
        steps=figures.steps,
        seconds=figures.elapsed_ms / 1000,
        tokens_per_step=figures.tokens_per_step,
        message=draft.message,
    )


def say(what: str) -> None:
    """What goes on, on one line that is written over, for who waits at a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what[:78]}")
        sys.stderr.flush()
