"""Candidates of DiffusionGemma in one batch: each is what its seed gives alone, at less cost.

On a small random checkpoint in float64, where the rounding of a pass over more rows is too small
to turn a token; in float32 and less it may, which is the law that `gemma_batch` states.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gemma_edit
import pytest
import tiny_gemma
import torch
from gemma_edit import SPAN, task

from diffedit.backends.diffusion_gemma import DiffusionGemmaBackend
from diffedit.backends.gemma_batch import GemmaBatch, Soft
from diffedit.backends.gemma_denoiser import GemmaDenoiser
from diffedit.backends.gemma_sizes import row_bytes
from diffedit.core.stretch import held
from diffedit.engine.backend import Seen, never
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Step
from diffedit.engine.task import Task
from diffedit.engine.typed import Typed

play = partial(gemma_edit.play, max_steps=4)
EARLY: dict[str, Any] = {"entropy_bound": 5.0, "stop_entropy": 1.9, "max_steps": 24}
"""Dials with which random weights settle, each seed after another number of steps."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> DiffusionGemmaBackend:
    """A backend whose weights are the checkpoint's, in float64."""
    folder = tiny_gemma.save(tmp_path_factory.mktemp("tiny"), canvas=48, window=200)
    made = DiffusionGemmaBackend(str(folder), "cpu", {"context": "1024", "thought_tokens": "90"})
    made.load(lambda *_: None)
    assert made._denoiser is not None
    model = made._denoiser._model.double()
    model.set_experts_implementation("eager")  # the grouped product has no float64
    return made


@pytest.fixture
def backend(loaded: DiffusionGemmaBackend) -> DiffusionGemmaBackend:
    """The same, with nothing in its cache."""
    assert loaded._denoiser is not None
    loaded._denoiser.forget()
    return loaded


@pytest.fixture
def denoiser(backend: DiffusionGemmaBackend) -> GemmaDenoiser:
    assert backend._denoiser is not None
    return backend._denoiser


@pytest.fixture
def passes(denoiser: GemmaDenoiser, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows of each pass of the decoder, as they come."""
    told, decoder = list[int](), denoiser._model.model.decoder
    forward = decoder.forward

    def counted(*given: Any, **words: Any) -> Any:
        told.append(len(words["decoder_input_ids"]))
        return forward(*given, **words)

    monkeypatch.setattr(decoder, "forward", counted)
    return told


def alone(
    backend: DiffusionGemmaBackend, asked: Task, seeds: Sequence[int], **dials: Any
) -> list[tuple[list[Step], Outcome]]:
    """A run for each of the seeds."""
    return [play(backend, asked, **{**dials, "seed": seed})[1:] for seed in seeds]


@pytest.fixture(scope="module")
def early(loaded: DiffusionGemmaBackend) -> list[tuple[list[Step], Outcome]]:
    """The runs of the seeds 4 to 7 with which they settle early, each alone."""
    assert loaded._denoiser is not None
    loaded._denoiser.forget()
    return alone(loaded, task(), range(4, 8), **EARLY)


def answers(outcome: Outcome) -> list[str]:
    return [outcome.text, *outcome.alternatives]


KEEP = tuple((SPAN.index(part), SPAN.index(part) + len(part)) for part in ("return", "'a')"))
EDITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "from nothing": ({}, {}),
    "settling early": ({}, EARLY),
    "held parts": ({"keep": KEEP}, {}),
    "a share of noise": ({}, {"noise": 0.4}),
    "a gap, its length found": ({"mode": "infill", "text": "", "instruction": ""}, {}),
    "going on": ({"mode": "continue", "text": ""}, {}),
    "thinking first": ({"thinking": True}, {"max_canvases": 2}),
    "several canvases": ({"text": SPAN * 2}, {"max_canvases": 3, "max_steps": 3}),
}


@pytest.mark.parametrize("name", EDITS)
def test_each_answer_is_what_its_seed_gives_alone(
    backend: DiffusionGemmaBackend,
    denoiser: GemmaDenoiser,
    passes: list[int],
    early: list[tuple[list[Step], Outcome]],
    name: str,
) -> None:
    """The texts of the seeds 4 to 7, the surest first; the prompt is read once, as for one run."""
    words, dials = EDITS[name]
    asked = task(**words)
    runs = early if dials is EARLY else alone(backend, asked, range(4, 8), **dials)
    denoiser.forget()
    passes.clear()
    read = denoiser.passes
    started, steps, outcome = play(backend, asked, seed=1, candidates=4, **dials)
    assert set(answers(outcome)) == {text for _, one in runs for text in answers(one)}
    assert len(answers(outcome)) > 1
    surest = min(runs, key=lambda run: (run[1].text == asked.text, run[0][-1].mean_entropy or 0.0))
    assert outcome.text == surest[1].text
    assert started.seed == 1
    assert [step.step for step in steps] == list(range(1, outcome.steps + 1))
    assert outcome.tokens == sum(one.tokens for _, one in runs)
    # One pass a step, canvas by canvas, for all that still go on. Where there are several lengths
    # for what is free, each answer looks at them first.
    lengths = {"a gap, its length found": 4, "held parts": 3}.get(name)
    expected = [lengths] * 4 if lengths else []
    for number in range(1, max(one.canvases for _, one in runs) + 1):
        taken = [sum(step.canvas == number for step in own) for own, _ in runs]
        expected += [sum(count >= step for count in taken) for step in range(1, max(taken) + 1)]
    assert passes == expected
    assert outcome.steps == len(expected) - 4 * bool(lengths)
    canvases = sum(one.canvases - 1 for _, one in runs)
    assert denoiser.passes - read == 2 + canvases


def test_answers_of_their_own_may_be_longer_than_a_window(
    backend: DiffusionGemmaBackend, denoiser: GemmaDenoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing of the prompt is seen by a sliding layer any more; its end is theirs alone."""
    monkeypatch.setattr(denoiser, "end_ids", frozenset[int]())
    dials: dict[str, Any] = {"max_canvases": 7, "max_steps": 2}
    runs = alone(backend, task(), (2, 3), **dials)
    _, steps, outcome = play(backend, task(), seed=1, candidates=2, **dials)
    most = max(one.canvases for _, one in runs)
    assert [step.canvas for step in steps] == [n for n in range(1, most + 1) for _ in range(2)]
    assert 6 * denoiser.canvas_length > denoiser.config.text_config.sliding_window
    assert set(answers(outcome)) == {one.text for _, one in runs}
    assert len(answers(outcome)) == 2


def test_answers_stop_at_different_steps(early: list[tuple[list[Step], Outcome]]) -> None:
    """What the cases above rest on: with the dials for it, rows leave the batch one by one."""
    taken = {outcome.steps for _, outcome in early}
    assert len(taken) == 4
    assert max(taken) < EARLY["max_steps"]


def test_every_step_is_the_seed_s_own(
    backend: DiffusionGemmaBackend, early: list[tuple[list[Step], Outcome]]
) -> None:
    """The first answer is shown step by step as alone, pictures, entropies and all; then others."""
    _, steps, _ = play(backend, task(), seed=1, candidates=4, **EARLY)
    shown = list[Step]()
    for own, _ in early:
        shown += own[len(shown) :]
    assert len(shown) == len(steps)
    for one, other in zip(steps, shown, strict=True):
        assert (one.step, one.canvas_step, one.accepted) == (
            *(other.step, other.canvas_step),
            other.accepted,
        )
        assert [piece[:2] for piece in one.pieces] == [piece[:2] for piece in other.pieces]
        assert one.mean_entropy == pytest.approx(other.mean_entropy, abs=1e-5)


def test_a_batch_is_the_same_twice(backend: DiffusionGemmaBackend) -> None:
    """Every picture, whether the prompt was read before or not."""
    once = play(backend, task(), candidates=4, **EARLY)
    assert play(backend, task(), candidates=4, **EARLY) == once


def test_in_float32_a_batch_is_the_same_twice_too(folder32: Path) -> None:
    """Where rounding may turn a token against a run alone, never against the same batch."""
    made = DiffusionGemmaBackend(str(folder32), "cpu", {"context": "1024"})
    made.load(lambda *_: None)
    once = play(made, task(), candidates=4, **EARLY)
    assert len(answers(once[2])) == 4
    assert play(made, task(), candidates=4, **EARLY) == once


@pytest.fixture(scope="module")
def folder32(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gemma.save(tmp_path_factory.mktemp("tiny32"), canvas=48, window=200)


def test_what_is_held_stays_in_every_answer(backend: DiffusionGemmaBackend) -> None:
    """Byte for byte, and in every picture."""
    _, steps, outcome = play(backend, task(keep=KEEP), candidates=4)
    assert len(answers(outcome)) == 4
    for text in answers(outcome):
        assert held(SPAN, KEEP, text)
    for step in steps:
        assert "".join(p.text for p in step.pieces if p.state == "kept") == "return'a')"


def test_memory_for_fewer_rows_makes_several_batches(
    backend: DiffusionGemmaBackend,
    denoiser: GemmaDenoiser,
    passes: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same answers, three rows at a time, and it is said."""
    whole = play(backend, task(), candidates=4)[2]
    text = denoiser.config.text_config.to_dict()
    row = row_bytes(text, canvas=48, tokens=len(denoiser._ids), width=8)
    monkeypatch.setattr(backend, "_room", 4 * row - 1)
    passes.clear()
    outcome = play(backend, task(), candidates=4)[2]
    assert passes == [3] * 4 + [1] * 4
    assert answers(outcome) == answers(whole)
    told = "Memory holds 3 of these answers at once, so they came in parts."
    assert outcome.note == f"{whole.note} {told}"


@pytest.mark.parametrize("heard", [1, 4, 9])
def test_a_cancel_ends_all_of_them(backend: DiffusionGemmaBackend, heard: int) -> None:
    """Between two steps, with the last picture; the next run is as if it had not been."""
    usual = play(backend, task(), candidates=4)
    asked: Iterator[bool] = iter([False] * heard)
    _, steps, outcome = play(backend, task(), lambda: next(asked, True), candidates=4, max_steps=40)
    assert outcome.stop == "cancelled"
    assert outcome.steps == len(steps) < 9
    shown = "".join(piece.text for piece in steps[-1].pieces) if steps else SPAN
    assert outcome.text == shown
    assert outcome.alternatives == ()
    assert play(backend, task(), candidates=4) == usual


def test_what_is_typed_is_in_every_answer(backend: DiffusionGemmaBackend) -> None:
    """All of them begin anew from the picture, and hold it from then on."""
    seen = list[Step]()

    def typing() -> Typed | None:
        if len(seen) != 2:
            return None
        shown = "".join(piece.text for piece in seen[-1].pieces)
        text = f"typed here{shown}"
        return Typed(text=text, keep=((0, 10),), noised=((10, len(text)),))

    params = DenoiseParams(max_steps=3, max_canvases=1, candidates=3)
    outcome: Event | None = None
    for outcome in backend.rewrite(task(), params, never, typing):
        if isinstance(outcome, Step):
            seen.append(outcome)
    assert isinstance(outcome, Outcome)
    assert [step.step for step in seen] == [1, 2, 3, 4, 5]
    assert len(answers(outcome)) == 3
    assert all("typed here" in text for text in answers(outcome))
    for step in seen[2:]:
        kept = "".join(piece.text for piece in step.pieces if piece.state == "kept")
        assert kept == "typed here"


def test_no_more_logits_than_one_canvas_s_are_made_at_once(
    backend: DiffusionGemmaBackend, denoiser: GemmaDenoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vocabulary is met a row at a time, and nothing that wide is kept from step to step."""
    head, wide = denoiser._model.lm_head, list[tuple[int, ...]]()
    forward = head.forward

    def watched(states: torch.Tensor) -> torch.Tensor:
        wide.append(tuple(states.shape))
        made: torch.Tensor = forward(states)
        return made

    monkeypatch.setattr(head, "forward", watched)
    step, kept = GemmaBatch.step, list[int]()

    def measured(batch: GemmaBatch, *given: Any) -> list[Seen]:
        seen = step(batch, *given)
        kept.append(sum(soft.numel() for soft in batch._soft if soft is not None))
        return seen

    monkeypatch.setattr(GemmaBatch, "step", measured)
    play(backend, task(), candidates=4)
    assert wide == [(1, 48, 64)] * 16
    assert kept == [4 * 48 * 64] * 4


def test_what_stands_for_logits_is_multiplied_and_nothing_else() -> None:
    """So that a change of what transformers does with them is an error and no wrong number."""
    product = torch.ones(2, 3)
    soft: Any = Soft(product)
    assert torch.matmul(soft.softmax(dim=-1).to(torch.float32), torch.eye(3)) is product
    with pytest.raises(TypeError):
        torch.add(soft, 1)
    with pytest.raises(TypeError):
        torch.softmax(soft, dim=-1)


@pytest.mark.parametrize("weights", ["int4", "bf16"])
def test_packed_weights_denoise_in_a_batch_as_well(folder32: Path, weights: str) -> None:
    """The vocabulary unpacked a stretch at a time, for one row at a time; twice the same."""
    made = DiffusionGemmaBackend(str(folder32), "cpu", {"context": "1024", "weights": weights})
    made.load(lambda *_: None)
    once = play(made, task(), candidates=4, max_steps=2, max_canvases=2)
    assert len(answers(once[2])) == 4
    assert max(step.canvas for step in once[1]) == 2
    assert play(made, task(), candidates=4, max_steps=2, max_canvases=2) == once
