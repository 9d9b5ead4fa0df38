"""The child at work: one thread reads the wire, the main thread does one request at a time."""

from __future__ import annotations

import dataclasses
import math
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NoReturn, cast

import diffedit
from diffedit.config import plugins
from diffedit.core.draft import Piece
from diffedit.core.errors import BackendError, DiffeditError, RequestError
from diffedit.engine.backend import (
    Backend,
    BackendFactory,
    Cancelled,
    Scorer,
    Stage,
    TypingBackend,
)
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task
from diffedit.engine.typed import Typed
from diffedit.worker import messages, wire
from diffedit.worker.asked import params_of, task_of
from diffedit.worker.idle import Ahead

REPORT_EVERY_S = 0.05
"""How often loading tells how far it has come; each new stage is told at once."""

Factories = Callable[[str], BackendFactory]
Work = messages.Load | messages.Rewrite | messages.Score


class Server:
    """Answers requests until the wire closes. Nothing of the editor is known here."""

    def __init__(
        self, source: BinaryIO, sink: BinaryIO, factories: Factories = plugins.backend
    ) -> None:
        self._source = source
        self._sink = sink
        self._factories = factories
        self._sending = threading.Lock()
        self._requests: queue.SimpleQueue[tuple[float, Work] | None] = queue.SimpleQueue()
        """None: there is something to be read ahead."""
        self._ahead = Ahead()
        self._open: set[int] = set()
        self._cancelled: set[int] = set()
        self._pins: dict[int, messages.Pin] = {}
        """Of each rewrite, what was typed into it last."""
        self._backend: Backend | None = None
        self._loaded: messages.Load | None = None

    def run(self) -> NoReturn:
        """Say ready, then serve. Ends by the reader thread, when stdin closes."""
        names = tuple(plugins.backends())
        version = diffedit.__version__
        self.send(messages.Ready(protocol=messages.PROTOCOL, version=version, backends=names))
        threading.Thread(target=self._read, name="wire", daemon=True).start()
        while True:
            self._do(self._requests.get())

    def send(self, reply: messages.Reply) -> None:
        """One line out. A parent that no longer listens ends the child."""
        try:
            line = wire.encode(reply)
            with self._sending:
                self._sink.write(line)
                self._sink.flush()
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)

    # The reader thread -------------------------------------------------------------------------

    def _read(self) -> None:
        """Take every line as it comes, so that a cancel is heard in the middle of a step."""
        while line := self._source.readline(wire.LIMIT + 1):
            if len(line) > wire.LIMIT:
                self._skip_line()
                self._refuse(None, RequestError("The line is too long for the wire."))
                continue
            try:
                request = wire.decode_request(line)
            except RequestError as error:
                self._refuse(wire.id_of(line), error)
                continue
            self._take(request)
        # The parent is gone or done with us: leave from within whatever step is going on.
        os._exit(0)

    def _take(self, request: messages.Request) -> None:
        if isinstance(request, messages.Cancel):
            if request.id in self._open:
                self._cancelled.add(request.id)
            return
        if isinstance(request, messages.Pin):
            if request.id in self._open:
                self._pins[request.id] = request
            return
        if isinstance(request, messages.Prefill):
            self._ahead.want(request)
            self._requests.put(None)
            return
        if isinstance(request, messages.Rewrite):
            self._ahead.forget()
        self._open.add(request.id)
        self._requests.put((time.perf_counter(), request))

    def _skip_line(self) -> None:
        while (rest := self._source.readline(wire.LIMIT)) and not rest.endswith(b"\n"):
            pass

    def _refuse(self, number: int | None, error: DiffeditError) -> None:
        self.send(_failed(number, "request", error))

    # The main thread ---------------------------------------------------------------------------

    def _do(self, asked: tuple[float, Work] | None) -> None:
        """One request; then, until the next one comes, what may be read ahead of it."""
        if asked is not None:
            self._serve(*asked)
        if not self._is_waited_for():
            self._ahead.read(self._backend, self._is_waited_for)

    def _is_waited_for(self) -> bool:
        """Whether there is something to be done."""
        return not self._requests.empty()

    def _serve(self, since: float, request: Work) -> None:
        """Do one request; whatever happens, exactly one last answer goes out."""
        try:
            if isinstance(request, messages.Load):
                self.send(self._load(request))
            elif isinstance(request, messages.Score):
                self.send(self._score(request, since))
            else:
                self.send(self._rewrite(request, since))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the edge: nothing may kill the child
            self.send(failure(request.id, error))
        finally:
            self._open.discard(request.id)
            self._cancelled.discard(request.id)
            self._pins.pop(request.id, None)

    def _load(self, request: messages.Load) -> messages.Loaded:
        if not self._is_loaded(request):
            # The old model goes first: two of them may not fit side by side.
            self._backend = self._loaded = None
            factory = self._factories(request.backend)
            fresh = factory(request.model, request.device, request.options)
            fresh.load(self._reporter(request.id))
            self._backend, self._loaded = fresh, request
        backend = self._backend
        assert backend is not None
        return messages.Loaded(
            id=request.id,
            backend=backend.name,
            model=backend.model,
            device=backend.device,
            abilities=dataclasses.asdict(backend.abilities),
        )

    def _is_loaded(self, request: messages.Load) -> bool:
        """Whether what is asked for is there, or is with other options than it was loaded with."""
        loaded, backend = self._loaded, self._backend
        if loaded is None or backend is None:
            return False
        if same(loaded, request):
            return True
        wanted = (request.backend, request.model, request.device)
        if wanted != (loaded.backend, loaded.model, loaded.device):
            return False
        adapt = getattr(backend, "adapt", None)
        if adapt is None or not adapt(request.options):
            return False
        self._loaded = request
        return True

    def _reporter(self, number: int) -> Callable[[Stage, int, int], None]:
        last: tuple[Stage | None, float] = (None, 0.0)

        def report(stage: Stage, done: int, total: int) -> None:
            nonlocal last
            clock = time.monotonic()
            if stage != last[0] or done >= total or clock - last[1] >= REPORT_EVERY_S:
                last = stage, clock
                self.send(messages.Loading(id=number, stage=stage, done=done, total=total))

        return report

    def _rewrite(self, request: messages.Rewrite, since: float) -> messages.Done:
        if self._backend is None:
            raise RequestError("No model is loaded.")
        params = params_of(request.params)
        run = _Run(self._backend, request, params, since)
        run.pins = lambda: self._pins.get(request.id)
        return run.play(lambda: request.id in self._cancelled, self.send)

    def _score(self, request: messages.Score, since: float) -> messages.Scores:
        backend = self._backend
        if backend is None:
            raise RequestError("No model is loaded.")
        if not backend.abilities.score:
            raise RequestError(f"The model {backend.model} cannot say how sure it is of a text.")
        task = Task(
            text=request.text,
            before=request.before,
            after=request.after,
            language=request.language,
        )
        scorer = cast("Scorer", backend)
        tokens = scorer.score(task, lambda: request.id in self._cancelled)
        elapsed_ms = (time.perf_counter() - since) * 1000
        return messages.Scores(id=request.id, tokens=tokens, elapsed_ms=elapsed_ms)


class _Run:
    """One rewrite on its way: counts the time, and answers a cancel if the backend does not."""

    def __init__(
        self, backend: Backend, request: messages.Rewrite, params: DenoiseParams, since: float
    ) -> None:
        self._backend = backend
        self._request = request
        self._params = params
        self._since = since
        self._model_s = 0.0
        self._started: Started | None = None
        self._step: Step | None = None
        self.pins: Callable[[], messages.Pin | None] = lambda: None
        """What was typed last, if anything."""
        self._pinned = 0

    def _typing(self) -> Typed | None:
        """What was typed since this was asked last: the next step heeds it."""
        pin = self.pins()
        if pin is None or pin.number <= self._pinned:
            return None
        self._pinned = pin.number
        return Typed(text=pin.text, keep=pin.keep, noised=pin.noised)

    def _events(self, cancelled: Cancelled) -> Iterator[Event]:
        """The run, as far as the backend takes part in it."""
        task = task_of(self._request)
        if self._backend.abilities.typing:
            typing = cast("TypingBackend", self._backend)
            return typing.rewrite(task, self._params, cancelled, self._typing)
        return self._backend.rewrite(task, self._params, cancelled)

    def play(
        self, cancelled: Callable[[], bool], send: Callable[[messages.Reply], None]
    ) -> messages.Done:
        """Send what the backend yields; the answer is its outcome."""
        events = self._events(cancelled)
        while True:
            asked = cancelled()
            clock = time.perf_counter()
            event = next(events, None)
            self._model_s += time.perf_counter() - clock
            if isinstance(event, Outcome):
                return self._done(event)
            if isinstance(event, Started):
                self._started = event
                send(self._told(event))
                # The prompt is read next, and that may take its time.
                asked = cancelled()
            elif isinstance(event, Step):
                self._step = event
                send(self._seen(event))
            else:
                raise BackendError(f"The model {self._backend.name} ended without an answer.")
            if asked:
                return self._done(self._cut_short())

    def _told(self, event: Started) -> messages.Started:
        return messages.Started(id=self._request.id, **fields(event))

    def _seen(self, event: Step) -> messages.Frame:
        return messages.Frame(
            id=self._request.id,
            canvas=event.canvas,
            step=event.step,
            canvas_step=event.canvas_step,
            pieces=event.pieces,
            accepted=finite(event.accepted) or 0.0,
            temperature=finite(event.temperature),
            mean_entropy=finite(event.mean_entropy),
            thought=event.thought,
            lengths=event.lengths,
            elapsed_ms=self._elapsed_ms(),
            model_ms=self._model_s * 1000,
            pinned=self._pinned,
        )

    def _done(self, event: Outcome) -> messages.Done:
        told = fields(event)
        return messages.Done(
            id=self._request.id,
            **told,
            tokens_per_step=event.tokens / event.steps if event.steps else 0.0,
            elapsed_ms=self._elapsed_ms(),
            model_ms=self._model_s * 1000,
            seed=self._started.seed if self._started else self._params.seed,
            pinned=self._pinned,
        )

    def _cut_short(self) -> Outcome:
        """The answer to a cancel that the backend did not hear: the last picture."""
        step = self._step
        pieces: tuple[Piece, ...] = step.pieces if step else ()
        return Outcome(
            text="".join(piece.text for piece in pieces) if step else self._request.text,
            stop="cancelled",
            steps=step.step if step else 0,
            canvases=step.canvas if step else 0,
            tokens=len(pieces),
        )

    def _elapsed_ms(self) -> float:
        return (time.perf_counter() - self._since) * 1000


def same(one: messages.Load, other: messages.Load) -> bool:
    """Whether two loads ask for the same model in the same way."""
    return (one.backend, one.model, one.device, one.options) == (
        *(other.backend, other.model, other.device),
        other.options,
    )


def fields(event: Event) -> dict[str, Any]:
    """A flat event's fields by name."""
    return {name.name: getattr(event, name.name) for name in dataclasses.fields(event)}


def finite(number: float | None) -> float | None:
    """JSON has no NaN and no infinity; both mean that nothing is known."""
    return number if number is not None and math.isfinite(number) else None


def _failed(number: int | None, kind: str, error: DiffeditError) -> messages.Failed:
    return messages.Failed(id=number, kind=kind, message=error.message, hint=error.hint)  # type: ignore[arg-type]


def failure(number: int, error: BaseException) -> messages.Failed:
    """What went wrong, in one line; where it went wrong only as detail and in the log."""
    if isinstance(error, DiffeditError):
        return _failed(number, error.kind, error)
    detail = "".join(traceback.format_exception(error))
    sys.stderr.write(detail)
    sys.stderr.flush()
    if isinstance(error, MemoryError):
        message = "There is not enough memory for this. Select a smaller span, or a smaller model."
        return messages.Failed(id=number, kind="memory", message=message, detail=detail)
    said = " ".join(str(error).split())[:200]
    name = type(error).__name__
    message = (
        f"The model's code failed ({name}: {said})."
        if said
        else f"The model's code failed ({name})."
    )
    return messages.Failed(id=number, kind="bug", message=message, detail=detail)
