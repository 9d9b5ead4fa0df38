"""Checkpoints from a hub: what there is, and fetching it, with breaks where there must be.

Through huggingface_hub (its addresses, its headers and token, its errors). That library drops a
file that was broken off; ours keeps it and asks for the rest. Only data is fetched, never code:
see PATTERNS. Every file is of one revision, which is written down before the first byte.
"""

from __future__ import annotations

import errno
import fnmatch
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from diffedit.config import pull as pulling
from diffedit.config.pull import Progress
from diffedit.core.errors import ModelError
from diffedit.core.show import visible

PATTERNS = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model", "LICENSE*", "README.md")
"""What is fetched of a repository's top folder: numbers, words, and templates."""
SOURCE = "diffedit-source.json"
"""Where a folder's origin is written: repository, revision, licence."""
INSTALL = "pip install 'diffedit[gemma]'"
ROOM = 500_000_000
"""Bytes that stay free on the disk."""
CHUNK = 1 << 20
"""Bytes that are written at once, at most: what a kill costs, and what a cancel waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """One file, as the hub tells it."""

    name: str
    size: int
    sha256: str = ""
    """"" for small files, which the hub has another checksum for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What would be fetched."""

    repository: str
    revision: str
    """The commit: whatever happens to the branch, these are the files."""
    licence: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """All of it, in bytes."""
        return sum(file.size for file in self.files)


def offer(repository: str, revision: str = "main") -> Offer:
    """Ask the hub what a repository holds. Raises ModelError, in one line."""
    hub = _library()
    with _told(repository):
        info = hub.HfApi(endpoint=_endpoint()).model_info(
            repository, revision=revision, files_metadata=True
        )
    files = tuple(
        RemoteFile(
            name=file.rfilename,
            size=int(file.size or 0),
            sha256=file.lfs.sha256 if file.lfs else "",
        )
        for file in info.siblings or ()
        if "/" not in file.rfilename
        and "\\" not in file.rfilename
        and any(fnmatch.fnmatchcase(file.rfilename, pattern) for pattern in PATTERNS)
    )
    if not info.sha or not any(file.name.endswith(".safetensors") for file in files):
        raise ModelError(visible(f"{repository} holds no weights in safetensors files."))
    card = getattr(info, "card_data", None)
    licence = str(getattr(card, "license", "") or "none that it names")
    order = sorted(files, key=lambda file: (file.name.endswith(".safetensors"), file.name))
    return Offer(repository=repository, revision=str(info.sha), licence=licence, files=tuple(order))


def fetch(found: Offer, target: Path, report: Progress, cancelled: Callable[[], bool]) -> None:
    """Bring all files of an offer to the folder `target`, at once or not at all.

    What was fetched stays in a hidden folder beside it when this is stopped or fails, and is gone
    on with. Raises ModelError; `check(folder)` of the caller may look at the result before.
    """
    part = partial(target)
    with (
        pulling.writing(target.parent),
        pulling.locked(target.parent / ".hub.lock", cancelled),
    ):
        if origin(target).get("revision") == found.revision:
            return  # another diffedit fetched it while this one waited for the lock
        part.mkdir(parents=True, exist_ok=True)
        if origin(part).get("revision") not in (None, found.revision):
            shutil.rmtree(part)  # of another revision: its files are not to be mixed with these
            part.mkdir()
        _write_origin(part, found)
        missing = [file for file in found.files if not (part / file.name).is_file()]
        _check_room(part, missing)
        done = found.size - sum(file.size for file in missing)
        for file in missing:
            _fetch(found, file, part, _Course(report, cancelled, done, found.size))
            done += file.size
            _check_known(part, found, file)
        report(found.size, found.size)
        part.replace(target)


def partial(target: Path) -> Path:
    """Where a folder is while it is not whole."""
    return target.parent / f".hub-{target.name}"


def origin(folder: Path) -> dict[str, str]:
    """Where a folder came from; {} if nobody knows."""
    try:
        told = json.loads((folder / SOURCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in told.items()} if isinstance(told, dict) else {}


def _write_origin(folder: Path, found: Offer) -> None:
    told = {"repository": found.repository, "revision": found.revision, "licence": found.licence}
    (folder / SOURCE).write_text(json.dumps(told, indent=1), encoding="utf-8")


class _Stopped(Exception):  # noqa: N818 - no error: the person said so
    """Leaves the library's loop."""


@dataclass(slots=True)
class _Course:
    """How far all files together have come."""

    report: Progress
    cancelled: Callable[[], bool]
    done: int
    total: int

    def bar(self, there: int) -> type:
        """What the library takes for a progress bar: it tells us, and stops when told to."""
        course, before = self, self.done + there

        class Bar:
            def __init__(self, *_: Any, **__: Any) -> None:
                self.n = before

            def update(self, count: int = 1) -> None:
                self.n += count
                course.report(self.n, course.total)
                if course.cancelled():
                    raise _Stopped

            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                pass

        return Bar


def _fetch(found: Offer, file: RemoteFile, folder: Path, course: _Course) -> None:
    """One file, from where it was broken off. Raises ModelError."""
    hub = _library()
    part = folder / f"{file.name}.part"
    there = part.stat().st_size if part.is_file() else 0
    if there > file.size:
        part.unlink()
        there = 0
    if course.cancelled():
        raise _stopped()
    course.report(course.done + there, course.total)
    usual = hub.constants.DOWNLOAD_CHUNK_SIZE
    hub.constants.DOWNLOAD_CHUNK_SIZE = min(CHUNK, usual)
    url = hub.hf_hub_url(found.repository, file.name, revision=found.revision, endpoint=_endpoint())
    headers = hub.utils.build_hf_headers()
    try:
        with _told(found.repository), part.open("ab") as out:
            hub.file_download.http_get(
                url,
                out,
                resume_size=there,
                headers=headers,
                expected_size=file.size,
                displayed_filename=file.name,
                tqdm_class=course.bar(there),
            )
    except _Stopped:
        raise _stopped() from None
    finally:
        hub.constants.DOWNLOAD_CHUNK_SIZE = usual
    if part.stat().st_size != file.size or (file.sha256 and pulling.checksum(part) != file.sha256):
        part.unlink()
        raise ModelError(
            visible(f"{file.name} is not the file that {found.repository} promises: ")
            + "its length or its SHA-256 differs. It was thrown away.",
            hint="Try again; what else is there is kept.",
        )
    part.replace(folder / file.name)


def _check_known(folder: Path, found: Offer, file: RemoteFile) -> None:
    """As soon as the small files are here: is it ours, and is it whole? Raises ModelError."""
    from diffedit.backends import gemma_folder  # noqa: PLC0415 - only for this

    if file.name == "config.json" and not gemma_folder.is_checkpoint(folder):
        kind = json.loads((folder / file.name).read_text(encoding="utf-8")).get("model_type")
        shutil.rmtree(folder)
        raise ModelError(
            visible(f"{found.repository} is a {kind} model; nothing here runs its checkpoint."),
            hint="A GGUF file of it may do: see `diffedit models add`.",
        )
    if file.name == gemma_folder.SHARDS:
        weights = json.loads((folder / file.name).read_text(encoding="utf-8"))["weight_map"]
        lacking = sorted(set(weights.values()) - {one.name for one in found.files})
        if lacking:
            raise ModelError(visible(f"{found.repository} lacks its own file {lacking[0]}."))


def _check_room(folder: Path, missing: list[RemoteFile]) -> None:
    """Refuse at once what could not end well. Raises ModelError."""
    there = sum(
        (folder / f"{file.name}.part").stat().st_size
        for file in missing
        if (folder / f"{file.name}.part").is_file()
    )
    needed = sum(file.size for file in missing) - there + ROOM
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ModelError(
            f"{needed / 1e9:,.1f} GB of disk are needed; {folder.parent} has "
            f"{free / 1e9:,.1f} GB free.",
            hint="Make room, or set DIFFEDIT_HOME to a larger disk.",
        )


def _stopped() -> ModelError:
    return ModelError("The download was stopped. Pulling again goes on from here.")


def _endpoint() -> str | None:
    """Another hub than the usual one, by the variable that its own tools know."""
    return os.environ.get("HF_ENDPOINT") or None


def _library() -> Any:
    """huggingface_hub. Raises ModelError with the line to install."""
    try:
        import huggingface_hub  # noqa: PLC0415 - slow, and an extra
        import huggingface_hub.constants  # noqa: PLC0415 - as above
        import huggingface_hub.errors  # noqa: PLC0415 - as above
        import huggingface_hub.file_download  # noqa: PLC0415 - as above
        import huggingface_hub.utils.logging  # noqa: PLC0415 - as above
    except ImportError as error:
        raise ModelError(
            "Fetching a checkpoint needs huggingface_hub, which is not installed.",
            hint=f"Run: {INSTALL}",
        ) from error
    # It tells of each new try; a screen of ours may be where that would go.
    huggingface_hub.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return huggingface_hub


@contextmanager
def _told(repository: str) -> Iterator[None]:
    """The library's errors as the one line that a person needs."""
    errors = _library().errors
    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelError(
            visible(f"{repository} is only for those who agreed to its terms on its page."),
            hint="Agree there, then put your token into the variable HF_TOKEN.",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise ModelError(visible(f"{repository} has no such revision.")) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelError(
            visible(f"The hub has no {repository}, or not for everyone."),
            hint="If it is yours, put your token into the variable HF_TOKEN.",
        ) from error
    except errors.HFValidationError as error:
        raise ModelError(visible(f"{repository!r} is no repository's name.")) from error
    except (errors.HfHubHTTPError, errors.HTTPError, OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelError(
                "The disk is full. What was fetched is kept.",
                hint="Make room; pulling again goes on from here.",
            ) from error
        why = " ".join(str(error).split())[:160]
        raise ModelError(
            visible(f"The hub did not give {repository}: {why or type(error).__name__}."),
            hint="Pulling again goes on from where this ended.",
        ) from error
