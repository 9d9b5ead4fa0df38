"""Checkpoint folders as models: pulled ones in the store, your own by a note of where they are."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from diffedit.backends import gemma_folder
from diffedit.config import gemma_known, hub
from diffedit.config import pull as pulling
from diffedit.config.pull import Progress
from diffedit.core.errors import ModelError

BACKEND = "diffusion-gemma"
_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*(@[\w./-]+)?", re.ASCII)
NOTE = ".folder.json"
"""A file of this ending says where a folder lies that was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A checkpoint that can be named."""

    name: str
    path: str
    size: int
    installed: bool
    summary: str


def known() -> Found:
    """The released model, before it is here."""
    name = gemma_known.REPOSITORY
    return Found(
        name=short(name),
        path="",
        size=gemma_known.SIZE,
        installed=False,
        summary=f"DiffusionGemma, {name} ({gemma_known.LICENCE}); see `models info`",
    )


def short(name: str) -> str:
    """A repository's name without its owner and revision: what the model is called here."""
    return name.partition("@")[0].rpartition("/")[2]


def listed(store: Path) -> list[Found]:
    """Folders in the store, folders that were added, and the released one that can be pulled."""
    folders = [path for path in sorted(store.glob("*/")) if not path.name.startswith(".")]
    found = [_found(path.name, path) for path in folders if gemma_folder.is_checkpoint(path)]
    for note in sorted(store.glob(f"*{NOTE}")):
        name = note.name.removesuffix(NOTE)
        found.append(_found(name, Path(_noted(note))))
    if all(one.name != known().name for one in found):
        found.append(known())
    return found


def at(path: Path) -> Found | None:
    """A folder that a person names by its path; None if it is no checkpoint."""
    return _found(path.name, path) if gemma_folder.is_checkpoint(path) else None


def is_repository(name: str) -> bool:
    """Whether it is written as a hub names things: OWNER/NAME, maybe with @REVISION."""
    return _REPOSITORY.fullmatch(name) is not None and not Path(name).exists()


def repository(name: str) -> str:
    """The repository that is meant by a name, its revision with it."""
    return gemma_known.REPOSITORY if name == known().name else name


def ask(name: str) -> hub.Offer:
    """What pulling it would fetch. Raises ModelError."""
    place, _, revision = repository(name).partition("@")
    return hub.offer(place, revision or "main")


def pull(store: Path, found: hub.Offer, report: Progress, cancelled: Callable[[], bool]) -> None:
    """Fetch it into the store. Raises ModelError."""
    target = store / short(found.repository)
    if target.exists():
        there = hub.origin(target)
        same = (there.get("repository"), there.get("revision"))
        if same == (found.repository, found.revision):
            return
        raise ModelError(
            f"There is a {target.name} already, of another revision.",
            hint=f"Take it away first: diffedit models remove {target.name}.",
        )
    hub.fetch(found, target, report, cancelled)


def add(store: Path, folder: Path, name: str) -> None:
    """Remember a folder under a name. Raises ModelError for what is no whole checkpoint."""
    gemma_folder.look(folder)
    with pulling.writing(store):
        note = store / f"{name}{NOTE}"
        note.write_text(json.dumps({"folder": str(folder.absolute())}), encoding="utf-8")


def remove(store: Path, name: str) -> bool:
    """Delete a pulled folder, what was fetched of one, or the note of an added one."""
    name = short(name)
    folder, note = store / name, store / f"{name}{NOTE}"
    gone = False
    with pulling.writing(store):
        for place in (folder, hub.partial(folder)):
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
                gone = True
        if note.is_file():
            note.unlink()
            gone = True
    return gone


def _noted(note: Path) -> str:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        return str(told["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _found(name: str, folder: Path) -> Found:
    """A folder as a model, or what is wrong with it."""
    try:
        size = gemma_folder.look(folder).size
    except ModelError as error:
        return Found(name=name, path=str(folder), size=0, installed=False, summary=error.message)
    origin = hub.origin(folder)
    summary = f"DiffusionGemma in {folder}"
    if origin:
        summary = (
            f"DiffusionGemma, {origin.get('repository')} at {origin.get('revision', '')[:12]} "
            f"({origin.get('licence')})"
        )
    return Found(name=name, path=str(folder), size=size, installed=True, summary=summary)
