"""A backend that stops where it is told, so that a test can look at what happens there."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from diffedit.api import (
    Abilities,
    Cancelled,
    DenoiseParams,
    ModelError,
    Outcome,
    Piece,
    Report,
    Started,
    Step,
    Task,
)

never = threading.Event()


class Held:
    """Options: `hold` (load, prefill, step, deaf), `fail` (a word below), `steps`, `text`."""

    name = "held"
    abilities = Abilities(noise="uniform", canvas_length=4)

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        self.model = model or "held"
        self.device = "cpu" if device == "auto" else device
        self.options = options
        if options.get("clamp"):
            self.abilities = Abilities(noise="uniform", canvas_length=64, clamp=True)
        if options.get("typing"):
            clamp, length = bool(options.get("clamp")), 64 if options.get("clamp") else 4
            self.abilities = Abilities(
                noise="uniform", canvas_length=length, typing=True, clamp=clamp
            )

    def load(self, report: Report) -> None:
        """Load nothing; hold or fail here when told to."""
        if lifeline := self.options.get("lifeline"):
            self.lifeline = os.open(lifeline, os.O_WRONLY)
        if self.options.get("stubborn"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        report("read", 1, 4)
        if self.options.get("hold") == "load":
            never.wait()
        self.fail("load-")
        report("read", 4, 4)

    def rewrite(
        self, task: Task, params: DenoiseParams, cancelled: Cancelled, typing: Any = None
    ) -> Iterator[Started | Step | Outcome]:
        """Show `steps` pictures of the text in capitals."""
        if typing is not None:
            yield from self.listen(task, cancelled, typing)
            return
        text = self.options.get("text", task.text.upper())
        steps = int(self.options.get("steps", "3"))
        yield Started(seed=params.seed, max_steps=steps, canvas_length=4, free=4, kept=0)
        if meddle := self.options.get("meddle"):
            Path(meddle).write_text("theirs", encoding="utf-8")
        self.hold("prefill", cancelled)
        self.fail("")
        for step in range(1, steps + 1):
            if cancelled():
                yield self.outcome(text, "cancelled", step - 1)
                return
            yield Step(
                canvas=1,
                step=step,
                canvas_step=step,
                pieces=(Piece(text, "accepted" if step == steps else "noise", 0.5),),
                accepted=step / steps,
                temperature=0.4,
                mean_entropy=0.5,
            )
            self.hold("step", cancelled)
        if self.options.get("fail") == "silent":
            return
        yield self.outcome(text, "cancelled" if cancelled() else "sure", steps)

    def prefill(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> None:
        """Tell a file what is read ahead."""
        if path := self.options.get("ahead"):
            Path(path).write_text(f"{task.before}[{task.instruction}]{task.after}", "utf-8")

    def listen(
        self, task: Task, cancelled: Cancelled, typing: Any
    ) -> Iterator[Started | Step | Outcome]:
        """A step for each time that something is typed, all else in capitals; "!" is the end."""
        yield Started(seed=0, max_steps=None, canvas_length=4, free=4, kept=0)
        pieces = shouted(task.text, task.keep, "")
        for step in count(1):
            yield Step(canvas=1, step=step, canvas_step=step, pieces=pieces, accepted=0.5)
            while (news := typing()) is None and not cancelled():
                never.wait(0.002)
            if news is None:
                yield self.outcome("".join(piece.text for piece in pieces), "cancelled", step)
                return
            if "die" in news.text:
                os.kill(os.getpid(), signal.SIGKILL)
            pieces = shouted(news.text, news.keep, "<>")
            if "!" in news.text:
                text = "".join(piece.text for piece in pieces)
                yield self.outcome("lost" if "lose" in text else text, "sure", step)
                return

    def outcome(self, text: str, stop: str, steps: int) -> Outcome:
        """The end, with a second text to choose from."""
        other = self.options.get("other")
        return Outcome(
            text=text,
            stop=stop,  # type: ignore[arg-type]
            steps=steps,
            canvases=1,
            tokens=4,
            alternatives=(other,) if other else (),
        )

    def hold(self, where: str, cancelled: Cancelled) -> None:
        """Wait here: until cancelled, or for ever when deaf."""
        if self.options.get("hold") == "deaf" and where == "step":
            never.wait()
        while self.options.get("hold") == where and not cancelled():
            never.wait(0.002)

    def fail(self, where: str) -> None:
        """Go wrong in the way asked for."""
        kind = self.options.get("fail", "")
        if kind.startswith("load-") != (where == "load-"):
            return
        match kind.removeprefix("load-"):
            case "memory":
                raise MemoryError
            case "bug":
                raise ZeroDivisionError("by zero\nand more")
            case "model":
                raise ModelError("The model gave nothing usable.")
            case "print":
                print("a library says hello")  # noqa: T201 - that is what libraries do
                os.write(1, b"from C too\n")
                sys.stdout.flush()
            case "read":
                assert sys.stdin.read() == ""
            case "exit":
                sys.exit(7)
            case "environment":
                raise ModelError(os.environ.get("OMP_WAIT_POLICY", "unset"))


def shouted(text: str, keep: Sequence[tuple[int, int]], around: str) -> tuple[Piece, ...]:
    """A text in capitals, each free part between these two signs, and what is kept as it is."""
    shown, at = list[Piece](), 0
    left, right = around[:1], around[1:]
    for start, end in (*keep, (len(text), len(text))):
        shown.append(Piece(left + text[at:start].strip("<>").upper() + right, "noise", 0.5))
        shown.append(Piece(text[start:end], "kept", 0.0))
        at = end
    return tuple(piece for piece in shown if piece.text)
