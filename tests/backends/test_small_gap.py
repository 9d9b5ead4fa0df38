"""Gaps for the model in the box: how lines may begin, which are kept, which come first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny_gguf

from diffedit.backends import small_gap, small_tuned
from diffedit.backends.small import SmallBackend
from diffedit.backends.small_edit import TunedEdits
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Outcome, Started, Step
from diffedit.engine.task import Task


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> SmallBackend:
    return tiny_gguf.loaded(tmp_path_factory.mktemp("model"))


def gap(before: str, text: str, after: str) -> Task:
    return Task(text=text, before=before, after=after, mode="infill", language="python")


def heads(backend: SmallBackend, task: Task) -> list[str]:
    """How the lines for a gap may begin."""
    denoiser, request = backend.asked(task, DenoiseParams())
    place = backend._edits().place(task)
    found = small_gap.Gaps(denoiser, task, request, place, "")._heads()
    return [head for head, _ in found]


def test_lines_begin_as_the_code_around_the_gap_suggests(backend: SmallBackend) -> None:
    """With what is used below and set nowhere; with what opens a block, where one follows."""
    total = gap("def f(xs):\n    ", "", "\n    return sum(xs) / count\n")
    assert heads(backend, total) == ["", "return", "count ="]
    block = gap("def f(xs):\n    ", "", "\n        print(x)\n")
    assert heads(backend, block) == ["", *small_gap.OPENERS]
    fresh = gap("def f(xs):\n", "", "    return count\n")
    assert heads(backend, fresh) == ["", "    return", "    count ="]
    prose = Task(text="", before="Dear\n", after="\n", mode="infill", language="markdown")
    assert heads(backend, prose) == [""]


def test_names_that_are_told_of_before_the_gap_are_not_unset() -> None:
    """Neither are Python's own, nor those that the text after the gap sets itself."""
    task = gap("def f(xs):\n", "", "    total = sum(xs)\n    return total / count, len(xs)\n")
    assert small_gap.unset(task) == ["total", "count"]


def test_a_line_with_a_fault_stands_behind_one_without(backend: SmallBackend) -> None:
    """What does not parse is last, remarks before it, faults cost nats."""
    task = gap("def f(a, b):\n    ", "", "\n    return c\n")
    denoiser, request = backend.asked(task, DenoiseParams())
    gaps = small_gap.Gaps(denoiser, task, request, backend._edits().place(task), "")
    lines = ["c = a + b", "c = a", "return a + b", "# add", "c = ("]
    against = [gaps._against(line) for line in lines]
    assert against == sorted(against)
    assert against[0] == 0


@pytest.mark.parametrize("text", ["", "    pass\n"])
def test_a_gap_is_started_stepped_and_filled(backend: SmallBackend, text: str) -> None:
    """Steps count from 1; every answer is one line, each once."""
    task = gap("def f(x):\n" + ("    " if not text else ""), text, "\n" * (not text) + "    y\n")
    events = list(backend.rewrite(task, DenoiseParams(), lambda: False))
    last = events[-1]
    assert isinstance(events[0], Started)
    assert isinstance(last, Outcome)
    steps = [event.step for event in events if isinstance(event, Step)]
    assert steps == list(range(1, last.steps + 1))
    answers = [last.text, *last.alternatives]
    assert len(answers) == len(set(answers))
    assert len(answers) > 2
    assert all(answer.strip() and answer.rstrip("\n").count("\n") == 0 for answer in answers)
    # The lengths are told, the one that was taken first: no two of them are alike.
    assert last.lengths == () or last.lengths[0] == last.tokens
    assert len(last.lengths) == len(set(last.lengths)) != 1


def test_only_as_many_answers_as_are_asked_for(backend: SmallBackend) -> None:
    """`candidates` bounds them; a cancel gives what was shown last."""
    task = gap("def f(x):\n    ", "", "\n    return y\n")
    *_, last = backend.rewrite(task, DenoiseParams(candidates=2), lambda: False)
    assert isinstance(last, Outcome)
    assert len(last.alternatives) == 1
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    *steps, last = backend.rewrite(task, DenoiseParams(), cancelled)
    assert isinstance(last, Outcome)
    assert last.stop == "cancelled"
    assert isinstance(steps[-1], Step)
    assert last.text == "".join(piece.text for piece in steps[-1].pieces)


def test_an_adapter_is_in_for_rewrites_and_out_for_gaps(tmp_path: Path) -> None:
    """A gap is filled as without it, a rewrite is made with it, as often as one likes."""
    import numpy as np  # noqa: PLC0415 - only here

    from diffedit.backends import small_adapter  # noqa: PLC0415 - numpy

    tiny = tiny_gguf.write(tmp_path / "tiny.gguf")
    plain = SmallBackend(str(tiny.path), "cpu", {})
    plain.load(lambda *_told: None)
    assert plain._denoiser is not None
    shape = plain._denoiser._model.weights.layers[0].down.shape
    random = np.random.default_rng(3)
    tensors: dict[str, Any] = {
        "blk.0.down.a": random.normal(size=(2, shape[1])),
        "blk.0.down.b": random.normal(size=(shape[0], 2)),
    }
    path = tmp_path / "a.safetensors"
    small_adapter.write(path, small_adapter.Adapter(objective="causal", tensors=tensors))
    tuned = SmallBackend(str(tiny.path), "cpu", {"adapter": str(path)})
    tuned.load(lambda *_told: None)
    task = gap("def f(x):\n    ", "", "\n    return y\n")
    edit = Task(text="def f(x):\n    return x\n", instruction="add hints", language="python")

    def text(backend: SmallBackend, task: Task) -> str:
        *_, last = backend.rewrite(task, DenoiseParams(), lambda: False)
        assert isinstance(last, Outcome)
        return "\n".join([last.text, *last.alternatives])

    first = text(tuned, edit)
    assert text(tuned, task) == text(plain, task)
    assert text(tuned, edit) == first
    going_on = Task(text="", before="def f(x):\n    return ", mode="continue", language="python")
    assert text(tuned, going_on) == text(plain, going_on)
    assert first != text(plain, edit)


def test_a_line_of_few_words_is_rewritten_with_any_seed(backend: SmallBackend) -> None:
    """A short text can be left in few ways; seeds past the last of them take what there is."""
    assert backend._denoiser is not None
    assert backend._tokenizer is not None
    markers = {small_tuned.START: 1, small_tuned.END: 2, **backend._tokenizer.markers}
    edits = TunedEdits(backend._denoiser, markers)
    task = Task(text="x", instruction="fix it", language="text")
    for seed in range(8):
        *_, last = edits.run(task, DenoiseParams(seed=seed), lambda: False)
        assert isinstance(last, Outcome)
        assert last.alternatives
