"""Saving is whole or not at all, and keeps what the file is."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from diffedit.core.errors import FileError
from diffedit.core.files import Form, read, stamp, write
from diffedit.core.save import told

NOBODY = 65534


@contextmanager
def common_user() -> Iterator[None]:
    """Be someone whom permissions bind, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    group = os.getegid()
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anyone may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        folder.chmod(0o777)


def names(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {path.name for path in folder.iterdir()} - {"home"}


def refused(path: Path, text: str = "new") -> str:
    """The message of a save that must fail."""
    with pytest.raises(FileError) as caught:
        write(path, text, Form())
    return str(caught.value)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A file saved and opened has the same text, form and stamp."""
    path = tmp_path / "deep" / "er" / "file.txt"
    form = Form("utf-16-le", bom=True, newline="\r\n")
    written = write(path, "a\nb\n", form)
    opened = read(path)
    assert (opened.text, opened.form, opened.stamp, opened.writable) == (
        "a\nb\n",
        form,
        written,
        True,
    )
    assert path.read_bytes() == "\ufeffa\r\nb\r\n".encode("utf-16-le")
    assert stamp(path) == written
    assert names(path.parent) == {"file.txt"}


def test_a_stamp_tells_of_change(tmp_path: Path) -> None:
    """A save by anyone else changes the stamp; where nothing is, there is none."""
    path = tmp_path / "file"
    assert stamp(path) is None
    assert stamp(path / "below") is None
    first = write(path, "a", Form())
    assert write(path, "a", Form()) != first


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    """A new file gets the mode that any program's new file gets."""
    usual = tmp_path / "usual"
    usual.touch()
    write(tmp_path / "ours", "", Form())
    assert (tmp_path / "ours").stat().st_mode == usual.stat().st_mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755, 0o4755])
def test_a_save_keeps_mode_owner_and_attributes(tmp_path: Path, mode: int) -> None:
    """The file stays what it was, but for its text."""
    path = tmp_path / "file"
    path.write_text("old")
    if os.geteuid() == 0:
        os.chown(path, 1234, 4321)
    path.chmod(mode)
    with suppress(OSError):  # not every file system has them
        os.setxattr(path, "user.diffedit", b"kept")
    before, attributes = path.stat(), os.listxattr(path)
    write(path, "new", Form())
    after = path.stat()
    assert path.read_text() == "new"
    assert after.st_ino != before.st_ino
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert stat.S_IMODE(after.st_mode) == mode
    assert os.listxattr(path) == attributes


def test_a_symlink_stays_one(tmp_path: Path) -> None:
    """A save through links changes the file at their end, also where there is none yet."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "one").symlink_to("real")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    (tmp_path / "dangling").symlink_to("fresh")
    write(tmp_path / "two", "new", Form())
    write(tmp_path / "dangling", "first", Form())
    assert (tmp_path / "two").is_symlink()
    assert (tmp_path / "one").readlink() == Path("real")
    assert (tmp_path / "real").read_text() == "new"
    assert (tmp_path / "fresh").read_text() == "first"
    assert not (tmp_path / "fresh").is_symlink()


@pytest.mark.parametrize("text", ["longer than the old one", "s", ""])
def test_all_names_of_a_file_see_the_save(tmp_path: Path, text: str) -> None:
    """A file with a hard link keeps it, and no rescue copy stays behind."""
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_text("the old one")
    other.hardlink_to(path)
    written = write(path, text, Form())
    assert other.read_text() == text
    assert stamp(other) == written
    assert names(tmp_path) == {"file", "other"}


def test_a_file_in_a_closed_folder_is_saved(open_folder: Path) -> None:
    """Where the folder takes no new file, the file is overwritten where it lies."""
    path = open_folder / "file"
    path.write_text("old")
    path.chmod(0o666)
    inode = path.stat().st_ino
    open_folder.chmod(0o555)
    with common_user():
        write(path, "new", Form())
        assert refused(open_folder / "fresh").endswith(
            "/fresh: you may not do that there. Look at its permissions, or take another name."
        )
    assert path.read_text() == "new"
    assert path.stat().st_ino == inode
    assert names(open_folder) == {"file"}


def test_another_owner_stays_the_owner(open_folder: Path) -> None:
    """A file of someone else's that we may write keeps its owner."""
    path = open_folder / "file"
    path.write_text("old")
    path.chmod(0o666)
    owner = path.stat().st_uid
    with common_user():
        write(path, "new", Form())
    assert path.read_text() == "new"
    assert path.stat().st_uid == owner
    assert names(open_folder) == {"file"}


def test_a_file_that_may_not_be_written_is_not(open_folder: Path) -> None:
    """A read-only file stays whole, and the message says why; opened, it says so beforehand."""
    path = open_folder / "file"
    path.write_text("old")
    path.chmod(0o444)
    with common_user():
        message = refused(path)
    assert "read-only" in message or "you may not" in message
    assert path.read_text() == "old"
    assert names(open_folder) == {"file"}


FULL = """
import resource, sys
from pathlib import Path
from diffedit.core.errors import FileError
from diffedit.core.files import Form, write
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
for name in sys.argv[1:]:
    try:
        write(Path(name), "x" * 100_000, Form())
    except FileError as error:
        print(error)
"""


def test_no_room_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """When the system stops a write half way, the old bytes are all there and nothing else is."""
    old = "the old text\n" * 100
    for name in ("alone", "linked"):
        (tmp_path / name).write_text(old)
    (tmp_path / "link").hardlink_to(tmp_path / "linked")
    # Of this one not even a rescue copy can be made.
    (tmp_path / "large").write_text(old * 10)
    (tmp_path / "twin").hardlink_to(tmp_path / "large")
    paths = [str(tmp_path / name) for name in ("alone", "linked", "large", "fresh")]
    run = subprocess.run(
        [sys.executable, "-c", FULL, *paths],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout.count("larger than the system allows") == 4
    assert run.stdout.count("The file on disk is as it was.") == 4
    assert (tmp_path / "alone").read_text() == old
    assert (tmp_path / "link").read_text() == old
    assert (tmp_path / "twin").read_text() == old * 10
    assert names(tmp_path) == {"alone", "linked", "link", "large", "twin"}


SAVING = """
import sys
from pathlib import Path
from diffedit.core.files import Form, write
while True:
    for letter in "ab":
        write(Path(sys.argv[1]), letter * 300_000, Form())
        print(letter, flush=True)
"""


def test_no_one_sees_half_a_file(tmp_path: Path) -> None:
    """A reader finds one whole text at any moment, even when the saving program is killed."""
    path = tmp_path / "file"
    with subprocess.Popen(
        [sys.executable, "-c", SAVING, str(path)], stdout=subprocess.PIPE
    ) as saving:
        assert saving.stdout is not None
        for _ in range(20):
            saving.stdout.readline()
            seen = path.read_bytes()
            assert seen in (b"a" * 300_000, b"b" * 300_000)
        saving.kill()
    assert path.read_bytes() in (b"a" * 300_000, b"b" * 300_000)


def test_a_text_that_its_encoding_lacks_is_not_saved(tmp_path: Path) -> None:
    """Where the text cannot be written, the file is not even opened."""
    path = tmp_path / "file"
    path.write_text("old")
    before = stamp(path)
    with pytest.raises(FileError, match="Line 1"):
        write(path, "€", Form("iso8859-1"))
    assert stamp(path) == before


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Folders, pipes, devices, loops and names that cannot be each have their one line."""
    (tmp_path / "file").write_text("old")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for path, expected in (
        (tmp_path, "is a folder. Name a file in it."),
        (tmp_path / "pipe", "is a device or a pipe, not a file."),
        (Path(os.devnull), "is a device or a pipe, not a file."),
        (tmp_path / "loop", "its links lead round in a circle."),
        (tmp_path / "file" / "below", "a part of its path is a file, not a folder."),
        (tmp_path / ("x" * 300), "its name is too long."),
        (tmp_path / "nul\0", "no file can have such a name."),
    ):
        assert expected in refused(path)
        with pytest.raises(FileError) as caught:
            read(path)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "\0" not in str(caught.value)
    assert names(tmp_path) == {"file", "pipe", "loop"}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """To open what is not there is an error with its name, shown without its escapes."""
    with pytest.raises(FileError, match=r"Could not open .*/a␛\[1m: there is no such file\."):
        read(tmp_path / "a\x1b[1m")


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full. The file on disk is as it was."),
        (errno.EDQUOT, "your disk quota is used up. The file on disk is as it was."),
        (errno.EROFS, "the disk is read-only. Save under another name."),
        (errno.EACCES, "you may not do that there."),
        (errno.ETXTBSY, "Text file busy."),
    ],
)
def test_each_refusal_has_its_line(number: int, reason: str) -> None:
    """What the system says is told in plain words, with what to do."""
    with pytest.raises(FileError) as caught, told("save", Path("file")):
        raise OSError(number, os.strerror(number))
    assert str(caught.value).startswith(f"Could not save file: {reason}")


def test_any_bytes_open_and_say_what_they_look_like(tmp_path: Path) -> None:
    """A binary file opens with its bytes whole, and is known as one."""
    path = tmp_path / "file"
    path.write_bytes(b"\x89PNG\r\n\0\xff")
    opened = read(path)
    assert opened.binary
    write(path, opened.text, opened.form)
    assert path.read_bytes() == b"\x89PNG\r\n\0\xff"
