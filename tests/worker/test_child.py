"""The child, spoken to as anyone could: lines in, lines out. The laws of the wire, each a test."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from diffedit.config.models import Model
from diffedit.worker import messages
from diffedit.worker.client import default_command, environment

Line = dict[str, Any]


class Child:
    """A worker and its two ends of the wire."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                default_command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment(),
            )

    def say(self, **fields: object) -> None:
        """One line to the child."""
        self.raw(json.dumps(fields).encode() + b"\n")

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def hear(self, *until: str) -> list[Line]:
        """What the child says, up to the first line of one of these types."""
        assert self.process.stdout is not None
        heard: list[Line] = []
        while not heard or heard[-1]["type"] not in until:
            line = self.process.stdout.readline()
            assert line, f"the child left after {heard}"
            heard.append(json.loads(line))
        return heard

    def load(self, model: Model) -> None:
        """Load a model and see it loaded."""
        options = dict(model.options)
        self.say(type="load", id=1, backend=model.backend, model=model.path, options=options)
        assert self.hear("loaded", "failed")[-1]["type"] == "loaded"

    def rewrite(self, number: int = 2, **fields: object) -> None:
        """Ask for a rewrite."""
        self.say(**{"type": "rewrite", "id": number, "text": "abc"} | fields)

    def hang_up(self) -> int:
        """Close the wire; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=10)

    def bury(self) -> None:
        """Leave nothing of it behind."""
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            assert end is not None
            end.close()


@pytest.fixture
def child(tmp_path: Path, held: object) -> Iterator[Child]:
    """A child that has said ready."""
    child = Child(tmp_path / "log")
    ready = child.hear("ready")
    assert len(ready) == 1
    yield child
    child.bury()


Make = Callable[..., Model]


def test_ready_comes_first(tmp_path: Path, held: Make) -> None:
    """The first line tells the protocol, the version and the backends."""
    child = Child(tmp_path / "log")
    (ready,) = child.hear("ready")
    assert ready["protocol"] == messages.PROTOCOL
    assert {"null", "scripted", "small", "held"} <= set(ready["backends"])
    assert child.hang_up() == 0
    child.bury()


def test_started_frames_and_one_done(child: Child, held: Make) -> None:
    """Law 1 and 4: started, frames whose steps count up from 1, exactly one done."""
    child.load(held(steps="4"))
    child.rewrite(params={"seed": 9})
    said = child.hear("done", "failed")
    assert [line["type"] for line in said] == ["started", *["frame"] * 4, "done"]
    assert [line["step"] for line in said[1:-1]] == [1, 2, 3, 4]
    assert said[0]["seed"] == said[-1]["seed"] == 9
    assert (said[-1]["text"], said[-1]["stop"], said[-1]["steps"]) == ("ABC", "sure", 4)
    assert said[-1]["tokens_per_step"] == 1.0
    assert said[-1]["elapsed_ms"] >= said[-1]["model_ms"] > 0


def test_a_frame_is_a_whole_picture(child: Child, held: Make) -> None:
    """Law 3: every frame holds all the text, so any but the last may be dropped."""
    child.load(held())
    child.rewrite()
    frames = [line for line in child.hear("done") if line["type"] == "frame"]
    assert all("".join(piece[0] for piece in frame["pieces"]) == "ABC" for frame in frames)


@pytest.mark.parametrize("phase", ["prefill", "step"])
def test_a_cancel_is_answered(child: Child, held: Make, phase: str) -> None:
    """Law 2: a cancel is answered by done(stop="cancelled") with the last text."""
    child.load(held(hold=phase))
    child.rewrite()
    child.hear("started" if phase == "prefill" else "frame")
    child.say(type="cancel", id=2)
    done = child.hear("done", "failed")[-1]
    assert (done["stop"], done["text"].upper()) == ("cancelled", "ABC")


def test_a_cancel_that_comes_with_the_request_stops_before_the_prompt_is_read(
    child: Child, held: Make
) -> None:
    """A rewrite that is cancelled while it waits begins and ends, and denoises nothing."""
    child.load(held(hold="step"))
    child.rewrite(2)
    child.hear("frame")
    child.rewrite(3)
    child.say(type="cancel", id=3)
    child.say(type="cancel", id=2)
    said = [line for line in child.hear("done") + child.hear("done") if line["id"] == 3]
    assert [line["type"] for line in said] == ["started", "done"]
    assert (said[-1]["stop"], said[-1]["text"], said[-1]["steps"]) == ("cancelled", "abc", 0)


def test_a_cancel_for_no_one_is_ignored(child: Child, held: Make) -> None:
    """Law 2: an unknown or finished id is no error, and harms no later request of that id."""
    child.load(held())
    child.say(type="cancel", id=99)
    child.rewrite(99)
    assert child.hear("done", "failed")[-1]["stop"] == "sure"
    child.say(type="cancel", id=99)
    child.rewrite(100)
    assert child.hear("done")[0]["type"] == "started"


@pytest.mark.parametrize(
    ("line", "number", "word"),
    [
        (b'{"type": "rewrite", "id": 5, "text": "x", "speed": 1}', 5, "speed"),
        (b"what?", None, "message"),
        (b'{"type": "rewrite", "id": 5, "text": "x", "params": {"seeed": 1}}', 5, "seeed"),
        (b'{"type": "rewrite", "id": 5, "text": "x", "params": {"seed": -1}}', 5, "seed"),
    ],
)
def test_a_bad_request_fails_and_the_child_goes_on(
    child: Child, held: Make, line: bytes, number: int | None, word: str
) -> None:
    """Law 1: a bad request fails once, by name, and the next one works."""
    child.load(held())
    child.raw(line + b"\n")
    (failed,) = child.hear("failed")
    assert (failed["id"], failed["kind"]) == (number, "request")
    assert word in failed["message"]
    child.rewrite()
    assert child.hear("done", "failed")[-1]["type"] == "done"


def test_without_a_model_there_is_no_rewrite(child: Child) -> None:
    """A rewrite before any load is a bad request, not a crash."""
    child.rewrite()
    (failed,) = child.hear("failed")
    assert (failed["kind"], failed["message"]) == ("request", "No model is loaded.")


@pytest.mark.parametrize(
    ("fail", "kind", "message"),
    [
        ("memory", "memory", "not enough memory"),
        ("bug", "bug", "The model's code failed (ZeroDivisionError: by zero and more)."),
        ("exit", "bug", "SystemExit"),
        ("model", "model", "The model gave nothing usable."),
        ("silent", "backend", "ended without an answer"),
        ("load-memory", "memory", "not enough memory"),
        ("load-bug", "bug", "ZeroDivisionError"),
    ],
)
def test_a_failure_is_one_line_of_its_kind(
    child: Child, held: Make, fail: str, kind: str, message: str
) -> None:
    """Whatever the model's code does, the child says so in a line and stays."""
    model = held(fail=fail)
    options = dict(model.options)
    child.say(type="load", id=1, backend="held", model="", options=options)
    if not fail.startswith("load-"):
        child.rewrite()
    failed = child.hear("failed")[-1]
    assert failed["kind"] == kind
    assert message in failed["message"]
    assert "\n" not in failed["message"]
    assert ("Traceback" in failed["detail"]) == (kind in ("bug", "memory"))
    child.load(held())
    child.rewrite(8)
    assert child.hear("done")[-1]["text"] == "ABC"


def test_a_bug_is_in_the_log(child: Child, held: Make) -> None:
    """Where it went wrong stands in the log, for whoever is to mend it."""
    child.load(held(fail="bug"))
    child.rewrite()
    child.hear("failed")
    assert "ZeroDivisionError: by zero" in child.log.read_text(encoding="utf-8")


def test_what_a_library_prints_is_not_on_the_wire(child: Child, held: Make) -> None:
    """Law 7: stdout is the wire; prints go to stderr."""
    child.load(held(fail="print"))
    child.rewrite()
    assert [line["type"] for line in child.hear("done")][-1] == "done"
    assert child.log.read_text(encoding="utf-8") == "a library says hello\nfrom C too\n"


def test_what_a_library_reads_is_not_the_wire(child: Child, held: Make) -> None:
    """A library that asks stdin finds nothing, and the wire is whole."""
    child.load(held(fail="read"))
    child.rewrite()
    assert child.hear("done", "failed")[-1]["type"] == "done"


def test_threads_are_told_to_wait_quietly(child: Child, held: Make) -> None:
    """OMP_WAIT_POLICY is passive before any model code runs."""
    child.load(held(fail="environment"))
    child.rewrite()
    assert child.hear("failed")[-1]["message"] == "passive"


@pytest.mark.parametrize(
    ("phase", "heard"), [("load", "loading"), ("prefill", "started"), ("deaf", "frame")]
)
def test_a_closed_wire_ends_the_child_at_once(
    child: Child, held: Make, phase: str, heard: str
) -> None:
    """Stdin closes in the middle of a load or a step: the child leaves with code 0."""
    options = dict(held(hold=phase).options)
    child.say(type="load", id=1, backend="held", model="", options=options)
    child.rewrite()
    child.hear(heard)
    assert child.hang_up() == 0


def test_ctrl_c_is_the_editors_key(child: Child, held: Make) -> None:
    """SIGINT, which the terminal sends to all, does nothing to the child."""
    child.load(held(hold="step"))
    child.rewrite()
    child.hear("frame")
    child.process.send_signal(signal.SIGINT)
    child.say(type="cancel", id=2)
    assert child.hear("done")[-1]["stop"] == "cancelled"


def test_the_child_steps_back(child: Child) -> None:
    """The model runs nicer than the editor, so that keys come first."""
    priority = os.getpriority(os.PRIO_PROCESS, child.process.pid)
    assert priority == min(os.getpriority(os.PRIO_PROCESS, 0) + 5, 19)


def test_loading_the_same_model_again_costs_nothing(child: Child, held: Make) -> None:
    """Only another model, device or option is loaded anew."""
    child.load(held())
    child.say(type="load", id=5, backend="held", model="paper", options={})
    assert [line["type"] for line in child.hear("loaded")] == ["loaded"]
    child.say(type="load", id=6, backend="held", model="paper", options={"steps": "1"})
    assert [line["type"] for line in child.hear("loaded")] == ["loading", "loading", "loaded"]


def test_an_unknown_backend_is_named(child: Child) -> None:
    """A load of what is not there fails in one line that names it."""
    child.say(type="load", id=1, backend="gema", model="", options={})
    (failed,) = child.hear("failed")
    assert "gema" in failed["message"]
    assert failed["kind"] != "bug"


ORPHAN = """
import asyncio, sys
from diffedit.config.models import Model
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task
from diffedit.worker.client import Client

async def main():
    client = Client()
    options = {"hold": "deaf", "lifeline": sys.argv[1]}
    await client.load(Model(name="held", backend="held", options=options))
    async for event in client.rewrite(Task(text="abc"), DenoiseParams()):
        print(type(event).__name__, flush=True)

asyncio.run(main())
"""


def test_a_child_does_not_outlive_its_parent(tmp_path: Path, held: Make) -> None:
    """The parent is killed without a word in the middle of a step: the child leaves too."""
    lifeline = tmp_path / "lifeline"
    os.mkfifo(lifeline)
    words = [sys.executable, "-c", ORPHAN, str(lifeline)]
    parent = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment())
    assert parent.stdout is not None
    with lifeline.open("rb") as held_by_child:
        assert parent.stdout.readline() == b"Started\n"
        assert parent.stdout.readline() == b"Frame\n"
        parent.kill()
        parent.communicate()
        assert held_by_child.read() == b""
