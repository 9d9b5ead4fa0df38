"""The worker with the model in the box, killed and cancelled where it hurts: `pytest -m model`."""

import asyncio
import os
import signal

import pytest

from diffedit.config import models
from diffedit.core.errors import BackendError
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task
from diffedit.worker.client import Client
from diffedit.worker.messages import Done, Frame, Loading, Reply, Started

pytestmark = pytest.mark.model

TASK = Task(
    text="def double(x):\n    return x + x\n",
    before="import math\n\n",
    instruction="Add type hints.",
    language="python",
)
LONG = Task(text="", before="import math\n\n\ndef ", mode="continue", language="python")
"""Nothing to guess from: it takes many steps."""
PARAMS = DenoiseParams(candidates=1)


async def edit(client: Client, task: Task = TASK) -> Done:
    """One whole edit."""
    await client.load(models.find(os.environ["DIFFEDIT_TEST_MODEL"]))
    events = [event async for event in client.rewrite(task, PARAMS)]
    assert isinstance(events[-1], Done)
    return events[-1]


def when(client: Client, kind: type[Reply]) -> asyncio.Event:
    """Set when a message of this kind has come."""
    here = asyncio.Event()
    client.listeners.append(lambda reply: here.set() if isinstance(reply, kind) else None)
    return here


@pytest.mark.parametrize("phase", [Loading, Started, Frame])
async def test_killed_while_loading_reading_and_denoising(
    client: Client, phase: type[Reply]
) -> None:
    """SIGKILL at each phase of a real edit is one clear line, and the next edit works."""
    here = when(client, phase)
    going = asyncio.create_task(edit(client, LONG))
    await here.wait()
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    with pytest.raises(BackendError, match=r"died \(signal 9\)\. Your text is untouched"):
        await going
    client.listeners.clear()
    assert (await edit(client)).text


async def test_cancelled_while_denoising(client: Client) -> None:
    """A cancel is answered within a step by the last picture, and the worker lives on."""
    here = when(client, Frame)
    going = asyncio.create_task(edit(client, LONG))
    await here.wait()
    pid = client.pid
    await client.cancel()
    assert (await going).stop == "cancelled"
    assert client.pid == pid
