"""Gaps for the model in the box: how lines may begin, which are kept, which come first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tiny_gguf

from diffedit.backends import small_fill, small_gap, small_tuned
from diffedit.backends.small import SmallBackend
from diffedit.backends.small_edit import TunedEdits
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Outcome, Started, Step
from diffedit.engine.task import Task

PLAIN = DenoiseParams()


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
    """With what is used below and set nowhere; with what opens a block, where one follows.

    What ends a block only where it does not go on.
    """
    total = gap("def f(xs):\n    ", "", "\n    return sum(xs) / count\n")
    assert heads(backend, total) == ["", "count ="]
    last = gap("def f(xs):\n    if xs:\n        ", "", "\n    print(count)\n")
    assert heads(backend, last) == ["", "return", "count ="]
    block = gap("def f(xs):\n    ", "", "\n        print(x)\n")
    assert heads(backend, block) == ["", *small_gap.OPENERS]
    fresh = gap("def f(xs):\n", "", "    return count\n")
    assert heads(backend, fresh) == ["", "    count ="]
    whole = gap("def f(xs):\n    n = 1\n", "", "")
    assert heads(backend, whole) == ["", "    return"]
    prose = Task(text="", before="Dear\n", after="\n", mode="infill", language="markdown")
    assert heads(backend, prose) == [""]


def test_names_that_are_told_of_before_the_gap_are_not_unset() -> None:
    """Neither are Python's own, nor those that the text after the gap sets itself."""
    task = gap("def f(xs):\n", "", "    total = sum(xs)\n    return total / count, len(xs)\n")
    assert list(small_fill.unset(task)) == ["count"]


def test_names_that_are_set_below_before_their_use_are_not_unset() -> None:
    """By a loop, a lambda, `as`, a function of its own; comments and strings name nothing."""
    after = (
        "    # anything left\n    parts = text.split('x y')\n    i = j = 0\n    while i < n + j:\n"
        "        for key, value in parts:\n            kept[key] = value\n"
        "    with open(path) as file:\n        size: int = len(file.read())\n"
        "    def told(word):\n        return word\n"
        "    seen += [told(x) for x in parts]\n    return sorted(kept, key=lambda one: one), size\n"
    )
    task = gap("def f(text):\n", "", after)
    assert list(small_fill.unset(task, "    ")) == ["n", "kept", "path", "seen"]


def test_other_functions_neither_set_names_for_a_gap_nor_ask_for_them() -> None:
    """Of the file around the function only what is outside of functions counts."""
    above = "import math\n\nLIMIT = 3\n\n\n"
    above += "def g(xs, total):\n    total = sum(xs)\n    return total\n\n\n"
    below = "    return total + math.pi + LIMIT\n\n\ndef h(ys):\n    return other(ys)\n"
    task = gap(above + "def f(xs):\n", "", below)
    assert list(small_fill.unset(task, "    ")) == ["total"]
    assert "other" in small_fill.unset(task)


def kept(backend: SmallBackend, task: Task, *lines: str) -> tuple[list[str], list[str]]:
    """Of lines that are found in one look, the most likely first: whole ones, and those dropped."""
    denoiser, request = backend.asked(task, DenoiseParams())
    gaps = small_gap.Gaps(denoiser, task, request, backend._edits().place(task), "")
    beam = gaps._beams[0]
    rows = [tuple(denoiser.encode(f" {line}\n")) for line in lines]
    found = [
        small_gap._Line(-0.1 * n, row, 0, way=ord(line[0]))
        for n, (row, line) in enumerate(zip(rows, lines, strict=True))
    ]
    gaps._keep(beam, found)
    whole = [gaps._part(line.ids, whole=True) for line in beam.whole]
    return whole, [line for line in lines if line not in whole]


def test_a_line_that_cannot_stand_there_is_no_answer(backend: SmallBackend) -> None:
    """It does not parse, or ends a block that goes on, or opens one that never comes."""
    task = gap("def f(a, b):\n   ", "", "\n    return a\n")
    task = replace(task, before=task.before + " ")
    whole, dropped = kept(backend, task, "return a", "a |= b", "a = (", "if a:", "raise a", "b = a")
    assert whole == ["a |= b", "b = a"]
    assert dropped == ["return a", "a = (", "if a:", "raise a"]
    last = replace(task, after="\n")
    assert kept(backend, last, "return a", "a = (")[0] == ["return a"]
    opened = replace(task, after="\n        return a\n")
    assert kept(backend, opened, "a |= b", "if a:", "for a in b:")[0] == ["if a:", "for a in b:"]


def test_what_is_unfinished_elsewhere_judges_no_line(backend: SmallBackend) -> None:
    """A function that cannot parse whatever is filled in says nothing about a line."""
    task = gap("def f(a, b):\n    x = = 1\n    ", "", "\n    return a\n")
    assert kept(backend, task, "return b", "a = (")[0] == ["return b", "a = ("]


@pytest.mark.parametrize(
    ("before", "after", "fits", "not_"),
    [
        ("class A:\n    @property\n    ", "\n    def f(self):\n        return 1\n",
         "@cache", "def g(self):"),
        ("x = {\n    'a': 1,\n    ", "\n    'c': 3,\n}\n", "'b': 2,", "return 1"),
        ("f(\n    a,\n    ", "\n    c,\n)\n", "b,", "b = 1"),
        ("def f(a):\n    x = (\n    ", "\n    return x\n", "a)", "a"),
        ("x = 1\n", "", "y = 1", "return x"),
        ("def f(xs):\n\tfor x in xs:\n\t\t", "\n\treturn s\n", "s += x", "\ts += x"),
        ("def f(xs):\n    for x in xs:\n    ", "\n    return s\n", "    s += x", "s += x"),
    ],
)  # fmt: skip
def test_where_no_statement_stands_something_else_does(
    backend: SmallBackend, before: str, after: str, fits: str, not_: str
) -> None:
    """A decorator, an item, a bracket's end; where a block is indented less, a deeper line."""
    lead = "" if not before[-1:].isspace() or before.endswith(("\t", "\n")) else " "
    task = gap(before, "", after)
    denoiser, request = backend.asked(task, DenoiseParams())
    gaps = small_gap.Gaps(denoiser, task, request, backend._edits().place(task), "")
    assert gaps._place.lead in {lead, "\n"}
    assert gaps._judged
    found = [
        small_gap._Line(0.0, tuple(denoiser.encode(gaps._place.lead + line + "\n")), 0, way=n)
        for n, line in enumerate((not_, fits))
    ]
    gaps._keep(gaps._beams[0], found)
    assert [gaps._part(line.ids, whole=True) for line in gaps._beams[0].whole] == [fits]


def test_a_block_is_indented_as_the_page_is() -> None:
    """By a tab, by two blanks, by four where nothing tells."""
    assert small_gap.unit(gap("for x in xs:\n", "", "\tpass\n")) == "\t"
    assert small_gap.unit(gap("if a:\n  b = 1\n  if b:\n    c\n", "", "")) == "  "
    assert small_gap.unit(gap("for x in xs:\n", "", "")) == "    "


def test_lines_that_begin_alike_leave_room_for_others(backend: SmallBackend) -> None:
    """At most three with the same first token are kept."""
    task = gap("def f(a, b):\n    ", "", "\n    return a\n")
    lines = [f"a = b + {n}" for n in range(5)]
    assert kept(backend, task, *lines, "b = a")[0] == [*lines[: small_gap.ALIKE], "b = a"]


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


GAP = gap("def f(x):\n    ", "", "\n    return y\n")
EDIT = Task(text="def f(x):\n    return x\n", instruction="add hints", language="python")
GOING_ON = Task(text="", before="def f(x):\n    return ", mode="continue", language="python")


def texts(backend: SmallBackend, task: Task) -> list[str]:
    *_, last = backend.rewrite(task, DenoiseParams(), lambda: False)
    assert isinstance(last, Outcome)
    return [last.text, *last.alternatives]


def test_an_adapter_is_in_for_rewrites_and_out_for_gaps(tmp_path: Path) -> None:
    """A gap is filled as without it, a rewrite is made with it, as often as one likes."""
    plain, tuned = tiny_gguf.adapted(tmp_path, "causal")
    first = texts(tuned, EDIT)
    assert texts(tuned, GAP) == texts(plain, GAP)
    assert texts(tuned, EDIT) == first
    assert texts(tuned, GOING_ON) == texts(plain, GOING_ON)
    assert first != texts(plain, EDIT)


def test_an_adapter_for_gaps_is_in_for_gaps_alone(tmp_path: Path) -> None:
    """And only for the like of what it has learnt: whole lines of Python."""
    plain, tuned = tiny_gguf.adapted(tmp_path, "gaps")
    first = texts(tuned, GAP)
    assert texts(tuned, EDIT) == texts(plain, EDIT)
    assert texts(tuned, GAP) == first
    inline = gap("def f(x):\n    return ", "", " + 1\n")
    assert texts(tuned, inline) == texts(plain, inline)
    assert texts(tuned, GOING_ON) == texts(plain, GOING_ON)
    assert first != texts(plain, GAP)


def test_of_a_gap_the_text_after_it_is_read_first(backend: SmallBackend) -> None:
    """In whole lines, as many of both sides as fit into half of what the model can read."""
    denoiser = backend._denoiser
    assert denoiser is not None
    place = backend._edits().place(GAP)
    request, right = small_gap.tuned(denoiser, GAP, backend._edits().request(GAP, PLAIN), place)
    told = "".join(denoiser.decode(request.prefix))
    assert told == "# below\n    return y\n# above\ndef f(x):\n   "
    assert right == "\n    return y"
    rows = "".join(f"    a{n} = {n}\n" for n in range(400))
    long = gap(f"def f():\n{rows}", "    x = 1\n", rows)
    request, right = small_gap.tuned(
        denoiser, long, backend._edits().request(long, PLAIN), backend._edits().place(long)
    )
    told = "".join(denoiser.decode(request.prefix))
    assert len(request.prefix) <= denoiser.context_length // 2
    assert told.startswith("# below\n    a0 = 0\n")
    assert told.endswith("\n    a399 = 399\n   ")
    assert right == "    a0 = 0"
    wide = gap("import os\n", "", "\nx = [" + "1, " * 9000 + "]\n")
    request, right = small_gap.tuned(
        denoiser, wide, backend._edits().request(wide, PLAIN), backend._edits().place(wide)
    )
    assert len(request.prefix) <= denoiser.context_length // 2
    assert len(denoiser.encode(right)) <= small_gap.ROW_TOKENS + 1


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
