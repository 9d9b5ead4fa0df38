"""The parent's end: what it does when the worker works, lags, lies, hangs or dies."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from diffedit.config import paths
from diffedit.config.models import Model
from diffedit.core.errors import (
    BackendError,
    DiffeditError,
    ModelError,
    OutOfMemoryError,
    RequestError,
)
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task
from diffedit.worker import messages
from diffedit.worker.client import Client
from diffedit.worker.messages import Done, Frame, Loading, Reply, Started

Make = Callable[..., Model]
TASK = Task(text="abc")
PARAMS = DenoiseParams(seed=5)
DIED = (
    r"The model's worker died \(signal 9\)\. "
    r"Your text is untouched; the next edit starts a new one\."
)


ANOTHER = """
print('{"type": "ready", "protocol": 99, "version": "9", "backends": []}', flush=True)
input()
"""


class Heard:
    """Waits for a message of a kind to come in."""

    def __init__(self, client: Client, kind: type[Reply]) -> None:
        self._kind = kind
        self._event = asyncio.Event()
        client.listeners.append(self._hear)

    def _hear(self, reply: Reply) -> None:
        if isinstance(reply, self._kind):
            self._event.set()

    async def wait(self) -> None:
        """Back when it has come."""
        await self._event.wait()


async def played(client: Client, task: Task = TASK) -> list[Started | Frame | Done]:
    """All events of a rewrite."""
    return [event async for event in client.rewrite(task, PARAMS)]


async def test_a_rewrite_from_start_to_done(client: Client, held: Make) -> None:
    """Started comes first and done last; the dials and the task arrive."""
    loaded = await client.load(held())
    assert (loaded.backend, loaded.model, loaded.device) == ("held", "paper", "cpu")
    assert client.abilities is not None
    assert client.abilities.canvas_length == 4
    events = await played(client)
    assert isinstance(events[0], Started)
    assert events[0].seed == 5
    assert isinstance(events[-1], Done)
    assert events[-1].text == "ABC"


async def test_only_the_newest_unread_frame_is_kept(client: Client, held: Make) -> None:
    """A slow reader sees the start, the last picture and the end."""
    await client.load(held(steps="40"))
    done = Heard(client, Done)
    events = client.rewrite(TASK, PARAMS)
    first = await anext(events)
    await done.wait()
    rest = [event async for event in events]
    assert isinstance(first, Started)
    assert [type(event) for event in rest] == [Frame, Done]
    assert isinstance(rest[0], Frame)
    assert rest[0].step == 40


async def test_listeners_hear_everything_in_order(client: Client, held: Make) -> None:
    """What is dropped for a slow reader is still told to who listens."""
    heard: list[Reply] = []
    client.listeners.append(heard.append)
    await client.load(held(steps="3"))
    await played(client)
    kinds = [type(reply).__name__ for reply in heard]
    assert kinds == ["Ready", "Loading", "Loading", "Loaded", "Started", *["Frame"] * 3, "Done"]


async def test_a_load_tells_how_far_it_is(client: Client, held: Make) -> None:
    """Reports come while it loads; loading the same again is free and silent."""
    reports: list[Loading] = []
    await client.load(held(), report=reports.append)
    assert [(report.done, report.total) for report in reports] == [(1, 4), (4, 4)]
    await client.load(held(), report=reports.append)
    assert len(reports) == 2


async def test_starting_twice_at_once_starts_one(client: Client) -> None:
    """The screen starts it in the background; an edit that comes early waits for the same one."""
    await asyncio.gather(client.start(), client.start())
    pid = client.pid
    await client.start()
    assert client.alive
    assert client.pid == pid


@pytest.mark.parametrize(
    ("fail", "error"),
    [("model", ModelError), ("memory", OutOfMemoryError), ("bug", DiffeditError)],
)
async def test_a_failure_is_raised_as_its_kind(
    client: Client, held: Make, fail: str, error: type[DiffeditError]
) -> None:
    """What the child tells of becomes the error of that name; the worker stays."""
    await client.load(held(fail=fail))
    pid = client.pid
    with pytest.raises(error):
        await played(client)
    assert client.pid == pid


async def test_a_bad_task_is_refused(client: Client, held: Make) -> None:
    """Without a model there is nothing to ask."""
    with pytest.raises(RequestError, match="No model is loaded"):
        await played(client)


@pytest.mark.parametrize(
    ("hold", "sign"), [("load", Loading), ("prefill", Started), ("deaf", Frame)]
)
async def test_a_killed_worker_fails_what_is_open_and_the_next_edit_works(
    client: Client, held: Make, hold: str, sign: type[Reply]
) -> None:
    """SIGKILL while loading, in the prefill and while denoising: said in one clear line."""
    heard = Heard(client, sign)

    async def edit() -> None:
        await client.load(held_model)
        await played(client)

    held_model = held(hold=hold)
    open_edit = asyncio.create_task(edit())
    await heard.wait()
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    with pytest.raises(BackendError, match=DIED):
        await open_edit
    assert not client.alive
    await client.load(Model(name="held", backend="held"))
    assert (await played(client))[-1].text == "ABC"  # type: ignore[union-attr]


async def test_a_worker_killed_between_edits_is_started_again(client: Client, held: Make) -> None:
    """The next rewrite starts a new worker with the same model by itself."""
    await client.load(held())
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    await client.gone.wait()
    assert not client.alive
    assert isinstance((await played(client))[-1], Done)


@pytest.mark.parametrize("stubborn", ["", "yes"])
async def test_a_cancel_without_an_answer_ends_the_worker(held: Make, stubborn: str) -> None:
    """Terminated, and killed if that does not help; it is said, and the next edit works."""
    client = Client(patience=0.05, grace=0.2)
    await client.load(held(hold="deaf", stubborn=stubborn))
    pid = client.pid
    events = client.rewrite(TASK, PARAMS)
    while not isinstance(await anext(events), Frame):
        pass
    await client.cancel()
    with pytest.raises(BackendError, match=r"did not stop within 0\.05 s and was ended\. Your"):
        await anext(events)
    await client.load(held_again := Model(name="held", backend="held"))
    assert client.pid != pid
    assert held_again.backend == "held"
    assert isinstance((await played(client))[-1], Done)
    await client.close()


async def test_a_cancel_comes_back_with_the_last_picture(client: Client, held: Make) -> None:
    """Cancelling is answered by done, and the worker lives on."""
    await client.load(held(hold="step"))
    pid = client.pid
    events = client.rewrite(TASK, PARAMS)
    while not isinstance(await anext(events), Frame):
        pass
    await client.cancel()
    (last,) = [event async for event in events if isinstance(event, Done)]
    assert (last.stop, last.text) == ("cancelled", "ABC")
    assert client.pid == pid


async def test_leaving_early_cancels(client: Client, held: Make) -> None:
    """Who stops reading stops the run: the worker is free for the next one."""
    await client.load(held(hold="step"))
    done = Heard(client, Done)
    events = client.rewrite(TASK, PARAMS)
    await anext(events)
    await events.aclose()
    await done.wait()
    assert client.alive


async def test_a_cancel_with_nothing_open_is_nothing(client: Client) -> None:
    """Esc with no run going on harms no one, worker or no worker."""
    await client.cancel()
    await client.start()
    await client.cancel()
    assert client.alive


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("print('hello', flush=True); input()", "sent what is no message"),
        ("raise SystemExit(3)", r"ended by itself \(exit code 3\)"),
        (
            ANOTHER,
            f"speaks protocol 99, this editor {messages.PROTOCOL}. Install the same version",
        ),
    ],
)
async def test_a_worker_that_is_none_is_not_trusted(code: str, message: str) -> None:
    """A program that speaks otherwise, or an older protocol, is ended with a clear line."""
    client = Client((sys.executable, "-c", code))
    with pytest.raises(BackendError, match=message):
        await client.start()
    assert not client.alive


async def test_a_command_that_is_not_there() -> None:
    """A worker that cannot be started is one line, each time."""
    client = Client(("/nowhere/at/all",))
    for _ in range(2):
        with pytest.raises(BackendError, match="cannot be started"):
            await client.start()


async def test_a_message_cut_short_by_death_is_no_message() -> None:
    """Half a line is what a killed worker was about to say; the death is told, not the half."""
    code = (
        "import os, sys; sys.stdout.write('{\"type\"'); sys.stdout.flush(); os.kill(os.getpid(), 9)"
    )
    with pytest.raises(BackendError, match=DIED):
        await Client((sys.executable, "-c", code)).start()


async def test_a_module_beside_the_persons_file_is_not_imported(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker starts in a folder with a msgspec.py of the person's own."""
    (tmp_path / "msgspec.py").write_text("raise SystemExit(9)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    await client.start()
    assert client.alive


async def test_the_log_does_not_grow_for_ever(client: Client) -> None:
    """A long log is put aside when the next worker starts."""
    log = paths.log_file()
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * 1_000_001)
    await client.start()
    assert log.stat().st_size < 1000
    assert log.with_name("worker.log.old").stat().st_size == 1_000_001


async def test_closing_leaves_no_process(client: Client, held: Make) -> None:
    """The worker is gone when close comes back, and closing again is nothing."""
    await client.load(held(hold="step"))
    pid = client.pid
    assert pid is not None
    await client.close()
    await client.close()
    assert not client.alive
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_long_line_comes_through(client: Client, held: Make) -> None:
    """A task of megabytes crosses both ways; asyncio's own limit is 64 KiB."""
    await client.load(held(steps="1"))
    text = "long " * 400_000
    events = await played(client, Task(text=text))
    assert isinstance(events[-1], Done)
    assert events[-1].text == text.upper()
