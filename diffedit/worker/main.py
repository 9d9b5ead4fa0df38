"""The child process, as it comes up: the wire is put aside before anything heavy is imported."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import BinaryIO, NoReturn

QUIET = {
    # Threads that wait by spinning make two of them on a busy two-core machine 15 times slower.
    "OMP_WAIT_POLICY": "passive",
    "KMP_BLOCKTIME": "0",
    # OpenBLAS has threads of its own, which spin 2**n cycles; and more than eight gain nothing
    # on matrices as small as a short canvas makes.
    "OPENBLAS_THREAD_TIMEOUT": "8",
    "OPENBLAS_NUM_THREADS": str(min(8, os.cpu_count() or 1)),
    # A tokenizer that forks its own pool gains nothing on one prompt at a time.
    "TOKENIZERS_PARALLELISM": "false",
}
"""Set before numpy or torch is imported, unless the person has set them."""

NICE = 5
"""How far the model steps back for the editor."""


def main() -> NoReturn:
    """Speak the wire on stdin and stdout until stdin closes."""
    source, sink = take_wire()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    # ctrl+c is the editor's key; the terminal sends it to everything it started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICE)
    from diffedit.worker.serve import Server  # noqa: PLC0415 - msgspec comes after the wire is safe

    Server(source, sink).run()


def take_wire() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for the wire, and put stderr and nothing in their places.

    A library that prints goes to the log from here on, and one that reads finds an end.
    """
    sys.stdout.flush()
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


if __name__ == "__main__":
    main()
