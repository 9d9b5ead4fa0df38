"""One tree of errors. Each message speaks to the person who can act on it."""

from __future__ import annotations


class DiffeditError(Exception):
    """Anything that a person is told about in one line. `hint` says what to do next."""

    kind = "bug"
    """The word for it on the wire: request, model, memory, too_long, backend or bug."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class RequestError(DiffeditError):
    """What was asked for cannot be done as asked: a wrong range, a wrong value."""

    kind = "request"


class FileError(DiffeditError):
    """A file could not be read or written; the text is untouched."""

    kind = "request"


class ForbiddenError(FileError):
    """The system's permissions say no to the file; someone else, such as root, may."""


class ModelError(DiffeditError):
    """A model is missing, broken, or gave nothing usable."""

    kind = "model"


class TooLongError(DiffeditError):
    """The text does not fit into the model's context."""

    kind = "too_long"


class OutOfMemoryError(DiffeditError):
    """The model does not fit into this machine."""

    kind = "memory"


class BackendError(DiffeditError):
    """The backend failed while it worked, or the worker died."""

    kind = "backend"
