"""Figures of quality: by kind, by group, in all; as a table for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diffedit.bench.quality_judge import VERDICTS, Verdict
from diffedit.cases.case import KINDS, Case, Kind

GROUPS: dict[str, tuple[Kind, ...]] = {
    "infill": ("missing_line",),
    "mechanical": (
        *("repair", "rename", "add_hints", "remove_hints"),
        *("add_docstring", "remove_docstring"),
    ),
    "style": ("with_statement", "f_string", "comprehension"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one case went."""

    case: Case
    verdict: Verdict
    solved_by_any: bool
    """Whether the answer or one of its alternatives solves it."""
    text: str = ""
    """The answer."""
    steps: int = 0
    seconds: float = 0.0
    tokens_per_step: float | None = None
    message: str = ""
    """Why the model failed, where it did."""


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """Figures of some results: how many have each verdict, and what they cost on average."""
    count = len(results)
    found: dict[str, Any] = {"cases": count}
    found |= {name: sum(one.verdict == name for one in results) for name in VERDICTS}
    found["solved_by_any"] = sum(one.solved_by_any for one in results)
    rates = [one.tokens_per_step for one in results if one.tokens_per_step]
    found["tokens_per_step"] = round(sum(rates) / len(rates), 2) if rates else None
    found["steps"] = round(sum(one.steps for one in results) / count, 1) if count else 0.0
    found["seconds"] = round(sum(one.seconds for one in results) / count, 3) if count else 0.0
    return found


def by_kind(results: Sequence[Result]) -> dict[str, dict[str, Any]]:
    """Figures for each kind that was asked for."""
    rows = {kind: [one for one in results if one.case.kind == kind] for kind in KINDS}
    return {kind: summary(row) for kind, row in rows.items() if row}


def by_group(results: Sequence[Result]) -> dict[str, dict[str, Any]]:
    """Figures for each group of kinds, and for all."""
    rows = {
        group: [one for one in results if one.case.kind in kinds] for group, kinds in GROUPS.items()
    }
    return {group: summary(row) for group, row in (rows | {"all": list(results)}).items() if row}


def told(result: Result) -> dict[str, Any]:
    """One result, for JSON."""
    return {
        "case": result.case.name,
        "kind": result.case.kind,
        "verdict": result.verdict,
        "solved_by_any": result.solved_by_any,
        "steps": result.steps,
        "seconds": round(result.seconds, 3),
        "tokens_per_step": result.tokens_per_step,
        "answer": result.text,
        "message": result.message,
    }


_COLUMNS = {
    "solved": "solved",
    "solved_by_any": "by any",
    "no_change": "no change",
    "broken": "broken",
    "outside": "outside",
    "wrong": "wrong",
    "failed": "failed",
}


def table(results: Sequence[Result]) -> str:
    """The figures for people. Shares are of the row's cases; steps and seconds are means."""
    heads = "".join(f"{head:>9}" for head in list(_COLUMNS.values()))
    lines = [f"{'':<16}{'cases':>6}{heads}{'steps':>7}{'seconds':>8}"]
    lines += [_row(name, figures) for name, figures in by_kind(results).items()]
    lines.append("")
    lines += [_row(name, figures) for name, figures in by_group(results).items()]
    lines.append("")
    lines.append(
        "by any: the answer or one of its alternatives; outside: more was changed than asked"
    )
    lines.append(
        "for; wrong: only what was asked for, but not rightly; steps and seconds are means."
    )
    return "\n".join(lines)


def _row(name: str, figures: dict[str, Any]) -> str:
    cells = f"{name:<16}{figures['cases']:>6}"
    for column in _COLUMNS:
        number = figures[column]
        share = f"{number} {100 * number / figures['cases']:3.0f}%" if number else "-"
        cells += f"{share:>9}"
    return f"{cells}{figures['steps']:>7.1f}{figures['seconds']:>8.2f}"
