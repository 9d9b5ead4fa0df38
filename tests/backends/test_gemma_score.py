"""Proofreading with DiffusionGemma: what is said of a token never has that token to go by."""

from collections.abc import Sequence
from math import exp, isclose
from typing import Any

import pytest
import tiny_gemma
import torch

from diffedit.backends.diffusion_gemma import DiffusionGemmaBackend
from diffedit.backends.gemma_denoiser import GemmaDenoiser
from diffedit.backends.gemma_layout import Reading
from diffedit.backends.gemma_score import PASSES, windows
from diffedit.core.errors import OutOfMemoryError, TooLongError
from diffedit.engine.backend import never
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task

CODE = "def total(prices):\n\treturn sum(prices) if 'é ☃' else 0\n" * 3
BEFORE = "import os\n\n\n"
AFTER = "\n\nprint(total([1]))\n"


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> DiffusionGemmaBackend:
    """A small random checkpoint, loaded."""
    folder = tiny_gemma.save(tmp_path_factory.mktemp("tiny"), canvas=48, window=200)
    made = DiffusionGemmaBackend(str(folder), "cpu", {"context": "1024"})
    made.load(lambda *_: None)
    return made


@pytest.fixture
def denoiser(backend: DiffusionGemmaBackend) -> GemmaDenoiser:
    """The backend's own, with nothing in its cache."""
    assert backend._denoiser is not None
    backend._denoiser.forget()
    return backend._denoiser


def asked(text: str = CODE) -> Task:
    """A text in its place, as proofreading has it."""
    return Task(text=text, before=BEFORE, after=AFTER, language="python")


def first_slot(backend: DiffusionGemmaBackend, text: str) -> int:
    """Where in its one canvas a text begins."""
    assert backend._edits is not None
    (window,) = windows(backend._edits.reading(asked(text)), 48)
    return window.slots.start


def test_the_tokens_are_the_text_and_the_odds_are_odds(backend: DiffusionGemmaBackend) -> None:
    """Joined they are the text, over several canvases; the same text is scored alike each time."""
    assert backend.abilities.score
    scores = backend.score(asked(), never)
    assert "".join(score.text for score in scores) == CODE
    assert len(scores) > 2 * 48
    for score in scores:
        chances = [choice.probability for choice in score.choices]
        assert chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1.0001
        assert 0 <= score.entropy <= 7
        mine = exp(-score.surprise)
        if not score.text or not score.text.isascii():
            continue  # a byte of a character is no choice
        assert mine < chances[-1] or any(isclose(mine, told, rel_tol=1e-3) for told in chances)
    backend.rewrite(asked(), DenoiseParams(max_steps=1), never)
    assert backend.score(asked(), never) == scores


def test_each_token_is_scored_while_it_is_noise_and_all_others_stand(
    backend: DiffusionGemmaBackend, denoiser: GemmaDenoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once each; what is remembered of a step before names every token but the noised ones."""
    seen = list[tuple[list[int], torch.Tensor]]()
    looked = denoiser._model.model.forward

    def watched(**inputs: Any) -> Any:
        if "self_conditioning_logits" in inputs:
            ids = inputs["decoder_input_ids"][0].tolist()
            seen.append((ids, inputs["self_conditioning_logits"][0]))
        return looked(**inputs)

    monkeypatch.setattr(denoiser._model.model, "forward", watched)
    text = CODE[:18]
    begin = first_slot(backend, text)
    backend.score(asked(text), never)
    ids = denoiser.encode(text)
    assert len(seen) == PASSES
    noised = list[int]()
    for canvas, memory in seen:
        own = [slot for slot in range(len(ids)) if canvas[begin + slot] != ids[slot]]
        assert own
        noised += own
        sure = memory.softmax(-1).max(-1).values
        for slot in range(len(ids)):
            assert (float(sure[begin + slot]) > 0.99) == (slot not in own)
    assert sorted(noised) == list(range(len(ids)))


@pytest.mark.parametrize(
    ("left", "text", "right"), [(0, 1, 0), (0, 40, 9), (30, 200, 40), (7, 48, 3)]
)
def test_every_token_is_in_one_canvas(left: int, text: int, right: int) -> None:
    """In order, none twice; each canvas holds what stands there, filled up at the end."""
    reading = Reading(
        prompt=(),
        mark=0,
        left=tuple(range(left)),
        text=tuple(range(left, left + text)),
        right=tuple(range(left + text, left + text + right)),
        fill=-1,
    )
    scored = list[int]()
    for window in windows(reading, 48):
        assert len(window.ids) == 48
        known = [number for number in window.ids if number >= 0]
        assert known == list(range(window.before, window.before + len(known)))
        scored += [window.ids[slot] for slot in window.slots]
    assert scored == list(reading.text)


def test_a_likely_token_does_not_surprise(
    backend: DiffusionGemmaBackend, denoiser: GemmaDenoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that expects the text finds the one wrong name, and offers the right one."""
    right, wrong = "\treturn prices\n", "\treturn puices\n"
    wanted, given = denoiser.encode(right), denoiser.encode(wrong)
    assert len(wanted) == len(given)
    begin, logits = first_slot(backend, wrong), denoiser._logits

    def knowing(canvases: Any, slots: Sequence[Sequence[int]], memory: Any = None) -> Any:
        found = logits(canvases, slots, memory)
        for row, slot in enumerate(slots[0]):
            found[row, wanted[slot - begin]] += 90.0
        return found

    monkeypatch.setattr(denoiser, "_logits", knowing)
    scores = backend.score(asked(wrong), never)
    odd = [number for number, score in enumerate(scores) if score.surprise > 5]
    assert odd == [at for at, token in enumerate(given) if token != wanted[at]]
    assert [scores[at].choices[0].text for at in odd] == [
        denoiser.decode([wanted[at]])[0] for at in odd
    ]


def test_a_cancel_and_a_text_that_is_too_long(backend: DiffusionGemmaBackend) -> None:
    """Nothing of a cancelled reading; one line for what does not fit."""
    assert backend.score(asked(), lambda: True) == ()
    with pytest.raises(TooLongError, match=r"The span has [\d,]+ tokens"):
        backend.score(asked(CODE * 20), never)


def test_memory_that_runs_out_is_told(
    backend: DiffusionGemmaBackend, denoiser: GemmaDenoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the words of an edit, and the next reading goes as if nothing had been."""
    usual = backend.score(asked(CODE[:40]), never)

    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError

    with monkeypatch.context() as patch:
        patch.setattr(denoiser, "_logits", full)
        with pytest.raises(OutOfMemoryError, match="ran out in this step"):
            backend.score(asked(CODE[:40]), never)
    assert backend.score(asked(CODE[:40]), never) == usual
