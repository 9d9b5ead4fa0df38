"""What the child does while nobody waits for an answer: it reads ahead, and is stopped at once."""

from __future__ import annotations

import sys
import traceback
from collections import deque

from diffedit.core.errors import DiffeditError
from diffedit.engine.backend import Backend, Cancelled, Interrupted, PrefillingBackend
from diffedit.worker import messages
from diffedit.worker.asked import params_of, task_of


class Ahead:
    """Moves: it holds the newest place that an edit may be asked for soon. Two threads use it."""

    def __init__(self) -> None:
        # Its ends are safe from both threads; there is never more than one.
        self._wanted: deque[messages.Prefill] = deque(maxlen=1)

    def want(self, place: messages.Prefill) -> None:
        """This place is read next; one that was to be read before it no longer is."""
        self._wanted.append(place)

    def forget(self) -> None:
        """The edit itself has come: it reads for itself."""
        self._wanted.clear()

    def read(self, backend: Backend | None, cancelled: Cancelled) -> None:
        """Read what is wanted, if a model is loaded that can. What goes wrong is only logged."""
        if backend is None:
            return
        try:
            place = self._wanted.pop()
        except IndexError:
            return
        if not isinstance(backend, PrefillingBackend):
            return
        try:
            backend.prefill(task_of(place), params_of(place.params), cancelled)
        except Interrupted:
            pass
        except DiffeditError as error:
            sys.stderr.write(f"Nothing was read ahead: {error}\n")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - nobody asked for this
            sys.stderr.write("".join(traceback.format_exception(error)))
        sys.stderr.flush()
