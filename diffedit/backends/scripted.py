r"""Plays frames that a person wrote, from a JSON file. For tests, tours and recordings.

The smallest script is `{"text": "print('hello')"}`. All it may hold:

    {
      "text": "def double(x):\n    return 2 * x\n",
      "frames": [
        "def ??? (x)",
        [["def ", "kept"], ["dubble", "noise", 1.2], "(x):\n"]
      ],
      "alternatives": ["double = lambda x: 2 * x\n"],
      "thought": "It doubles its argument.",
      "note": "",
      "stop": "sure",
      "edits": [
        {"word": "docstring", "text": "..."},
        {"word": "rename", "text": "...", "frames": []}
      ]
    }

`frames` are whole pictures, one a step. A frame is a text (all noise), or a list of pieces. A
piece is a text (accepted), or `[text, state]`, or `[text, state, entropy in nats]`, the state
being noise, accepted or kept. Without frames the text itself is the only one. `thought` is one
text, or a list with what is known of it at each frame. `edits` are scripts for certain
instructions: the first whose `word` stands in the instruction is played, else the outer one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from diffedit.backends.options import whole_numbers
from diffedit.core.draft import Piece, PieceState
from diffedit.core.errors import ModelError
from diffedit.engine.backend import Abilities, Cancelled, Report
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step, StopReason
from diffedit.engine.task import Task

OPTIONS = {"step_ms": (0, 0)}
"""Each option, the least it may be, and what it is unless given."""
KEYS = frozenset({"text", "frames", "alternatives", "thought", "note", "stop"})
"""What a script may hold, besides `word` and `edits`."""
STATES: tuple[PieceState, ...] = get_args(PieceState)
STOPS: tuple[StopReason, ...] = get_args(StopReason)

Frame = tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One written run."""

    word: str
    """Played for instructions that hold it; "" for all."""
    text: str
    frames: tuple[Frame, ...]
    alternatives: tuple[str, ...] = ()
    thoughts: tuple[str, ...] = ()
    """The reasoning at each frame; empty where there is none."""
    note: str = ""
    stop: StopReason = "sure"

    def thought(self, frame: int) -> str | None:
        """What is known of the reasoning at a frame, counted from 0."""
        return self.thoughts[min(frame, len(self.thoughts) - 1)] if self.thoughts else None


class ScriptedBackend:
    """Plays a script; the model is the file's path. Option `step_ms` (0) paces the frames."""

    name = "scripted"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """The names are those of every backend. Raises RequestError for a bad option."""
        self._path = Path(model)
        self.model = self._path.name
        self.device = "cpu"
        self.abilities = Abilities(scripted=True, seed=False)
        self._step_ms = whole_numbers("scripted", OPTIONS, options)["step_ms"]
        self._scripts: tuple[Script, ...] = ()

    def load(self, report: Report) -> None:
        """Read and check the whole file. Raises ModelError, naming the place."""
        report("read", 0, 1)
        self._scripts = read_scripts(self._path)
        pieces = [piece for script in self._scripts for frame in script.frames for piece in frame]
        self.abilities = Abilities(
            scripted=True,
            seed=False,
            frames=any(len(script.frames) > 1 for script in self._scripts),
            entropy=any(piece.entropy is not None for piece in pieces),
            thinking=any(script.thoughts for script in self._scripts),
        )
        report("read", 1, 1)

    def rewrite(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> Iterator[Event]:
        """Play the script for this instruction. Raises ModelError where there is none."""
        script = self._script(task.instruction)
        slots = max(map(len, script.frames))
        kept = sum(piece.state == "kept" for piece in script.frames[0])
        yield Started(
            seed=params.seed,
            max_steps=len(script.frames),
            canvas_length=slots,
            free=slots - kept,
            kept=kept,
            canvases=1,
        )
        shown: Frame = (Piece(task.text, "noise"),)
        thought = script.thought(0)
        for number, frame in enumerate(script.frames):
            if cancelled():
                yield _cancelled(shown, number, thought)
                return
            time.sleep(self._step_ms / 1000)
            shown, thought = frame, script.thought(number)
            yield _step(number, frame, thought)
        if cancelled():
            yield _cancelled(shown, len(script.frames), thought)
            return
        yield Outcome(
            text=script.text,
            stop=script.stop,
            steps=len(script.frames),
            canvases=1,
            tokens=len(script.frames[-1]),
            alternatives=script.alternatives,
            thought=script.thought(len(script.frames)),
            note=script.note,
        )

    def _script(self, instruction: str) -> Script:
        """The first whose word stands in the instruction; the outer one stands last."""
        for script in self._scripts:
            if script.word.lower() in instruction.lower():
                return script
        words = ", ".join(script.word for script in self._scripts)
        raise ModelError(
            f"The script {self.model} has nothing for this instruction.",
            hint=f"Say one of: {words}.",
        )


def read_scripts(path: Path) -> tuple[Script, ...]:
    """All scripts of a file, the outer one last. Raises ModelError, naming the place."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"Cannot read the script {path}: {error.strerror}.") from error
    except ValueError as error:
        raise ModelError(f"The script {path} is not JSON: {error}.") from error
    try:
        return tuple(_scripts(data))
    except _BadScriptError as error:
        raise ModelError(f"The script {path} is wrong: {error}.") from error


class _BadScriptError(Exception):
    """What is wrong with a script, and where."""


def _scripts(data: Any) -> Iterator[Script]:
    """The scripts that a file's data holds."""
    _want(isinstance(data, dict), "it must be an object with a text")
    edits = data.get("edits", [])
    _want(isinstance(edits, list), "edits must be a list")
    for number, edit in enumerate(edits, start=1):
        where = f"edit {number}"
        _want(isinstance(edit, dict), f"{where} must be an object")
        word = edit.get("word")
        _want(isinstance(word, str) and word, f"{where} must have a word")
        yield _one(edit, where, word)
    if "text" in data or not edits:
        yield _one({key: data[key] for key in data if key != "edits"}, "the script", "")


def _one(data: dict[str, Any], where: str, word: str) -> Script:
    """One script."""
    unknown = sorted(data.keys() - KEYS - ({"word"} if word else set()))
    _want(not unknown, f"{where} holds {_list(unknown)}; it may hold {_list(KEYS)}")
    text = data.get("text")
    _want(isinstance(text, str), f"{where} must have a text")
    frames = data.get("frames") or [[text]]
    _want(isinstance(frames, list), f"the frames of {where} must be a list")
    thought = data.get("thought", [])
    stop = data.get("stop", "sure")
    _want(stop in STOPS, f"the stop of {where} must be one of {_list(STOPS)}")
    note = data.get("note", "")
    _want(isinstance(note, str), f"the note of {where} must be a text")
    return Script(
        word=word,
        text=str(text),
        frames=tuple(
            _frame(frame, f"frame {number} of {where}")
            for number, frame in enumerate(frames, start=1)
        ),
        alternatives=_texts(data.get("alternatives", []), f"the alternatives of {where}"),
        thoughts=_texts(
            [thought] if isinstance(thought, str) else thought, f"the thought of {where}"
        ),
        note=note,
        stop=stop,
    )


def _frame(data: Any, where: str) -> Frame:
    """One picture: a text, or a list of pieces."""
    if isinstance(data, str):
        return (Piece(data, "noise"),)
    _want(isinstance(data, list), f"{where} must be a text or a list of pieces")
    return tuple(
        _piece(piece, f"piece {number} of {where}") for number, piece in enumerate(data, start=1)
    )


def _piece(data: Any, where: str) -> Piece:
    """One slot: a text, or a text with its state and perhaps its entropy."""
    if isinstance(data, str):
        return Piece(data, "accepted")
    _want(isinstance(data, list) and 2 <= len(data) <= 3, f"{where} must be [text, state, entropy]")
    text, state, entropy = (*data, None)[:3]
    _want(isinstance(text, str), f"{where} must begin with a text")
    _want(state in STATES, f"the state of {where} must be one of {_list(STATES)}")
    number = isinstance(entropy, int | float) and not isinstance(entropy, bool) and entropy >= 0
    _want(entropy is None or number, f"the entropy of {where} must be a number from 0 up")
    return Piece(text, state, None if entropy is None else float(entropy))


def _texts(data: Any, where: str) -> tuple[str, ...]:
    """A list of texts."""
    right = isinstance(data, list) and all(isinstance(text, str) for text in data)
    _want(right, f"{where} must be a list of texts")
    return tuple(data)


def _want(right: object, otherwise: str) -> None:
    """Refuse a script. Raises _BadScriptError."""
    if not right:
        raise _BadScriptError(otherwise)


def _list(words: Collection[str]) -> str:
    """Words in a row, in the order of the alphabet."""
    return ", ".join(sorted(words))


def _step(number: int, frame: Frame, thought: str | None) -> Step:
    """A frame as the engine would tell it; `number` counts from 0."""
    free = [piece for piece in frame if piece.state != "kept"]
    known = [piece.entropy for piece in free if piece.entropy is not None]
    accepted = sum(piece.state == "accepted" for piece in free)
    return Step(
        canvas=1,
        step=number + 1,
        canvas_step=number + 1,
        pieces=frame,
        accepted=accepted / len(free) if free else 1.0,
        mean_entropy=sum(known) / len(known) if known else None,
        thought=thought,
    )


def _cancelled(shown: Frame, steps: int, thought: str | None) -> Outcome:
    """The end by the person's wish, with the last picture."""
    return Outcome(
        text="".join(piece.text for piece in shown),
        stop="cancelled",
        steps=steps,
        canvases=min(steps, 1),
        tokens=len(shown),
        thought=thought,
    )
