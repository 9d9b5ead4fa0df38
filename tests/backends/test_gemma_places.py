"""Several places in one canvas of DiffusionGemma: what lies between them, byte for byte."""

import random
from typing import Any

import pytest
import tiny_gemma

from diffedit.backends.diffusion_gemma import DiffusionGemmaBackend
from diffedit.core.stretch import Stretches, joined, places, rest
from diffedit.engine.backend import never
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Outcome, Step
from diffedit.engine.task import Task

PAGE = "import os\nfrom café import ☃\n\ndef join(folder, é):\n\treturn 'naïve 🙂'\n"
END = 1


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> DiffusionGemmaBackend:
    """A small random checkpoint, which splits every sign beyond ASCII into bytes."""
    folder = tiny_gemma.save(tmp_path_factory.mktemp("tiny"), canvas=96, window=200)
    made = DiffusionGemmaBackend(str(folder), "cpu", {"context": "1024"})
    made.load(lambda *_: None)
    return made


def run(backend: DiffusionGemmaBackend, keep: Stretches, seed: int) -> tuple[list[Step], str]:
    """The steps and the text of one edit that holds these parts of the page."""
    task = Task(text=PAGE, before="x = 1\n", after="y = 2\n", language="python", keep=keep)
    params = DenoiseParams(max_steps=2, max_canvases=1, seed=seed)
    events = list(backend.rewrite(task, params, never))
    assert isinstance(events[-1], Outcome)
    return [event for event in events if isinstance(event, Step)], events[-1].text


@pytest.mark.parametrize("seed", range(12))
def test_what_lies_between_stays_whatever_the_model_says(
    backend: DiffusionGemmaBackend, seed: int
) -> None:
    """Any stretches, cut anywhere, beside a half character too; every picture shows them kept."""
    dice = random.Random(seed)
    cuts = sorted(dice.sample(range(len(PAGE) + 1), 2 * dice.randint(1, 4)))
    keep = joined(zip(cuts[::2], cuts[1::2], strict=True))
    steps, text = run(backend, keep, seed)
    kept = [PAGE[start:end] for start, end in keep]
    assert places(PAGE, keep, text) is not None
    for step in steps:
        shown = "".join(piece.text for piece in step.pieces if piece.state == "kept")
        assert shown == "".join(kept).removesuffix("\n")


def test_an_end_of_text_between_two_places_drops_nothing(
    backend: DiffusionGemmaBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that wants the answer to end at once leaves the places empty, and all between."""
    assert backend._denoiser is not None
    model = backend._denoiser._model
    begun = model.forward

    def ending(**inputs: Any) -> Any:
        out = begun(**inputs)
        out.logits[..., END] += 1e3
        return out

    monkeypatch.setattr(model, "forward", ending)
    keep: Stretches = ((9, 30), (40, 45))
    free = rest(len(PAGE), keep)
    assert len(free) == 3
    for seed in range(3):
        _, text = run(backend, keep, seed)
        assert text == PAGE[9:30] + PAGE[40:45] + "\n"
