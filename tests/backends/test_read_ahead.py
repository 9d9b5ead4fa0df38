"""What is read while the wish is typed: enough to be worth it, and nothing comes out otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import tiny_gguf

from diffedit.backends import gemma_prompt
from diffedit.backends.small import SmallBackend
from diffedit.core.errors import ModelError
from diffedit.engine import ahead
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Step
from diffedit.engine.task import Task

ABOVE = "import os\n\n\ndef total(values):\n    result = 0\n    for value in values:\n"
GAP = Task(
    text="",
    before=f"{ABOVE}    ",
    after="\n    return result\n",
    mode="infill",
    language="python",
)
WISHED = replace(GAP, instruction="add them up")
EDIT = Task(
    text="def f(x):\n    y = x\n    z = x + y\n    return [x, y, z, x * y * z]\n",
    before=ABOVE,
    instruction="add hints",
    language="python",
)
TASKS = (GAP, WISHED, EDIT, replace(GAP, mode="continue"))
PLAIN = DenoiseParams(max_steps=8)
PLACES = ("gap", "a gap with a wish", "rewrite", "continue")


def play(backend: Any, task: Task) -> list[Event]:
    """The whole run without its entropies: a prompt cut into other passes is rounded otherwise."""
    return [rounded(event) for event in backend.rewrite(task, PLAIN, lambda: False)]


def rounded(event: Event) -> Event:
    if not isinstance(event, Step):
        return event
    pieces = tuple(piece._replace(entropy=None) for piece in event.pieces)
    return replace(event, pieces=pieces, mean_entropy=None, accepted=round(event.accepted, 6))


def early(task: Task) -> Task:
    """The task while its wish is typed."""
    return replace(task, instruction=task.instruction[:1] if task.mode != "rewrite" else "")


@pytest.fixture(scope="module", params=["plain", "causal", "gaps"])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("model")
    if request.param == "plain":
        return tiny_gguf.loaded(folder)
    return tiny_gguf.adapted(folder, request.param)[1]


def reads(backend: SmallBackend) -> Callable[[], int]:
    """How many tokens of prompts were read since this was asked last."""
    denoiser = backend._denoiser
    assert denoiser is not None
    last = denoiser.prefilled

    def read() -> int:
        nonlocal last
        before, last = last, denoiser.prefilled
        return last - before

    return read


@pytest.mark.parametrize("task", TASKS, ids=PLACES)
def test_an_edit_is_what_it_is_without(backend: SmallBackend, task: Task) -> None:
    """Token for token and step for step: read ahead, read ahead for another place, or not."""
    assert backend._denoiser is not None
    play(backend, replace(task, before="x = 1\n"))
    expected = play(backend, task)
    for place in (early(task), early(GAP), early(EDIT), replace(task, before="y = 2\n")):
        backend._denoiser.forget()
        backend.prefill(place, PLAIN, lambda: False)
        assert play(backend, task) == expected


@pytest.mark.parametrize("task", TASKS, ids=PLACES)
def test_what_stands_before_the_wish_is_not_read_again(backend: SmallBackend, task: Task) -> None:
    """A gap without a wish reads nothing; whatever has one reads no more than what follows it."""
    assert backend._denoiser is not None
    read = reads(backend)
    backend._denoiser.forget()
    play(backend, task)
    cold = read()
    backend._denoiser.forget()
    backend.prefill(early(task), PLAIN, lambda: False)
    read()
    play(backend, task)
    if task.instruction:
        assert read() < cold / 2
    else:
        assert read() == 0


def test_what_was_read_until_it_was_stopped_is_not_read_again(backend: SmallBackend) -> None:
    """An edit that comes in between two parts of the prompt goes on from there."""
    long = replace(GAP, before=f"{ABOVE * 8}    ")
    expected = play(backend, long)
    assert backend._denoiser is not None
    backend._denoiser.forget()
    read, asked = reads(backend), list[int]()

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 1

    backend.prefill(long, PLAIN, cancelled)
    assert (ahead_of_it := read()) > 0
    assert play(backend, long) == expected
    backend._denoiser.forget()
    read()
    play(backend, long)
    assert ahead_of_it < read()


def test_the_words_of_a_wish_count_for_nothing() -> None:
    """Of a place with a wish that is read which no wish can change; without one, all of it."""

    def prompt(task: Task) -> list[int]:
        return [*task.before.encode(), *task.instruction.encode(), *task.after.encode()]

    assert ahead.beginning(GAP, prompt) == [*GAP.before.encode(), *GAP.after.encode()]
    assert ahead.beginning(WISHED, prompt) == [*GAP.before.encode()]
    assert ahead.beginning(replace(EDIT, instruction=""), prompt) == [*EDIT.before.encode()]
    assert ahead.beginning(replace(EDIT, before=""), prompt) == []


def test_without_a_model_nothing_is_read() -> None:
    """It says so: the worker keeps that to its log."""
    with pytest.raises(ModelError, match="not loaded"):
        SmallBackend("tiny.gguf", "cpu", {}).prefill(GAP, PLAIN, lambda: False)


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    import tiny_llama  # noqa: PLC0415 - llama.cpp's

    from diffedit.backends.gguf import GgufBackend  # noqa: PLC0415 - as above

    folder = tmp_path_factory.mktemp("gguf")

    def made(name: str, *, fim: bool = False) -> GgufBackend:
        path: Path = tiny_llama.write(folder / f"{name}.gguf", name, seed=11, fim=fim)
        backend = GgufBackend(str(path), "cpu", {"flash": "off", "threads": "1"})
        backend.load(lambda *_told: None)
        return backend

    return made


@pytest.mark.gguf
@pytest.mark.parametrize("name", ["llama", "qwen2", "dream"])
def test_a_gguf_model_reads_ahead_as_well(gguf: Callable[..., Any], name: str) -> None:
    """A left-to-right one; a diffusion model has nothing to keep. Nothing comes out otherwise."""
    backend = gguf(name, fim=name == "qwen2")
    causal = backend.abilities.noise == "causal"
    for task in TASKS:
        play(backend, replace(task, before="x = 1\n"))
        expected = play(backend, task)
        if causal:
            backend._editing.causal.reset()
        backend.prefill(early(task), PLAIN, lambda: False)
        before = backend._editing.causal.prefilled if causal else 0
        assert play(backend, task) == expected
        if causal and not task.instruction:
            assert backend._editing.causal.prefilled == before


@pytest.mark.parametrize("task", TASKS, ids=PLACES)
def test_diffusion_gemma_reads_what_stands_before_the_wish(gemma: Any, task: Task) -> None:
    """In the passes that the edit would make: so it reads nothing of it again, and all is equal."""
    denoiser = gemma._denoiser
    denoiser.forget()
    passes = [denoiser.passes]
    expected = list(gemma.rewrite(task, PLAIN, lambda: False))
    passes.append(denoiser.passes)
    denoiser.forget()
    gemma.prefill(early(task), PLAIN, lambda: False)
    passes.append(denoiser.passes)
    assert list(gemma.rewrite(task, PLAIN, lambda: False)) == expected
    passes.append(denoiser.passes)
    cold, read, rest = (after - before for before, after in pairwise(passes))
    assert (read, rest) == (2 - bool(task.instruction), cold - read)


def test_no_wish_of_usual_length_moves_what_diffusion_gemma_is_shown(
    gemma: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much there is around: another wish for the same place is all that is read."""
    monkeypatch.setattr(gemma_prompt, "WISH", 300)  # its words are of a few letters each
    wide = replace(EDIT, before="value = other + 1\n" * 400, after="x = 2\n" * 400)
    marks = {
        (prompt.mark, prompt.request.prefix[: prompt.mark])
        for wish in ("", "add hints", "say in the docstring what is meant by it and by whom")
        for prompt in [gemma._edits.prompt(replace(wide, instruction=wish), PLAIN)]
    }
    assert len(marks) == 1


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import tiny_gemma  # noqa: PLC0415 - torch

    from diffedit.backends.diffusion_gemma import DiffusionGemmaBackend  # noqa: PLC0415 - as above

    folder = tiny_gemma.save(tmp_path_factory.mktemp("tiny"), canvas=48, window=200)
    made = DiffusionGemmaBackend(str(folder), "cpu", {"context": "2048", "thought_tokens": "90"})
    made.load(lambda *_told: None)
    return made
