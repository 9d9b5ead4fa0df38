"""When the editor must leave at once: no text is lost, no traceback is shown."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from diffedit.config import paths
from diffedit.core.show import one_line

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def write_log(error: BaseException) -> Path:
    """Note what went wrong for whoever looks into it; where the note lies."""
    path = paths.state_dir() / "errors.log"
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')}\n")
            log.writelines(traceback.format_exception(error))
    return path


def farewell(why: str, rescued: Sequence[str]) -> str:
    """What stands on the terminal after the editor has gone: why, and a line for each text."""
    return "\n".join(f"diffedit: {one_line(said)}" for said in (why, *rescued))


def on_signals(call: Callable[[int], None]) -> None:
    """Call this when the terminal goes away or the system asks us to end."""
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        # Some systems have no such handlers; there the default stays.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, call, number)
