"""Bytes to disk, so that at no moment both the old file and the new are lost."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from diffedit.core.errors import FileError, ForbiddenError
from diffedit.core.show import visible

_ELSEWHERE = "Save under another name."
_ROOM = "The file on disk is as it was. Make room and save again, or save elsewhere."
_REASONS: dict[int, tuple[str, str]] = {
    errno.EACCES: ("you may not do that there", "Look at its permissions, or take another name."),
    errno.EPERM: ("you may not do that there", "Look at its permissions, or take another name."),
    errno.EROFS: ("the disk is read-only", _ELSEWHERE),
    errno.ENOSPC: ("the disk is full", _ROOM),
    errno.EDQUOT: ("your disk quota is used up", _ROOM),
    errno.EFBIG: ("it is larger than the system allows a file to be", _ROOM),
    errno.ENOENT: ("there is no such file", "Look at the name."),
    errno.ENOTDIR: ("a part of its path is a file, not a folder", "Look at the path."),
    errno.EEXIST: ("a part of its path is a file, not a folder", "Look at the path."),
    errno.EISDIR: ("it is a folder", "Name a file in it."),
    errno.ENAMETOOLONG: ("its name is too long", "Take a shorter one."),
    errno.ELOOP: ("its links lead round in a circle", "Look at the links."),
    errno.EIO: ("the disk reports an error", _ELSEWHERE),
}


class _CannotSwapError(Exception):
    """The file cannot be exchanged for another one and stay what it is."""


@contextmanager
def told(doing: str, path: Path) -> Iterator[None]:
    """Say in one line why the system refused: `doing` is "open" or "save"."""
    name = visible(str(path))
    try:
        yield
    except OSError as error:
        reason, hint = _REASONS.get(error.errno or 0, (error.strerror or "the system refused", ""))
        kind = ForbiddenError if error.errno in (errno.EACCES, errno.EPERM) else FileError
        raise kind(f"Could not {doing} {name}: {reason}.", hint=hint) from error
    except ValueError as error:
        raise FileError(f"Could not {doing} {name}: no file can have such a name.") from error


def refuse_odd(path: Path, status: os.stat_result) -> None:
    """Raise FileError for what is no regular file."""
    name = visible(str(path))
    if stat.S_ISDIR(status.st_mode):
        raise FileError(f"{name} is a folder.", hint="Name a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise FileError(f"{name} is a device or a pipe, not a file.", hint="Name a file.")


def save(path: Path, data: bytes, *, over: bool = False) -> os.stat_result:
    """Put `data` into a file, wholly or not at all. Missing folders are made.

    A new file takes the name of the old one, with its mode, owner and extended attributes; a
    symlink is followed. A file with several names, or one that we cannot make a twin of, is
    overwritten where it lies, with a rescue copy beside until that is done. With `over`, a file
    of ours is written although its mode says that it is only to be read.

    Raises:
        ForbiddenError: Its permissions say no.
        FileError: It could not be saved. The old file is whole, or the message names its copy.
    """
    with told("save", path):
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            old = target.stat()
        except FileNotFoundError:
            return _swap(target, data, None)
        refuse_odd(path, old)
        if not over and not os.access(target, os.W_OK):
            raise ForbiddenError(f"{visible(str(path))} is read-only.", hint=_ELSEWHERE)
        if old.st_nlink > 1:
            return _overwrite(target, data)
        try:
            return _swap(target, data, old)
        except _CannotSwapError:
            return _overwrite(target, data)


_STUCK = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.EXDEV}
"""Why a folder may take no new file, or a name be bound to its file, though that can be written."""


def _swap(target: Path, data: bytes, old: os.stat_result | None) -> os.stat_result:
    """Write a new file and let it take the name at once."""
    from secrets import token_hex  # noqa: PLC0415 - slow to import, and only saving needs it

    fresh = target.with_name(f".diffedit-{token_hex(8)}.tmp")
    try:
        with _stuck_means_cannot(old):
            # A twin is readable to no one else until it has its owner and mode.
            handle = os.open(
                fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600 if old else 0o666
            )
        try:
            _write_at(handle, data, 0)
            if old is not None:
                _take_after(handle, target, old)
            os.fsync(handle)
            status = os.fstat(handle)
        finally:
            os.close(handle)
        with _stuck_means_cannot(old):
            fresh.replace(target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)
    return status


@contextmanager
def _stuck_means_cannot(old: os.stat_result | None) -> Iterator[None]:
    """Where there is an old file to overwrite, say so instead of failing."""
    try:
        yield
    except OSError as error:
        if old is not None and error.errno in _STUCK:
            raise _CannotSwapError from error
        raise


def _take_after(handle: int, target: Path, old: os.stat_result) -> None:
    """Give a new file the owner, the extended attributes and the mode of the old."""
    new = os.fstat(handle)
    try:
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            os.fchown(handle, old.st_uid, old.st_gid)
        _copy_attributes(handle, target)
        os.fchmod(handle, stat.S_IMODE(old.st_mode))
    except OSError as error:
        raise _CannotSwapError from error


def _copy_attributes(handle: int, target: Path) -> None:
    """Copy extended attributes, access lists among them, where the system has such."""
    if not hasattr(os, "listxattr"):
        return
    try:
        names = os.listxattr(target)
    except OSError:
        return
    for name in names:
        value = os.getxattr(target, name)
        if name not in os.listxattr(handle) or os.getxattr(handle, name) != value:
            os.setxattr(handle, name, value)


def _overwrite(target: Path, data: bytes) -> os.stat_result:
    """Write into the file itself, with a rescue copy of the old bytes until it is done."""
    handle = os.open(target, os.O_RDWR | os.O_CLOEXEC)
    try:
        before = _read_all(handle)
        rescue = _rescue_copy(target, before)
        try:
            _put(handle, data, len(before))
        except BaseException as error:
            try:
                _put_back(handle, before)
            except OSError:
                name = visible(str(target))
                raise FileError(
                    f"Could not save {name}, and it is damaged now.",
                    hint=f"Its old text is whole in {visible(str(rescue))}.",
                ) from error
            rescue.unlink()
            raise
        rescue.unlink()
        return os.fstat(handle)
    finally:
        os.close(handle)


def _put(handle: int, data: bytes, old_size: int) -> None:
    """Make `data` all that the file holds.

    What makes it longer goes first: a full disk then says so before an old byte is lost.
    """
    _write_at(handle, data[old_size:], old_size)
    os.fsync(handle)
    _write_at(handle, data[:old_size], 0)
    os.ftruncate(handle, len(data))
    os.fsync(handle)


def _put_back(handle: int, before: bytes) -> None:
    """Make a file hold its old bytes again; on a full disk, write none that need no writing."""
    os.ftruncate(handle, len(before))
    if os.pread(handle, len(before), 0) != before:
        _write_at(handle, before, 0)
    os.fsync(handle)


def _rescue_copy(target: Path, before: bytes) -> Path:
    """A copy of the old bytes, beside the file or among the temporary files."""
    for folder in (target.parent, None):
        try:
            # A plain name: who needs the copy, after a crash, should see it.
            handle, name = tempfile.mkstemp(prefix=f"{target.name[:40]}.rescue-", dir=folder)
        except OSError:
            if folder is None:
                raise
            continue
        rescue = Path(name)
        try:
            _write_at(handle, before, 0)
            os.fsync(handle)
        except BaseException:
            rescue.unlink()
            raise
        finally:
            os.close(handle)
        return rescue
    raise AssertionError  # the loop returns or raises


def _read_all(handle: int) -> bytes:
    """All bytes of an open file."""
    parts = []
    while part := os.read(handle, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _write_at(handle: int, data: bytes, at: int) -> None:
    """Write all of `data`, however many calls it takes."""
    view = memoryview(data)
    while view:
        written = os.pwrite(handle, view, at)
        view, at = view[written:], at + written


def _sync_folder(folder: Path) -> None:
    """Make the new name last. The file is saved already where a system cannot do this."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
