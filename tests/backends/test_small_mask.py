"""The model in the box with a mask adapter: answers side by side, and what they share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_gguf

from diffedit.backends import small_canvas, small_mask
from diffedit.backends.small_mask import MaskDenoiser
from diffedit.backends.small_model import Llama
from diffedit.backends.small_tokenizer import SmallTokenizer
from diffedit.backends.small_weights import Floats, GgufFile, load_weights
from diffedit.engine import rewrite
from diffedit.engine.backend import never
from diffedit.engine.in_turn import in_turn
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Step
from diffedit.engine.task import Mode, Task
from diffedit.engine.typed import nothing

COUNT, SEED = 4, 3


class Counted(Llama):
    """A Llama that counts the canvases that it read."""

    canvases = 0

    def hidden(self, *args: Any, both_ways: bool = False) -> Floats:
        """As Llama's."""
        self.canvases += both_ways
        return super().hidden(*args, both_ways=both_ways)


class Mask:
    """A tiny model of random weights, which sees both ways, and what it is asked."""

    def __init__(self, folder: Path) -> None:
        file = GgufFile(tiny_gguf.write(folder / "tiny.gguf").path)
        weights = load_weights(file, lambda *_: None)
        noise = np.random.default_rng(5).standard_normal(weights.shape.width).astype(np.float32)
        self.model = Counted(weights, 512, noise)
        self.tokenizer = SmallTokenizer(file.fields)
        self.denoiser = MaskDenoiser(self.model, self.tokenizer, context=512)

    def run(self, task: Task, params: DenoiseParams) -> list[Event]:
        """The answers of a task, as the backend has them."""
        return list(
            in_turn(lambda own, _: iter(self.once(task, own)), params, nothing, original=task.text)
        )

    def once(self, task: Task, params: DenoiseParams) -> list[Event]:
        """One answer."""
        self.denoiser.seed = params.seed
        asked = small_canvas.request(task, params, self.denoiser, self.tokenizer.markers)
        return list(rewrite.canvases(self.denoiser, asked, params, never))


def task(mode: Mode) -> Task:
    """A line to be changed, or to be filled in."""
    return Task(
        text="    total = 0" if mode == "rewrite" else "",
        before="def add(values):\n",
        after="\n    return total\n",
        instruction="start at one" if mode == "rewrite" else "",
        mode=mode,
    )


def pictures(events: list[Event]) -> list[object]:
    """What each step shows, to the last bit of how sure it is, and what the run came to."""
    steps = [(e.pieces, e.accepted, e.mean_entropy) for e in events if isinstance(e, Step)]
    return [*steps, *(e.text for e in events if isinstance(e, Outcome))]


@pytest.mark.parametrize("mode", ["rewrite", "infill"])
@pytest.mark.parametrize("remembered", [small_mask.REMEMBERED, 2])
def test_an_answer_is_what_its_seed_gives_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, remembered: int
) -> None:
    """Frame for frame, whatever was looked at for the others; what they share is read once."""
    monkeypatch.setattr(small_mask, "REMEMBERED", remembered)
    together, read = Mask(tmp_path), 0
    events = together.run(task(mode), DenoiseParams(candidates=COUNT, seed=SEED))
    shown, answers = pictures(events[:-1]), list[object]()
    for number in range(COUNT):
        alone = Mask(tmp_path)
        *steps, answer = pictures(alone.once(task(mode), DenoiseParams(seed=SEED * COUNT + number)))
        assert shown[: len(steps)] == steps
        del shown[: len(steps)]
        answers.append(answer)
        read += alone.model.canvases
    assert not shown
    assert len(set(answers)) > 1
    last = events[-1]
    assert isinstance(last, Outcome)
    assert {last.text, *last.alternatives} == set(answers)
    assert together.model.canvases <= read - (COUNT - 1)


def test_another_prompt_is_another_look(tmp_path: Path) -> None:
    """The same canvas over another prefix is read anew, and says what it says there."""
    used = Mask(tmp_path)
    ids = used.tokenizer.encode("def add(values):\n    total = 0\n")
    canvas = [used.tokenizer.size] * 6
    for prefix in (ids, ids[:-2], [*ids[:-1], ids[0]]):
        used.denoiser.prefill(prefix)
        fresh = Mask(tmp_path)
        fresh.denoiser.prefill(prefix)
        # Near, not the same: a prefix that is read in other parts rounds otherwise.
        assert np.abs(used.denoiser.scores(canvas) - fresh.denoiser.scores(canvas)).max() < 1e-4
    used.denoiser.commit(ids[:3])
    assert used.denoiser.scores(canvas).tolist() != fresh.denoiser.scores(canvas).tolist()
    assert used.model.canvases == 4


def test_no_more_looks_are_remembered_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ones stay, which other answers begin with; a later one is read each time."""
    monkeypatch.setattr(small_mask, "REMEMBERED", 1)
    mask = Mask(tmp_path)
    mask.denoiser.prefill([5, 6])
    for canvas in ([7, 8], [7, 8], [7, 9], [7, 9], [7, 8]):
        mask.denoiser.scores(canvas)
    assert mask.model.canvases == 3
