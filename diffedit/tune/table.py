"""The table at the end: held-out edits, asked of the untuned model and of the tuned one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from diffedit.backends.small import SmallBackend
from diffedit.core.errors import DiffeditError
from diffedit.engine import tree
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Outcome
from diffedit.engine.task import Task
from diffedit.tune.tasks import Item


@dataclass(slots=True)
class Tally:
    """How many of a kind of edit came out."""

    asked: int = 0
    right: dict[str, int] = field(default_factory=dict)


def table(model: Path, adapter: Path, held: Sequence[Item]) -> str:
    """Edits answered with the true text (or the same syntax tree), by kind and model."""
    tallies: dict[str, Tally] = {}
    for name, option in (("untuned", "none"), ("tuned", str(adapter))):
        backend = SmallBackend(str(model), "cpu", {"adapter": option})
        backend.load(lambda *_: None)
        for item in held:
            tally = tallies.setdefault(item.kind, Tally())
            tally.asked += name == "untuned"
            tally.right[name] = tally.right.get(name, 0) + right(item, answer(backend, item))
    total = Tally(sum(one.asked for one in tallies.values()))
    for name in ("untuned", "tuned"):
        total.right[name] = sum(one.right[name] for one in tallies.values())
    lines = [f"{'held-out edits':<18}{'asked':>7}{'untuned':>9}{'tuned':>7}"]
    for kind, tally in [*sorted(tallies.items()), ("all", total)]:
        right_ = tally.right
        lines.append(f"{kind:<18}{tally.asked:>7}{right_['untuned']:>9}{right_['tuned']:>7}")
    return "\n".join(lines)


def answer(backend: SmallBackend, item: Item) -> str:
    """What the model gives first; "" where it gives nothing."""
    gap = item.kind == "missing_line"
    lead = " " if item.answer.startswith(" ") else ""
    task = Task(
        text=item.code,
        before=item.before + lead,
        after=item.after,
        instruction=item.wish,
        mode="infill" if gap else "rewrite",
        language="python",
    )
    try:
        *_, last = backend.rewrite(task, DenoiseParams(), lambda: False)
    except DiffeditError:
        return ""
    assert isinstance(last, Outcome)
    return lead + last.text if gap else last.text


def right(item: Item, text: str) -> bool:
    """Whether the answer is the true one, or the same code."""
    if text.strip() == item.answer.strip():
        return True
    found, wanted = tree.parse(text), tree.parse(item.answer)
    if item.kind == "missing_line" or found is None or wanted is None:
        return False
    return tree.dump(found) == tree.dump(wanted)
