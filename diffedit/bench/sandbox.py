"""Run code that a model wrote, where it can do no harm: a process that has given up its rights."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diffedit.core.errors import RequestError

CHILD = Path(__file__).with_name("sandbox_child.py")

MODULES = (
    *("abc", "binascii", "bisect", "cmath", "collections", "collections.abc", "contextlib"),
    *("copy", "dataclasses", "decimal", "enum", "fractions", "functools", "heapq", "itertools"),
    *("keyword", "math", "numbers", "operator", "re", "statistics", "string", "struct"),
    *("textwrap", "types", "typing", "unicodedata"),
)
"""What code may import in there: they compute, and touch nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one process may take."""

    wall_s: float = 10.0
    cpu_s: int = 5
    call_s: float = 0.5
    """One call, in seconds."""
    memory: int = 512 * 2**20
    """Address space, in bytes."""
    answer: int = 4 * 2**20
    """What it may say, in bytes."""


LIMITS = Limits()


class SandboxError(Exception):
    """The process gave no answer: it ran out of time or memory, or was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One call that the function returned from."""

    call: str
    """The arguments, as a literal."""
    result: str
    lines: tuple[int, ...]
    """The lines of the source that ran, from 1."""


def run(
    sources: Sequence[str],
    name: str,
    calls: Sequence[str],
    *,
    limits: Limits = LIMITS,
    hash_seed: int = 0,
) -> list[list[str]]:
    """What the function `name` of each source gives for each call; [] where it cannot be loaded.

    A call that takes too long is the last one that is answered. Raises SandboxError.
    """
    request = {"do": "run", "sources": list(sources), "name": name, "calls": list(calls)}
    answers = _ask(request, limits, hash_seed)
    return [[str(shown) for shown in shown_of] for shown_of in answers]


def explore(
    source: str,
    name: str,
    *,
    kinds: Mapping[str, Sequence[str]],
    counts: Sequence[int],
    calls: Sequence[str] = (),
    tries: int = 200,
) -> list[Found]:
    """Calls that the function returns from: `calls` first, then arguments of the `kinds`.

    `counts`: how many arguments to try. Raises SandboxError.
    """
    request = {
        "do": "explore",
        "sources": [source],
        "name": name,
        "kinds": {kind: list(values) for kind, values in kinds.items()},
        "counts": list(counts),
        "calls": list(calls),
        "tries": tries,
        "seed": 0,
    }
    found = _ask(request, Limits(call_s=0.1, cpu_s=8, wall_s=15.0), 0)
    return [
        Found(call=one["call"], result=one["result"], lines=tuple(one["lines"])) for one in found
    ]


def _ask(request: Mapping[str, Any], limits: Limits, hash_seed: int) -> Any:
    """Start the process, send the request, read the answer; whatever happens, it is gone then."""
    if os.name != "posix":
        raise RequestError("Code is run for bench quality only where POSIX limits hold.")
    asked = {
        **request,
        "modules": MODULES,
        "memory": limits.memory,
        "cpu_s": limits.cpu_s,
        "call_s": limits.call_s,
    }
    with tempfile.TemporaryDirectory(prefix="diffedit-") as empty:
        # -s -P and this environment are -I, but for the seed of hashes: sets keep their order.
        process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-S", "-B", "-X", "utf8", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=empty,
            env={"PYTHONHASHSEED": str(hash_seed)},
            start_new_session=True,
        )
        try:
            answer = _talk(process, json.dumps(asked).encode(), limits)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    try:
        return json.loads(answer)
    except ValueError as error:
        raise SandboxError("The process gave no answer.") from error


def _talk(process: subprocess.Popen[bytes], request: bytes, limits: Limits) -> bytes:
    """Write, then read until the end, the limit of time or that of size. Raises SandboxError."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout, selectors.DefaultSelector() as selector:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(request)
            process.stdin.close()
        end = time.monotonic() + limits.wall_s
        selector.register(process.stdout, selectors.EVENT_READ)
        answer = b""
        while len(answer) <= limits.answer:
            if not selector.select(max(0.0, end - time.monotonic())):
                raise SandboxError("The process ran out of time.")
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                return answer
            answer += piece
    raise SandboxError("The process said too much.")
