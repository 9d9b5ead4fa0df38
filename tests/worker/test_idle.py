"""The child reads ahead while nobody waits for it, and stops for whatever comes."""

from __future__ import annotations

import io
import os
from asyncio import to_thread
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from diffedit.backends.null import NullBackend
from diffedit.config.models import Model
from diffedit.core.document import Document
from diffedit.core.errors import TooLongError
from diffedit.core.span import Span
from diffedit.engine.backend import Cancelled
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task
from diffedit.worker import messages, wire
from diffedit.worker.client import Client
from diffedit.worker.serve import Server
from diffedit.worker.session import Session
from diffedit.worker.turns import first_task
from diffedit.worker.wish import Wish

LOAD = messages.Load(id=1, backend="x", model="m", device="cpu", options={})
EDIT = messages.Rewrite(id=2, text="abc", instruction="do it")


def place(text: str, **more: Any) -> messages.Prefill:
    return messages.Prefill(text=text, **more)


class Reading(NullBackend):
    """Writes down what it reads ahead, and lets a test in while it does."""

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        super().__init__(model, device, {})
        self.read = list[tuple[str, bool]]()
        """What was read, and whether it was stopped."""
        self.tasks = list[Task]()
        self.meanwhile: Callable[[], None] = lambda: None

    def prefill(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> None:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        self.tasks.append(task)
        self.read.append((task.text, cancelled()))


class Child(Server):
    """A server without its two threads: lines go in, and all that they ask for is done."""

    def __init__(self, factory: Any = Reading) -> None:
        self.said = io.BytesIO()
        super().__init__(io.BytesIO(), self.said, lambda _name: factory)

    def wire(self, *requests: messages.Request) -> None:
        for request in requests:
            self._take(wire.decode_request(wire.encode(request)))

    def hear(self, *requests: messages.Request) -> Child:
        self.wire(*requests)
        return self

    def work(self) -> Child:
        while not self._requests.empty():
            self._do(self._requests.get())
        return self

    @property
    def model(self) -> Reading:
        assert isinstance(self._backend, Reading)
        return self._backend

    @property
    def answers(self) -> list[str]:
        replies = map(wire.decode_reply, self.said.getvalue().splitlines())
        names = (type(reply).__name__ for reply in replies)
        return [name for name in names if name != "Loading"]


def test_it_is_read_where_nothing_else_is_to_be_done_and_nothing_is_said() -> None:
    """All that is known of the edit goes along; what answers is the load alone."""
    asked = place("abc", before="x", after="y", instruction="d", mode="infill", language="python")
    child = Child().hear(LOAD).work().hear(asked).work()
    assert child.model.read == [("abc", False)]
    task = Task(
        text="abc", before="x", after="y", instruction="d", mode="infill", language="python"
    )
    assert child.model.tasks == [task]
    assert child.answers == ["Loaded"]


def test_before_the_model_is_loaded_it_waits_for_that() -> None:
    """Nothing is read, or loaded, for its sake; once a model is there it is read."""
    child = Child().hear(place("abc")).work()
    assert child._backend is None
    assert child.hear(LOAD).work().model.read == [("abc", False)]
    assert Child().hear(place("abc"), LOAD).work().model.read == [("abc", False)]


def test_a_newer_place_replaces_an_older_one() -> None:
    """One that has not begun is never read; one that is being read is stopped."""
    child = Child().hear(LOAD).work().hear(place("a"), place("b")).work()
    assert child.model.read == [("b", False)]
    child.model.meanwhile = lambda: child.wire(place("d"))
    child.hear(place("c")).work()
    assert child.model.read[1:] == [("c", True), ("d", False)]


def test_an_edit_stops_it_at_once_and_is_not_read_for_again() -> None:
    """It is heard between two parts; one that comes with the edit is left to the edit."""
    child = Child().hear(LOAD).work()
    child.model.meanwhile = lambda: child.wire(EDIT)
    child.hear(place("a")).work()
    assert child.model.read == [("a", True)]
    assert child.answers[-1] == "Done"
    child.hear(place("b"), EDIT).work()
    assert child.model.read == [("a", True)]
    child.hear(EDIT, place("c")).work()
    assert child.model.read == [("a", True), ("c", False)]


@pytest.mark.parametrize("error", [TooLongError("Too long."), ZeroDivisionError(), MemoryError()])
def test_what_goes_wrong_is_in_the_log_and_nowhere_else(
    error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """The edit that follows tells of it, if it is in its way."""

    class Failing(Reading):
        def prefill(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> None:
            raise error

    child = Child(Failing).hear(LOAD).work().hear(place("a")).work()
    assert child.answers == ["Loaded"]
    assert (str(error) or type(error).__name__) in capsys.readouterr().err
    assert child.hear(EDIT).work().answers[-1] == "Done"


def test_dials_that_are_none_harm_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """The wrong one is named in the log, and nothing is read."""
    child = Child().hear(LOAD).work().hear(place("a", params={"nonsense": 1})).work()
    assert (child.model.read, child.answers) == ([], ["Loaded"])
    assert "nonsense" in capsys.readouterr().err


def test_a_model_that_cannot_is_left_alone() -> None:
    """A plugin need not read ahead; its edits are what they were."""
    child = Child(NullBackend).hear(LOAD).work().hear(place("a")).work()
    assert child.answers == ["Loaded"]
    assert child.hear(EDIT).work().answers[-1] == "Done"


Make = Callable[..., Model]


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


async def test_from_the_page_to_the_model(client: Client, held: Make, pipe: Path) -> None:
    """A session tells of a place of its page; without a loaded model of that name of nothing."""
    page = Document("one\ntwo\nthree\n")
    session, model = Session(page, client), held(ahead=str(pipe))
    words: dict[str, Any] = {"mode": "infill", "params": DenoiseParams(), "instruction": ""}
    session.prefill(Span(4, 4), model=model, **words)
    assert not client.alive
    await client.load(model)
    session.prefill(Span(4, 4), model=held(ahead="elsewhere"), **words)
    session.prefill(Span(4, 4), model=model, **words)
    assert await to_thread(pipe.read_text) == "one\n[]two\nthree\n"
    drafts = [
        draft
        async for draft in session.rewrite(
            Span(0, 3), instruction="do it", mode="rewrite", params=DenoiseParams(), model=model
        )
    ]
    assert drafts[-1].text == "ONE"


def test_a_task_that_lacks_its_words_is_what_the_edit_will_ask_first(held: Make) -> None:
    """Of several parts the last; with bare line ends; for a gap, no words if there are none."""
    page = Document("a = 1\r\nb = 2\nc = 3\n")
    wish = Wish(instruction="", mode="rewrite", params=DenoiseParams(), model=held())
    task = first_task(page, Span(0, 12), wish, None)
    assert (task.text, task.after, task.instruction) == ("a = 1\nb = 2", "\nc = 3\n", "")
    pinned = Wish(
        instruction="x", mode="rewrite", params=DenoiseParams(), model=held(), keep=((6, 13),)
    )
    task = first_task(page, Span(0, 18), pinned, None)
    assert (task.text, task.before, task.keep) == ("c = 3", "a = 1\nb = 2\n", ())
    on = Wish(instruction=" ", mode="continue", params=DenoiseParams(), model=held())
    assert first_task(page, Span(0, 5), on, None) == Task(
        text="", before="a = 1", after="\nb = 2\nc = 3\n", mode="continue"
    )
