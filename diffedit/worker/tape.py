"""A run in a file: what was asked, every frame as it came over the wire, and the end.

JSON lines: first a `run`, then a `frame` each. It holds the span, the instruction and what the
model made of them, and nothing of the text around: what a person attaches to a bug report should
be what they meant to show.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

import msgspec

import diffedit
from diffedit.core.draft import Draft, Figures, Piece
from diffedit.core.edit import Link
from diffedit.core.errors import FileError, RequestError
from diffedit.core.film import Film, Frame
from diffedit.core.review import Review
from diffedit.core.span import Span

FORMAT = 1
"""Raised by one whenever the lines change their meaning."""
LIMIT = 64 * 1024 * 1024
"""The longest file that is read, in bytes."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="run"):
    """The first line: what was asked, and what came of it."""

    format: int
    version: str
    original: str
    texts: tuple[str, ...]
    chosen: int = 0
    instruction: str = ""
    kind: str = "run"
    language: str = ""
    backend: str = ""
    model: str = ""
    device: str = ""
    seed: int | None = None
    stop: str = ""


class Shot(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="frame"):
    """Each further line: one frame."""

    pieces: tuple[Piece, ...]
    step: int = 0
    steps: int = 0
    canvas: int = 0
    max_steps: int | None = None
    accepted: float | None = None
    mean_entropy: float | None = None
    temperature: float | None = None
    elapsed_ms: float = 0.0


T = TypeVar("T")


def to_bytes(link: Link, *, language: str = "") -> bytes:
    """The link as the lines of a file."""
    draft, figures = link.draft, link.draft.figures
    head = Head(
        format=FORMAT,
        version=diffedit.__version__,
        original=draft.original,
        texts=draft.texts,
        chosen=draft.chosen,
        instruction=link.instruction,
        kind=link.kind,
        language=language,
        backend=figures.backend,
        model=figures.model,
        device=figures.device,
        seed=figures.seed,
        stop=figures.stop,
    )
    shots = (
        Shot(
            pieces=frame.pieces,
            **{name: getattr(frame.figures, name) for name in Shot.__struct_fields__[1:]},
        )
        for frame in link.film.frames
    )
    lines = [json.dumps(msgspec.to_builtins(item)) for item in (head, *shots)]
    return ("\n".join(lines) + "\n").encode("ascii")


def save(link: Link, folder: Path, *, language: str = "") -> Path:
    """Write it into a new file of `folder`. Raises FileError."""
    return new_file(folder, "diffedit-run", ".jsonl", to_bytes(link, language=language))


def new_file(folder: Path, name: str, suffix: str, data: bytes) -> Path:
    """Write into the first of NAME-1, NAME-2 … that is not there yet. Raises FileError."""
    for number in count(1):
        path = folder / f"{name}-{number}{suffix}"
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            continue
        except OSError as error:
            raise FileError(f"Nothing could be saved in {folder}: {error.strerror}.") from error
        return path
    raise AssertionError


def read(path: Path) -> tuple[Link, str]:
    """The link that a file holds, and its language. Raises FileError or RequestError."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LIMIT else b""
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error
    if size > LIMIT:
        raise RequestError(f"{path} is too long for a run ({size:,} bytes).")
    first, *rest = data.rstrip(b"\n").split(b"\n")
    head = _line(Head, first, path, 1)
    if head.format != FORMAT:
        raise RequestError(
            f"{path} was saved in form {head.format}; this diffedit reads form {FORMAT}.",
            hint=f"It was written by diffedit {head.version}.",
        )
    shots = [_line(Shot, line, path, number) for number, line in enumerate(rest, start=2)]
    if not head.texts:
        raise RequestError(f"{path}, line 1: there is no text in it.")
    return _link(head, shots), head.language


def _line(kind: type[T], line: bytes, path: Path, number: int) -> T:
    # Half a surrogate pair stands for a byte that was no text; only the slow reader takes it.
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        held = None  # Python's words about it would help nobody
    if number == 1 and not (isinstance(held, dict) and held.get("type") == "run"):
        raise RequestError(
            f"{path} is no saved run.",
            hint="s in a review saves one, and `diffedit rewrite --save-run FILE`.",
        )
    try:
        return msgspec.convert(held, kind)
    except msgspec.ValidationError as error:
        raise RequestError(
            f"{path}, line {number}, is not as diffedit saves it: {error}."
        ) from error


def _link(head: Head, shots: list[Shot]) -> Link:
    base = Figures(
        backend=head.backend, model=head.model, device=head.device, seed=head.seed, stop=head.stop
    )
    frames = [
        Frame(
            pieces=shot.pieces,
            figures=_figures(base, shot),
        )
        for shot in shots
    ]
    draft = Draft(
        span=Span(0, len(head.original)),
        original=head.original,
        status="settled",
        texts=head.texts,
        chosen=head.chosen % len(head.texts),
        figures=frames[-1].figures if frames else base,
    )
    film = Film.of(frames)
    return Link(review=Review.of(draft), film=film, instruction=head.instruction)


def _figures(base: Figures, shot: Shot) -> Figures:
    return replace(base, **{name: getattr(shot, name) for name in Shot.__struct_fields__[1:]})
