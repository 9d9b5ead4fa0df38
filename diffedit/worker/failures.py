"""How a worker failed: in a person's words, and as the error that it stands for."""

from __future__ import annotations

import signal

from diffedit.core import errors
from diffedit.core.errors import DiffeditError
from diffedit.worker import messages

_KINDS = {
    error.kind: error
    for error in (
        *(errors.RequestError, errors.ModelError, errors.TooLongError),
        *(errors.OutOfMemoryError, errors.BackendError),
    )
}


def died(code: int) -> str:
    """How a worker ended, in a person's words."""
    if code >= 0:
        return f"The model's worker ended by itself (exit code {code})."
    if code == -signal.SIGKILL:
        return "The model's worker died (signal 9)."
    return f"The model's worker died (signal {-code})."


def error_of(failed: messages.Failed) -> DiffeditError:
    """The error that a failure on the wire stands for."""
    kind = _KINDS.get(failed.kind, DiffeditError)
    return kind(failed.message, hint=failed.hint)
