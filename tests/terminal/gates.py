"""The tests' side of the gated backend: where is the worker, and is it alive?"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from pty_terminal import Terminal


class Gates:
    """FIFOs at which the worker waits, each a phase of its work."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the one in the gated model's options."""
        self.folder = folder

    def shut(self, phase: str) -> None:
        """From now on the worker waits when it comes to this phase."""
        os.mkfifo(self.folder / phase)

    def reached(self, terminal: Terminal, phase: str) -> int:
        """Come back when the worker waits there. Closing what is given back lets it go on.

        The gate is gone: the next one to come there walks through.
        """
        found: list[int] = []
        gate = self.folder / phase

        def there() -> bool:
            try:
                found.append(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
            except OSError as error:
                if error.errno == errno.ENXIO:
                    return False
                raise
            return True

        terminal.wait_until(there, f"the worker in {phase}")
        gate.unlink()
        return found[0]

    def watch_life(self) -> Life:
        """To be called before the worker comes up."""
        path = self.folder / "life"
        os.mkfifo(path)
        return Life(path)


class Life:
    """Hears a worker's process id when it is born, and when it is dead, however it died."""

    def __init__(self, path: Path) -> None:
        """The FIFO that the worker opens."""
        self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self._path = path
        self._heard = b""

    def pid(self, terminal: Terminal) -> int:
        """The worker's process id, once it is up. Workers after this one are not heard."""
        terminal.wait_until(self._born, "the worker's process id")
        self._path.unlink()
        return int(self._heard)

    def wait_dead(self, terminal: Terminal) -> None:
        """Come back when the worker is gone."""
        terminal.wait_until(self._dead, "the worker's death", alive=False)

    def close(self) -> None:
        """Listen no more."""
        os.close(self._fd)

    def _born(self) -> bool:
        self._listen()
        return self._heard.endswith(b"\n")

    def _dead(self) -> bool:
        return not self._listen()

    def _listen(self) -> bool:
        """Whether there is (or may yet be) someone at the other end."""
        try:
            data = os.read(self._fd, 100)
        except BlockingIOError:
            return True
        self._heard += data
        return bool(data)
