"""`diffedit rewrite`: the same road as in the editor, without the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from diffedit.config import models
from diffedit.config.languages import lexer_of
from diffedit.core import files
from diffedit.core.document import Document
from diffedit.core.draft import Draft
from diffedit.core.errors import DiffeditError, FileError, RequestError
from diffedit.core.span import Span
from diffedit.core.start import Start, follow_up
from diffedit.core.stretch import Stretches, rest, shifted
from diffedit.core.text import Text
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Mode
from diffedit.headless import extras
from diffedit.headless.output import (
    CHANGED,
    FAILED,
    INTERRUPTED,
    UNCHANGED,
    Output,
    code_of,
    in_lines,
)
from diffedit.worker.check import Checker, mended
from diffedit.worker.client import Client
from diffedit.worker.messages import Done, Failed, Reply
from diffedit.worker.session import CONTEXT, Session

Result = Literal["diff", "write", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the command line asks for."""

    path: Path
    lines: tuple[tuple[int, int], ...]
    """First and last line of each place, counted from 1, both in."""
    instruction: str = ""
    mode: Mode = "rewrite"
    model: str = "small"
    device: str = "auto"
    context: int = CONTEXT
    params: DenoiseParams
    thinking: bool = False
    images: tuple[Path, ...] = ()
    """Pictures that go along with the instruction."""
    options: Mapping[str, str]
    result: Result = "diff"
    more: tuple[str, ...] = ()
    """Instructions that follow, each to the draft of the one before."""
    pins: tuple[str, ...] = ()
    """What stays: signature, comments, or lines of the file as A:B."""
    check: str | None = None
    """Check the draft and mend it, with this command too; None: no check."""
    save_run: Path | None = None


def run(order: Order, output: Output, worker: tuple[str, ...] | None = None) -> int:
    """Do it, and say how it went. The exit code is the answer.

    Raises BrokenPipeError alone: nobody reads the messages of --json any more.
    """
    try:
        return asyncio.run(_run(order, output, worker))
    except asyncio.CancelledError as error:  # see _Tape: whoever read our output has gone
        raise BrokenPipeError from error
    except KeyboardInterrupt:
        output.note("cancelled; the file is untouched.")
        return INTERRUPTED
    except DiffeditError as error:
        output.note(in_lines(error))
        return code_of(error)
    finally:
        output.clear()


def parse_lines(words: str) -> tuple[int, int]:
    """`12` or `10:20`, counted from 1. Raises RequestError."""
    first, _, last = words.partition(":")
    last = last or first
    if not (first.isdecimal() and last.isdecimal()) or words.endswith(":"):
        raise RequestError(f"--lines wants A or A:B, like 10:20, not {words!r}.")
    if int(first) < 1 or int(last) < int(first):
        raise RequestError(f"--lines counts from 1, and A may not exceed B: {words!r}.")
    return int(first), int(last)


def span_of(text: Text, lines: tuple[int, int], path: Path) -> Span:
    """The lines asked for, counted as everybody does. Raises RequestError: there are none such."""
    first, last = lines
    count = len(text.lines)
    if count > 1 and not text.lines[-1]:
        count -= 1
    if last > count:
        has = "1 line" if count == 1 else f"{count:,} lines"
        raise RequestError(f"{path} has {has}; there is no line {last}.")
    return text.rows(first - 1, last - 1)


def places_of(text: Text, order: Order) -> tuple[Span, Stretches]:
    """The lines asked for, as a span of the text, and what of it lies between several places.

    Raises RequestError when there are none such.
    """
    found = [span_of(text, lines, order.path) for lines in order.lines]
    spans = [(span.start, span.end) for span in found]
    whole = Span(min(spans)[0], max(end for _, end in spans))
    if len(spans) == 1:
        return whole, ()
    if order.mode != "rewrite":
        raise RequestError(f"--mode {order.mode} takes one --lines.")
    return whole, rest(len(whole), shifted(spans, -whole.start))


def language_of(path: Path) -> str:
    """The file's language by Pygments' name, in lower case; "" if unknown."""
    found = lexer_of(path.name)
    return "" if found is None else str(found.name).lower()


async def _run(order: Order, output: Output, worker: tuple[str, ...] | None) -> int:
    opened = files.read(order.path)
    if order.result == "write" and not opened.writable:
        raise FileError(f"{order.path} may not be written.", hint="Nothing was changed.")
    document = Document(opened.text)
    span, between = places_of(document.text, order)
    model = await _model(order, output)
    tape = _Tape(output if order.result == "json" else None)
    async with _client(worker) as client:
        session = Session(document, client, on_message=tape.hear)
        draft = await _through(session, (span, between), order, model, output)
        if draft.status != "settled":
            return _came_to_nothing(session, tape, output, draft)
        if order.save_run is not None and session.edit.link is not None:
            extras.save_run(session.edit.link, order.save_run, language_of(order.path))
        session.apply()
    output.clear()
    text = str(document.text)
    if text == opened.text:
        output.note(draft.message or "no change.")
        return UNCHANGED
    _deliver(order, output, opened, text)
    if draft.message:
        output.note(draft.message)
    if order.result == "write":
        output.note(f"wrote {order.path}: {told(draft)}")
    return CHANGED


async def _model(order: Order, output: Output) -> models.Model:
    """The model asked for, fetched at its first use; it has a file only after that."""
    model = models.find(order.model)
    if not model.installed:
        await _pull(model, output)
        model = models.find(order.model)
    return replace(model, options={**model.options, **order.options})


class _Tape:
    """Every message of the worker, printed as it comes with --json."""

    def __init__(self, output: Output | None) -> None:
        self._output = output
        self._last: Reply | None = None
        self._run = asyncio.current_task()

    def hear(self, reply: Reply) -> None:
        self._last = reply
        if self._output is not None:
            try:
                self._output.event(reply)
            except BrokenPipeError:
                # Nobody reads on. This is the client's own task; the one that waits must end.
                self._output = None
                if self._run is not None:
                    self._run.cancel()

    def end(self, error: DiffeditError) -> None:
        """A worker that died said nothing more; the last line tells of it all the same."""
        if self._output is not None and not isinstance(self._last, Done | Failed):
            kind, hint = error.kind, error.hint
            self._output.event(Failed(id=None, kind=kind, message=error.message, hint=hint))  # type: ignore[arg-type]


@asynccontextmanager
async def _client(worker: tuple[str, ...] | None) -> AsyncIterator[Client]:
    client = Client(worker)
    try:
        yield client
    finally:
        await client.close()


async def _through(
    session: Session,
    where: tuple[Span, Stretches],
    order: Order,
    model: models.Model,
    output: Output,
) -> Draft:
    """The edit, what follows it, and the check: to the last draft. Raises RequestError."""
    if order.params.noise < 1:
        await session.client.load(model, order.device)
        extras.must_start_warm(session.client.abilities)
    span, between = where
    keep = extras.pinned(session.document.text, span, order.pins, language_of(order.path))
    draft = await _denoise(session, span, order, model, output, keep=(keep, between))

    async def go_on(start: Start, words: str = order.instruction) -> Draft:
        again = replace(order, instruction=words)
        return await _denoise(session, span, again, model, output, start=start)

    for words in order.more:
        if draft.status == "settled" and (link := session.edit.link) is not None:
            draft = await go_on(follow_up(draft.text, link.pins, session.edit.at), words)
    if order.check is not None and draft.status == "settled":
        checker = Checker(
            language=language_of(order.path), name=order.path.name, command=order.check
        )
        verdict = await mended(session, checker, go_on)
        output.note(extras.told(checker, verdict))
    return session.draft or draft


async def _denoise(  # noqa: PLR0913 - where it starts is said by name
    session: Session,
    span: Span,
    order: Order,
    model: models.Model,
    output: Output,
    *,
    keep: tuple[Stretches, Stretches] = ((), ()),
    start: Start | None = None,
) -> Draft:
    """Play one run to its end, telling how far it is."""
    drafts = session.rewrite(
        span,
        keep=keep[0],
        between=keep[1],
        start=start,
        instruction=order.instruction,
        mode=order.mode,
        params=order.params,
        model=model,
        language=language_of(order.path),
        thinking=order.thinking,
        images=order.images,
        device=order.device,
        context=order.context,
    )
    last: Draft | None = None
    async with aclosing(drafts):
        async for last in drafts:
            figures = last.figures
            of = f" of {figures.max_steps}" if figures.max_steps else ""
            steps = f"canvas {figures.canvas}, step {figures.step}{of}"
            output.progress(last.message or steps)
    assert last is not None, "a session always yields a last draft"
    return last


def _came_to_nothing(session: Session, tape: _Tape, output: Output, draft: Draft) -> int:
    if session.error is None:
        output.note(draft.message or "cancelled.")
        return FAILED
    tape.end(session.error)
    output.note(in_lines(session.error))
    return code_of(session.error)


async def _pull(model: models.Model, output: Output) -> None:
    """Fetch the model at its first use; ctrl+c leaves nothing half."""
    stopped = False

    def report(done: int, total: int) -> None:
        share = f"{100 * done // total:3d}%" if total else ""
        output.progress(f"Fetching {model.name} {share} ({done / 1e6:.0f} MB)")

    loop = asyncio.get_running_loop()
    fetching = loop.run_in_executor(
        None, lambda: models.pull(model.name, report, cancelled=lambda: stopped)
    )
    try:
        await fetching
    finally:
        stopped = True
        output.clear()


def _deliver(order: Order, output: Output, opened: files.Opened, text: str) -> None:
    if order.result == "diff":
        output.diff(opened.text, text, str(order.path), opened.form)
    elif order.result == "write":
        if files.stamp(opened.path) != opened.stamp:
            raise FileError(
                f"{order.path} was changed by someone else meanwhile.", hint="Run it again."
            )
        files.write(opened.path, text, opened.form)


def told(draft: Draft) -> str:
    """The run in a few words: "12 steps, 1.3 s, seed 0"."""
    figures = draft.figures
    steps = "1 step" if figures.steps == 1 else f"{figures.steps} steps"
    return f"{steps}, {figures.elapsed_ms / 1000:.1f} s, seed {figures.seed}"
