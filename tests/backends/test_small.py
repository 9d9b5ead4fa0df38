"""The model in the box as a backend: what it is told, what it answers, what it refuses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny_gguf

from diffedit.backends import small_prompt
from diffedit.backends.small import SmallBackend
from diffedit.core.draft import Piece
from diffedit.core.errors import DiffeditError, ModelError, RequestError, TooLongError
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task

CODE = "    def total(self, values):\n        return sum(values)\n"


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> SmallBackend:
    return tiny_gguf.loaded(tmp_path_factory.mktemp("model"))


def run(backend: SmallBackend, *, seed: int = 0, **task: Any) -> list[Event]:
    params = DenoiseParams(seed=seed)
    return list(backend.rewrite(Task(**task), params, lambda: False))


def outcome(events: list[Event]) -> Outcome:
    last = events[-1]
    assert isinstance(last, Outcome)
    return last


def test_loading_tells_how_far_it_is(tmp_path: Path) -> None:
    """Every stage is reported, and reading counts bytes up to their sum."""
    tiny = tiny_gguf.write(tmp_path / "tiny.gguf")
    told: list[tuple[str, int, int]] = []
    backend = SmallBackend(str(tiny.path), "cpu", {})
    backend.load(lambda *what: told.append(what))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["find", "read", "place", "warm"]
    reading = [(done, total) for stage, done, total in told if stage == "read"]
    assert [done for done, _ in reading] == sorted(done for done, _ in reading)
    assert reading[-1][0] == reading[-1][1] > 50_000
    assert backend.model == "Tiny"


def test_a_rewrite_is_started_stepped_and_ended(backend: SmallBackend) -> None:
    """The events come in order, steps count from 1, and pictures show the span whole."""
    events = run(backend, text=CODE, instruction="add type hints", language="python")
    assert isinstance(events[0], Started)
    steps = [event for event in events if isinstance(event, Step)]
    assert len(steps) == len(events) - 2
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert {piece.state for step in steps for piece in step.pieces} == {"accepted", "noise"}
    assert all(p.entropy is None or p.entropy >= 0 for s in steps for p in s.pieces)
    assert "return sum(values)\n" in "".join(piece.text for piece in steps[0].pieces)
    assert outcome(events).steps == len(steps)
    assert outcome(events).text.startswith("    ")
    assert outcome(events).text.endswith("\n")


@pytest.mark.parametrize("mode", ["rewrite", "infill", "continue"])
def test_the_same_seed_gives_the_same_and_another_one_another(
    backend: SmallBackend, mode: str
) -> None:
    """Every event repeats with its seed, whatever ran in between."""
    task: dict[str, Any] = {
        "text": CODE if mode == "rewrite" else "",
        "before": "class Sum:\n",
        "after": "\n\nprint(Sum())\n",
        "mode": mode,
        "language": "python",
    }
    first = run(backend, **task)
    other = run(backend, **task, seed=5)
    assert run(backend, **task) == first
    assert outcome(other).text != outcome(first).text


def test_a_cancel_ends_within_a_step(backend: SmallBackend) -> None:
    """Asked between steps: the last picture comes back as cancelled."""
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    events = list(backend.rewrite(Task(text=CODE), DenoiseParams(), cancelled))
    assert outcome(events).stop == "cancelled"
    assert len([event for event in events if isinstance(event, Step)]) <= 3


def test_an_infill_gives_whole_lines_best_first(backend: SmallBackend) -> None:
    """A gap of one line gets one line, indented as the old one was, with alternatives."""
    task: dict[str, Any] = {
        "before": "def f(x):\n",
        "text": "    pass\n",
        "after": "    return y\n",
    }
    last = outcome(run(backend, mode="infill", language="python", **task))
    assert last.alternatives
    for text in (last.text, *last.alternatives):
        assert text.startswith("    ")
        assert text.count("\n") == 1
        assert text.endswith("\n")
        assert text.strip()


def test_the_best_infill_is_the_likeliest_with_what_follows(backend: SmallBackend) -> None:
    """Candidates are ordered by the likelihood of line and right context, given the left one."""
    before, after = "def f(x):\n    y = x\n", "    return y\n"
    last = outcome(run(backend, mode="infill", text="    z\n", before=before, after=after))
    assert last.stop == "end"
    denoiser = backend._denoiser
    assert denoiser is not None
    denoiser.prefill(denoiser.encode("def f(x):\n    y = x\n   "))
    texts = [text[3:] + after for text in (last.text, *last.alternatives)]
    found = denoiser.likelihoods([denoiser.encode(text) for text in texts])
    assert found == sorted(found, reverse=True)


def test_a_small_context_still_fills(backend: SmallBackend) -> None:
    """Long text on both sides is cut to what fits; nothing outgrows the context."""
    small = SmallBackend(str(backend._path), "cpu", {"context": "128"})
    small.load(lambda *_told: None)
    long = "value = total(values)\n" * 200
    last = outcome(run(small, mode="infill", text="", before=long, after=long))
    assert last.text.endswith("\n")


def failing(backend: SmallBackend, **task: Any) -> Iterator[Event]:
    return backend.rewrite(Task(**task), DenoiseParams(), lambda: False)


@pytest.mark.parametrize(
    ("task", "error", "said"),
    [
        ({"text": CODE, "keep": ((0, 3),)}, RequestError, "cannot hold parts"),
        ({"text": " \n"}, RequestError, "nothing selected"),
        ({"text": "value = 1\n" * 200}, TooLongError, r"has [\d,]+ tokens; \d+ fit .* 512"),
    ],
)
def test_what_it_cannot_do_is_said(
    backend: SmallBackend, task: dict[str, Any], error: type[DiffeditError], said: str
) -> None:
    """Refusals come before anything is computed, in one line."""
    with pytest.raises(error, match=said):
        list(failing(backend, **task))


def test_bad_options_are_refused() -> None:
    """A device it has not, an option it has not, and a rewrite before load."""
    with pytest.raises(RequestError, match="not on 'cuda'"):
        SmallBackend("x.gguf", "cuda", {})
    with pytest.raises(RequestError, match="no option 'threads'"):
        SmallBackend("x.gguf", "cpu", {"threads": "2"})
    with pytest.raises(ModelError, match="not loaded"):
        list(failing(SmallBackend("x.gguf", "cpu", {}), text=CODE))


def test_the_prompt_holds_wish_language_span_and_both_sides() -> None:
    """The span is shown without its shared indentation, in a fence it cannot close."""
    task = Task(
        text='        """```"""\n        pass\n',
        before="class A:\n    def f(self):\n",
        after="\n    def g(self): ...\n",
        instruction="say why.",
        language="python",
    )
    span = small_prompt.shown(task)
    assert (span.indent, span.first, span.fence) == (" " * 8, " " * 8, "````")
    asked = small_prompt.question(task, span)
    assert asked == '````python\n"""```"""\npass\n````\nSay why.'
    told = small_prompt.system(task, span, task.before, task.after)
    assert "class A:" in told
    assert "def g(self)" in told


def test_a_picture_has_the_indentation_back() -> None:
    """Pieces of a raw answer stand as in the page, up to the closing fence."""
    task = Task(text="if x:\n        y = 1", before="    ")
    span = small_prompt.shown(task)
    assert span.text == "if x:\n    y = 1"
    pieces = tuple(
        Piece(text, "accepted") for text in ("if", " x:\n", "    y", " = 2", "\n``", "`\n", "Done.")
    )
    seen = small_prompt.picture(pieces, task, span)
    assert "".join(piece.text for piece in seen) == "if x:\n        y = 2"
    begun = small_prompt.picture(pieces[:1], task, span)
    assert begun == (pieces[0], Piece("\n        y = 1", "noise"))


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("def f(y):\n    return y\n```\nI renamed it.", "  def f(y):\n      return y\n"),
        ("I'm sorry, I cannot do that.", ""),
        ("```\nHere is the code.", ""),
        ("\n", ""),
    ],
)
def test_prose_and_fences_are_stripped(answer: str, text: str) -> None:
    """Code comes back with the span's indentation; prose alone comes back as nothing."""
    task = Task(text="  def f(x):\n      return x\n", instruction="rename x", language="python")
    assert small_prompt.answer_text(answer, task, small_prompt.shown(task)) == text


def test_answers_are_ordered_by_use() -> None:
    """Unchanged, unfinished and broken answers come last; each comes once; none is an error."""
    task = Task(text="x = 1\n", language="python")
    texts = ["x = 1\n", "x = (\n", "y = 1\n", "y = 1\n", "", "z = 1\n"]
    whole = [True, True, False, True, True, True]
    assert small_prompt.ranked(texts, whole, task) == [5, 1, 2, 0]
    with pytest.raises(ModelError, match="gave no code"):
        small_prompt.ranked(["", ""], [True, True], task)


@pytest.mark.model
def test_the_real_model_makes_a_real_edit() -> None:
    """The weights in the box turn concatenation into an f-string, in its place."""
    backend = SmallBackend(os.environ["DIFFEDIT_TEST_MODEL"], "auto", {})
    backend.load(lambda *_told: None)
    text = '    def greet(self, name):\n        return "Hello, " + name + "!"\n'
    last = outcome(run(backend, text=text, instruction="use an f-string", language="python"))
    assert last.text == '    def greet(self, name):\n        return f"Hello, {name}!"\n'
    before = (
        'import os\n\n\ndef read_lines(path):\n    """The lines."""\n    with open(path) as f:\n'
    )
    after = "    return lines\n"
    last = outcome(
        run(backend, mode="infill", before=before, after=after, text="", language="python")
    )
    assert last.text == "        lines = f.readlines()\n"
    assert last.alternatives
