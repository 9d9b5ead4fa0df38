"""Scripts play as they are written, and a wrong one is refused with the place."""

import json
from pathlib import Path
from typing import Any

import pytest

from diffedit.backends.scripted import ScriptedBackend
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError
from diffedit.engine.backend import Cancelled, Stage
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task

SCRIPT: dict[str, Any] = {
    "text": "b = 2\n",
    "frames": [
        "?? ??",
        [["b", "noise", 1.5], [" = ", "kept"], ["3", "noise", 0.5]],
        [["b", "accepted", 0.1], [" = ", "kept"], "2\n"],
    ],
    "alternatives": ["b = two\n"],
    "thought": ["It", "It counts.", "It counts on."],
    "note": "Written.",
    "edits": [
        {"word": "docstring", "text": '"""Two."""\n'},
        {"word": "long", "text": "c\n", "frames": ["x", "y"], "stop": "end"},
    ],
}


def unseen(stage: Stage, done: int, total: int) -> None:
    """Nobody looks at how far it has come."""


def never() -> bool:
    """Nobody cancels."""
    return False


def load(folder: Path, script: object) -> ScriptedBackend:
    """A loaded backend that plays this script."""
    path = folder / "script.json"
    path.write_text(script if isinstance(script, str) else json.dumps(script), encoding="utf-8")
    backend = ScriptedBackend(str(path), "auto", {})
    backend.load(unseen)
    return backend


def play(
    backend: ScriptedBackend, instruction: str = "", cancelled: Cancelled = never
) -> list[Event]:
    """All events of one rewrite of "a = 1"."""
    task = Task(text="a = 1\n", instruction=instruction)
    return list(backend.rewrite(task, DenoiseParams(seed=3), cancelled))


def test_frames_are_played_in_order_with_their_figures(tmp_path: Path) -> None:
    """A text is noise, a bare piece is accepted; shares and means are of the free ones."""
    started, *steps, outcome = play(load(tmp_path, SCRIPT))
    assert started == Started(seed=3, max_steps=3, canvas_length=3, free=3, kept=0, canvases=1)
    first, second, third = (step for step in steps if isinstance(step, Step))
    assert first.pieces == (Piece("?? ??", "noise", None),)
    assert (first.accepted, first.mean_entropy, first.thought) == (0.0, None, "It")
    assert (second.accepted, second.mean_entropy) == (0.0, 1.0)
    assert third.pieces == (
        Piece("b", "accepted", 0.1),
        Piece(" = ", "kept", None),
        Piece("2\n", "accepted", None),
    )
    assert (third.step, third.accepted, third.thought) == (3, 1.0, "It counts on.")
    assert outcome == Outcome(
        text="b = 2\n",
        stop="sure",
        steps=3,
        canvases=1,
        tokens=3,
        alternatives=("b = two\n",),
        thought="It counts on.",
        note="Written.",
    )


def test_an_edit_is_chosen_by_a_word_in_the_instruction(tmp_path: Path) -> None:
    """In any case of letters; else the outer script is played."""
    backend = load(tmp_path, SCRIPT)
    texts = [
        event.text
        for instruction in ("Add a DocString, please", "make it long", "whatever")
        for event in play(backend, instruction)
        if isinstance(event, Outcome)
    ]
    assert texts == ['"""Two."""\n', "c\n", "b = 2\n"]


def test_a_script_without_an_outer_text_names_its_words(tmp_path: Path) -> None:
    """An instruction that it has nothing for is told what to say."""
    backend = load(tmp_path, {"edits": SCRIPT["edits"]})
    with pytest.raises(ModelError) as error:
        play(backend, "sing")
    assert str(error.value) == (
        "The script script.json has nothing for this instruction. Say one of: docstring, long."
    )


def test_the_smallest_script_is_one_frame(tmp_path: Path) -> None:
    """The text itself is the picture."""
    _, step, outcome = play(load(tmp_path, {"text": "b\n"}))
    assert isinstance(step, Step)
    assert step.pieces == (Piece("b\n", "accepted", None),)
    assert isinstance(outcome, Outcome)
    assert (outcome.text, outcome.thought) == ("b\n", None)


@pytest.mark.parametrize(("asked", "shown"), [(0, "a = 1\n"), (1, "?? ??"), (3, "b = 2\n")])
def test_a_cancel_gives_the_last_picture(tmp_path: Path, asked: int, shown: str) -> None:
    """Before the first frame that is the span's own text."""
    left = iter(range(asked))
    events = play(load(tmp_path, SCRIPT), cancelled=lambda: next(left, None) is None)
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.text, outcome.stop, outcome.steps) == (shown, "cancelled", asked)
    assert len(events) == asked + 2


def test_abilities_say_what_the_script_has(tmp_path: Path) -> None:
    """Always scripted; thinking, entropy and frames only where they are written."""
    rich, poor = load(tmp_path, SCRIPT).abilities, load(tmp_path, {"text": "b"}).abilities
    assert (rich.scripted, rich.thinking, rich.entropy, rich.frames) == (True, True, True, True)
    assert (poor.scripted, poor.thinking, poor.entropy, poor.frames) == (True, False, False, False)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("{", "is not JSON"),
        ([1], "it must be an object with a text"),
        ({}, "the script must have a text"),
        ({"text": 3}, "the script must have a text"),
        ({"text": "b", "frame": []}, "the script holds frame; it may hold alternatives, frames"),
        ({"text": "b", "frames": "b"}, "the frames of the script must be a list"),
        ({"text": "b", "frames": [3]}, "frame 1 of the script must be a text or a list"),
        ({"text": "b", "frames": ["b", [["b"]]]}, "piece 1 of frame 2 of the script must be"),
        ({"text": "b", "frames": [[["b", "dim"]]]}, "must be one of accepted, kept, noise"),
        ({"text": "b", "frames": [[["b", "noise", -1]]]}, "must be a number from 0 up"),
        ({"text": "b", "stop": "tired"}, "must be one of cancelled, end, steps, sure"),
        ({"text": "b", "alternatives": [1]}, "the alternatives of the script must be a list"),
        ({"text": "b", "thought": 1}, "the thought of the script must be a list of texts"),
        ({"edits": [{"text": "b"}]}, "edit 1 must have a word"),
        ({"edits": [{"word": "x"}]}, "edit 1 must have a text"),
    ],
)
def test_a_wrong_script_is_refused_with_the_place(
    tmp_path: Path, script: object, message: str
) -> None:
    """One line that says where it is and what it should be."""
    with pytest.raises(ModelError) as error:
        load(tmp_path, script)
    assert message in str(error.value)
    assert "script.json" in str(error.value)


def test_a_missing_script_says_so(tmp_path: Path) -> None:
    """No traceback, the path and the reason."""
    backend = ScriptedBackend(str(tmp_path / "none.json"), "auto", {})
    with pytest.raises(ModelError, match=r"none\.json: No such file"):
        backend.load(unseen)
