"""Where a worker's stderr goes: one file, which does not grow for ever."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

LOG_LIMIT = 1_000_000
"""A log longer than this is put aside before the next worker writes to it, in bytes."""


def log_opened(path: Path) -> BinaryIO:
    """The log, to be written on at its end; nowhere, where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_name(path.name + ".old"))
        return path.open("ab")
    except OSError:
        # A full disk must not cost the model; the log is only for the curious.
        return Path(os.devnull).open("ab")
