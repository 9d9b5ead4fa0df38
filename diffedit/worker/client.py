"""The parent's end of the wire: start the worker, ask it, stop it, start it again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diffedit.config import paths
from diffedit.core.errors import BackendError, RequestError
from diffedit.core.hand import Hand
from diffedit.core.heat import Scored
from diffedit.engine.backend import Abilities
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task
from diffedit.worker import messages, wire
from diffedit.worker.asked import told_of
from diffedit.worker.failures import died, error_of
from diffedit.worker.log import log_opened
from diffedit.worker.mailbox import Mailbox
from diffedit.worker.messages import Done, Frame, Loaded, Loading, Ready, Reply, Started

if TYPE_CHECKING:
    from diffedit.config.models import Model

UNTOUCHED = "Your text is untouched; the next edit starts a new one."


class Client:
    """One worker at a time, started when it is needed. Lives on one event loop.

    `listeners` hear every message of the worker, in order, before anyone else does.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        log: Path | None = None,
        patience: float = 2.0,
        grace: float = 1.0,
    ) -> None:
        """`patience`: seconds that a cancel may go unanswered; `grace`: from terminate to kill."""
        self.listeners: list[Callable[[Reply], None]] = []
        self.loaded: Loaded | None = None
        self.gone = asyncio.Event()
        """Set while there is no worker."""
        self.gone.set()
        self._command = tuple(command or ())
        self._log = log
        self._patience = patience
        self._grace = grace
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[None]] = set()
        self._starting: asyncio.Task[None] | None = None
        self._loads = asyncio.Lock()
        self._boxes: dict[int, Mailbox] = {}
        self._reports: list[Callable[[Loading], None]] = []
        self._wanted: tuple[Model, str] | None = None
        self._last_id = 0
        self._ended_because = ""

    @property
    def alive(self) -> bool:
        """Whether a worker is up and has not been given up."""
        return self._process is not None and self._reading is not None

    @property
    def pid(self) -> int | None:
        """The worker's process, while there is one."""
        return self._process.pid if self._process is not None else None

    @property
    def abilities(self) -> Abilities | None:
        """What the loaded model can do."""
        return None if self.loaded is None else Abilities(**self.loaded.abilities)

    # The five calls ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Bring the worker up, if it is not. Raises BackendError."""
        if self._starting is None or self._starting.done():
            if self.alive:
                return
            self._starting = asyncio.create_task(self._start(), name="worker's start")
            # Whoever waits for it may have been cancelled; then nobody asks how it went.
            self._starting.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._starting)

    async def load(
        self,
        model: Model,
        device: str = "auto",
        report: Callable[[Loading], None] | None = None,
    ) -> Loaded:
        """Have this model ready; costs nothing when it is. `report` hears how far it has come.

        Raises the DiffeditError that the worker tells of.
        """
        if report is not None:
            self._reports.append(report)
        try:
            async with self._loads:
                if self.alive and self.loaded is not None and self._wanted == (model, device):
                    return self.loaded
                return await self._load(model, device)
        finally:
            if report is not None:
                self._reports.remove(report)

    async def rewrite(
        self,
        task: Task,
        params: DenoiseParams,
        *,
        heard: Callable[[Frame], None] | None = None,
    ) -> AsyncGenerator[Started | Frame | Done, None]:
        """Started, frames (only the newest if you read slowly), Done. Leaving early cancels.

        `heard` is told of every frame as it comes, however slowly you read.
        Raises the DiffeditError that the worker tells of, or BackendError when it dies.
        """
        if self._wanted is None:
            raise RequestError("No model is loaded.")
        await self.load(*self._wanted)
        number = self._next_id()
        request = messages.Rewrite(id=number, images=task.images, **told_of(task, params))
        line = wire.encode(request)
        box = self._box(number, heard)
        try:
            await self._send(line)
            while True:
                reply = await box.get()
                if isinstance(reply, messages.Failed):
                    raise error_of(reply)
                if isinstance(reply, Started | Frame | Done):
                    yield reply
                if isinstance(reply, Done):
                    return
        finally:
            if not box.ended:
                self._cancel(number, box)

    async def score(self, task: Task) -> tuple[Scored, ...]:
        """How sure the loaded model is of each token of `task.text`, which they join to.

        Raises the DiffeditError that the worker tells of; RequestError where it cannot.
        """
        if self._wanted is None:
            raise RequestError("No model is loaded.")
        await self.load(*self._wanted)
        number = self._next_id()
        names = ("text", "before", "after", "language")
        request = messages.Score(id=number, **{name: getattr(task, name) for name in names})
        line = wire.encode(request)
        box = self._box(number)
        box.cancellable = False
        await self._send(line)
        reply = await box.get()
        if isinstance(reply, messages.Failed):
            raise error_of(reply)
        assert isinstance(reply, messages.Scores)
        return reply.tokens

    def has(self, model: Model, device: str) -> bool:
        """Whether this model is loaded, and no other has been asked for since."""
        return self.alive and self.loaded is not None and self._wanted == (model, device)

    def prefill(self, task: Task, params: DenoiseParams) -> None:
        """Let an idle worker read ahead what the next edit of this place will begin with.

        Nothing comes of it but time that is saved; where no model is loaded, not even that.
        Raises TooLongError.
        """
        if self.loaded is not None:
            self._post(messages.Prefill(**told_of(task, params)))

    def pin(self, number: int, hand: Hand) -> None:
        """Let a rewrite that goes on take in what was typed; nothing where there is no such one."""
        box = self._boxes.get(number)
        if box is None or box.ended:
            return
        pin = messages.Pin(
            id=number, number=hand.number, text=hand.text, keep=hand.keep, noised=hand.noised
        )
        self._post(pin)

    async def cancel(self) -> None:
        """Ask every open rewrite to stop; done when each has answered, or its worker was ended."""
        boxes = [(number, box) for number, box in self._boxes.items() if box.cancellable]
        for number, box in boxes:
            self._cancel(number, box)
        for _, box in boxes:
            await box.finished.wait()

    async def close(self) -> None:
        """Let the worker go; it leaves at once when the wire closes. Never raises."""
        process, reading = self._process, self._reading
        if process is None or reading is None:
            return
        self._ended_because = self._ended_because or "The model's worker was closed."
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(self._grace):
                await asyncio.shield(reading)
        except TimeoutError:
            await self._end_process()
        for errand in list(self._errands):
            errand.cancel()

    # Inside ------------------------------------------------------------------------------------

    async def _start(self) -> None:
        self.loaded = None
        self._ended_because = ""
        ready = self._box(0)
        await self._spawn()
        first = await ready.get()
        self._boxes.pop(0, None)
        if isinstance(first, messages.Failed):
            raise error_of(first)
        if isinstance(first, Ready) and first.protocol != messages.PROTOCOL:
            await self.close()
            raise BackendError(
                f"The worker speaks protocol {first.protocol}, this editor {messages.PROTOCOL}.",
                hint="Install the same version of diffedit at both ends.",
            )

    async def _spawn(self) -> None:
        log = log_opened(self._log or paths.log_file())
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(self._command or default_command()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=wire.LIMIT + 1,
                # A group of its own: the terminal's ctrl+c is meant for the editor.
                start_new_session=True,
                env=environment(),
            )
        except OSError as error:
            self._boxes.clear()
            raise BackendError(f"The model's worker cannot be started: {error}.") from error
        finally:
            log.close()
        self.gone.clear()
        self._reading = asyncio.create_task(self._read(self._process), name="worker's wire")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Drain the wire, so that the worker never waits for the screen."""
        assert process.stdout is not None
        try:
            # A line without an end is what a killed worker was about to say.
            while (line := await process.stdout.readline()).endswith(b"\n"):
                self._deliver(wire.decode_reply(line))
        except (RequestError, ValueError) as error:
            self._ended_because = f"The model's worker sent what is no message: {error}"
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        code = await self._wait_for_exit(process)
        if process.stdin is not None:
            process.stdin.close()
        self._process = self._reading = self.loaded = None
        self.gone.set()
        why = f"{self._ended_because or died(code)} {UNTOUCHED}"
        for number, box in list(self._boxes.items()):
            box.put(messages.Failed(id=number, kind="backend", message=why))
        self._boxes.clear()

    async def _wait_for_exit(self, process: asyncio.subprocess.Process) -> int:
        try:
            async with asyncio.timeout(self._grace):
                return await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            return await process.wait()

    def _deliver(self, reply: Reply) -> None:
        for listener in tuple(self.listeners):
            listener(reply)
        if isinstance(reply, Loading):
            for report in tuple(self._reports):
                report(reply)
            return
        number = 0 if isinstance(reply, Ready) else reply.id
        box = self._boxes.get(number) if number is not None else None
        if box is None:
            return
        box.put(reply)
        if box.ended and number:
            del self._boxes[number]

    async def _load(self, model: Model, device: str) -> Loaded:
        await self.start()
        self._wanted = model, device
        self.loaded = None
        number = self._next_id()
        box = self._box(number)
        box.cancellable = False
        request = messages.Load(
            id=number,
            backend=model.backend,
            model=model.path,
            device=device,
            options=dict(model.options),
        )
        await self._send(wire.encode(request))
        reply = await box.get()
        if isinstance(reply, messages.Failed):
            raise error_of(reply)
        assert isinstance(reply, Loaded)
        self.loaded = reply
        return reply

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _box(self, number: int, heard: Callable[[Frame], None] | None = None) -> Mailbox:
        box = self._boxes[number] = Mailbox(heard)
        return box

    async def _send(self, line: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.write(line)
        # A worker that died is heard of by its end of the wire, which fails every open id.
        with contextlib.suppress(ConnectionError):
            await self._process.stdin.drain()

    def _post(self, message: messages.Message) -> None:
        """Send what nobody waits for; nothing where there is no worker. Raises TooLongError."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(wire.encode(message))

    def _cancel(self, number: int, box: Mailbox) -> None:
        """Send the cancel without waiting, and see to it that it is answered."""
        if box.cancelling or self._process is None:
            return
        box.cancelling = True
        self._post(messages.Cancel(id=number))
        errand = asyncio.create_task(self._see_it_end(box), name="cancel")
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _see_it_end(self, box: Mailbox) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await box.finished.wait()
        except TimeoutError:
            self._ended_because = (
                f"The model's worker did not stop within {self._patience:g} s and was ended."
            )
            await self._end_process()

    async def _end_process(self) -> None:
        """Terminate, then kill; back when the wire is closed and all open ids have failed."""
        process, reading = self._process, self._reading
        if process is None or reading is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self._grace):
                await asyncio.shield(reading)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(reading)


def default_command() -> tuple[str, ...]:
    """This Python, our child. -P: a random.py beside the person's file must not be imported."""
    return sys.executable, "-P", "-m", "diffedit.worker.main"


def environment() -> dict[str, str]:
    """The child's environment: it finds this very diffedit, installed or in a checkout."""
    home = Path(__file__).parents[2]
    found = dict(os.environ)
    if home.name not in {"site-packages", "dist-packages"}:
        found["PYTHONPATH"] = os.pathsep.join(filter(None, (str(home), found.get("PYTHONPATH"))))
    return found
