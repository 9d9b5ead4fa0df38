"""Inside the sandbox: run functions on given arguments and say what they gave. A script, no module.

It is started by `sandbox.py` in an empty folder, with an environment of one variable, and takes
everything away from itself before any code of the request runs: no new file or socket can be
opened (RLIMIT_NOFILE 0), nothing can be written to a file (RLIMIT_FSIZE 0), no process or thread
started (RLIMIT_NPROC 0); memory and time have limits; root's rights are given up; an audit hook
refuses every event but a few harmless ones; and `os` is emptied. The standard library only.
"""

from __future__ import annotations

import ast
import builtins
import codecs
import contextlib
import importlib
import io
import itertools
import json
import os
import random
import signal
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

HARMLESS = {"compile", "exec", "object.__getattr__", "builtins.id", "sys._getframe", "sys.settrace"}
"""The audit events that ordinary code needs; all others are refused."""

CODECS = ("utf-8", "ascii", "latin-1", "utf-16", "utf-32", "unicode_escape")
FILE = "<case>"
LONGEST = 2_000
"""An answer longer than this is none, in characters."""
MOST_ITEMS = 200
DEEPEST = 6
_PROF = signal.ITIMER_PROF
"""The time that this process itself took: a busy machine makes no call fail."""


class OutOfTimeError(BaseException):
    """The call took too long. Not an Exception, so that code under test does not swallow it."""


class TooBigError(Exception):
    """The result is too large, or of a kind that two runs cannot agree on."""


def main() -> None:
    """Read one request, lock the door, answer it."""
    request = json.load(sys.stdin)
    write, exit_now = os.write, os._exit
    answer = _ANSWERS[request["do"]]
    timer = signal.setitimer
    signal.signal(signal.SIGPROF, _out_of_time)
    for name in request["modules"]:
        importlib.import_module(name)
    for name in CODECS:
        codecs.lookup(name)
    sys.stdout = sys.stderr = io.StringIO()
    sys.stdin = io.StringIO()
    sys.setrecursionlimit(500)
    _lock(request["memory"], request["cpu_s"])
    reply = answer(request, _Caller(timer, request["call_s"]))
    data = json.dumps(reply).encode()
    while data:
        data = data[write(1, data) :]
    exit_now(0)


# The lock --------------------------------------------------------------------------------------


def _lock(memory: int, cpu_s: int) -> None:
    """Give up everything that could do harm. What the system lacks is left to the other walls."""
    import resource  # noqa: PLC0415 - gone again before any code of the request runs

    if os.geteuid() == 0:
        # Limits do not bind root, and files would not be safe from it.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
    wanted = {
        "RLIMIT_AS": memory,
        "RLIMIT_CPU": cpu_s,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_NOFILE": 0,
    }
    for name, most in wanted.items():
        # macOS knows RLIMIT_AS and refuses to set it.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, name), (most, most))
    sys.addaudithook(_guard)
    for name in ("resource", "signal", "_signal", "gc", "importlib", "subprocess", "_thread"):
        sys.modules.pop(name, None)
    for module in (os, sys.modules["posix"]):
        for name, value in list(vars(module).items()):
            if isinstance(value, types.BuiltinFunctionType) and name != "fspath":
                delattr(module, name)


def _guard(event: str, _: tuple[object, ...]) -> None:
    if event not in HARMLESS:
        raise PermissionError(f"not in here: {event}")


def _out_of_time(*_: object) -> None:
    raise OutOfTimeError


# Calls -----------------------------------------------------------------------------------------


class _Caller:
    """Calls a function with a time limit, and says what came of it as a text."""

    def __init__(self, timer: Callable[[Any, float], object], call_s: float) -> None:
        self._timer = timer
        self._call_s = call_s

    def limited(self, work: Callable[[], Any]) -> Any:
        """What `work` gives. Raises OutOfTimeError."""
        self._timer(_PROF, self._call_s)
        try:
            return work()
        finally:
            self._timer(_PROF, 0)

    def load(self, source: str, name: str) -> Any:
        """The function `name` of `source`, or None where it cannot even be defined."""
        names: dict[str, Any] = {"__name__": "case", "__builtins__": builtins}
        try:
            self.limited(lambda: exec(compile(source, FILE, "exec"), names))  # noqa: S102 - the very purpose
        except (Exception, SystemExit, OutOfTimeError):  # noqa: BLE001 - any failure is an answer
            return None
        return names.get(name)

    def call(self, function: Any, literal: str) -> tuple[bool, str]:
        """Whether it returned, and its result (with the arguments it changed) or its error."""
        arguments = ast.literal_eval(literal)
        before = plain(arguments)

        def work() -> str:
            result = plain(function(*arguments))
            after = plain(arguments)
            return result if after == before else f"{result} <- {after}"

        try:
            shown: str = self.limited(work)
        except (Exception, SystemExit, OutOfTimeError) as error:  # noqa: BLE001 - an answer, too
            return False, f"raises {type(error).__name__}"
        return len(shown) <= LONGEST, shown[: LONGEST + 1]


def plain(value: Any, depth: int = 0) -> str:
    """A text that is equal for equal values. Raises TooBigError where there is none."""
    if depth > DEEPEST:
        raise TooBigError
    kind = type(value).__name__
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, bytearray)):
        return repr(value) if type(value).__module__ == "builtins" else f"{kind}:{value!r}"
    if isinstance(value, dict):
        items = [f"{plain(k, depth + 1)}: {plain(v, depth + 1)}" for k, v in _some(value.items())]
        return f"{kind}{{{', '.join(items)}}}"
    if isinstance(value, (set, frozenset)):
        return f"{kind}{{{', '.join(sorted(plain(item, depth + 1) for item in _some(value)))}}}"
    if isinstance(value, (list, tuple)) or hasattr(value, "__next__"):
        kind = "iterator" if hasattr(value, "__next__") else kind
        return f"{kind}[{', '.join(plain(item, depth + 1) for item in _some(value))}]"
    own: object = type(value).__repr__
    if own is object.__repr__ and hasattr(value, "__dict__"):
        return f"{kind}{plain(vars(value), depth + 1)}"
    shown = repr(value)
    if " at 0x" in shown:
        raise TooBigError
    return shown


def _some(items: Any) -> Iterator[Any]:
    for number, item in enumerate(items):
        if number >= MOST_ITEMS:
            raise TooBigError
        yield item


# What can be asked -----------------------------------------------------------------------------


def run(request: Mapping[str, Any], caller: _Caller) -> list[list[str]]:
    """For each source, what each call gives, up to the first that takes too long.

    An empty list where the source cannot be loaded.
    """
    answers: list[list[str]] = []
    for source in request["sources"]:
        function = caller.load(source, request["name"])
        answers.append([])
        for literal in request["calls"] if callable(function) else []:
            answers[-1].append(caller.call(function, literal)[1])
            if answers[-1][-1] == "raises OutOfTimeError":
                # One endless loop is enough to know; the rest would only cost time.
                break
    return answers


def explore(request: Mapping[str, Any], caller: _Caller) -> list[dict[str, Any]]:
    """Calls that the function returns from, each with its result and the lines it ran through.

    First one try for every combination of types, then many of those that went well.
    """
    function = caller.load(request["sources"][0], request["name"])
    if not callable(function):
        return []
    chance = random.Random(request["seed"])
    kinds: Mapping[str, Sequence[str]] = request["kinds"]
    shapes = [s for count in request["counts"] for s in itertools.product(kinds, repeat=count)]
    chance.shuffle(shapes)
    found = [tried for literal in request["calls"] if (tried := _try(function, literal, caller))]
    good = []
    for shape in shapes[: request["tries"]]:
        if tried := _try(function, _arguments(shape, kinds, chance), caller):
            found.append(tried)
            good.append(shape)
    for _ in range(request["tries"] if good else 0):
        literal = _arguments(chance.choice(good), kinds, chance)
        if tried := _try(function, literal, caller):
            found.append(tried)
    return list({one["call"]: one for one in found}.values())


def _arguments(
    shape: Sequence[str], kinds: Mapping[str, Sequence[str]], chance: random.Random
) -> str:
    return f"({''.join(chance.choice(kinds[kind]) + ', ' for kind in shape)})"


def _try(function: Any, literal: str, caller: _Caller) -> dict[str, Any] | None:
    lines: set[int] = set()

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename != FILE:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        returned, shown = caller.call(function, literal)
    finally:
        sys.settrace(None)
    return {"call": literal, "result": shown, "lines": sorted(lines)} if returned else None


_ANSWERS: dict[str, Callable[[Mapping[str, Any], _Caller], object]] = {
    "run": run,
    "explore": explore,
}

if __name__ == "__main__":
    main()
