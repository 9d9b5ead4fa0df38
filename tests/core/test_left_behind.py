"""What earlier sessions left behind is found again, by whoever may have it and nobody else."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from diffedit.core import journal, journal_file, left_behind, lock, places
from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.files import Base, read
from diffedit.core.journal_file import JournalFile
from diffedit.core.lock import Holder, Lock
from diffedit.core.span import Span

TEXT = "one\ntwo\n"


def put(page: Document, text: str) -> None:
    """Type at the start."""
    page.apply(ChangeSet((Change(Span(0, 0), text),)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to edit."""
    found = tmp_path / "page.py"
    found.write_text(TEXT)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journals lie."""
    return tmp_path / "state" / "journals"


def base_of(path: Path) -> Base:
    """The file as it is."""
    opened = read(path)
    return Base(text=opened.text, form=opened.form)


def killed(folder: Path, path: Path, *typed: str, saved: bool = False) -> None:
    """A session that typed this and was killed; or saved it first."""
    page = Document(path.read_text())
    file = JournalFile(places.journal(folder, path))
    file.begin(journal.opening(str(path), places.digested(base_of(path)), page.steps))
    page.scribe = lambda entry: file.add([journal.entry_line(entry)])
    for text in typed:
        put(page, text)
    if saved:
        path.write_text(str(page.text))
        base = places.digested(base_of(path))
        file.add([journal.saved_line(base.digest, base.form)])
    file.close()


def found(folder: Path, path: Path) -> left_behind.Found:
    """What the next session finds; it ends at once."""
    there = left_behind.look(folder, path, base_of(path))
    if there.lock is not None:
        there.lock.release()
    return there


def test_unsaved_text_is_found_until_it_is_taken(folder: Path, path: Path) -> None:
    """A killed session's text is found at each open, whatever new session writes meanwhile."""
    killed(folder, path, "x", "y")
    for _ in range(2):
        there = found(folder, path)
        assert [lost.text for lost in there.lost] == ["yx" + TEXT]
        assert there.lost[0].base == TEXT
        assert there.history is None
    killed(folder, path, "z")
    assert {lost.text for lost in found(folder, path).lost} == {"yx" + TEXT, "z" + TEXT}


def test_history_is_found_while_the_file_is_the_saved_one(folder: Path, path: Path) -> None:
    """Undo goes on where nobody else changed the file, and only there."""
    killed(folder, path, "x", "y", saved=True)
    history = found(folder, path).history
    assert history is not None
    assert len(history.done) == 2
    path.write_text("other")
    there = found(folder, path)
    assert there.history is None
    assert there.lost == ()


def test_a_changed_file_leaves_three_texts(folder: Path, path: Path) -> None:
    """Where the file was changed too, the text that both began from is known."""
    killed(folder, path, "x")
    path.write_text("one\ntwo\nthree\n")
    (lost,) = found(folder, path).lost
    assert (lost.base, lost.text) == (TEXT, "x" + TEXT)


def test_a_text_that_is_in_the_file_is_not_lost(folder: Path, path: Path) -> None:
    """Killed after the save and before the journal said so: nothing is offered."""
    killed(folder, path, "x")
    path.write_text("x" + TEXT)
    assert found(folder, path).lost == ()


def test_journals_are_nobody_elses_to_read(folder: Path, path: Path) -> None:
    """The folder is 0700, journals and locks are 0600."""
    killed(folder, path, "x")
    claim = lock.take(places.lock(folder, path))
    assert isinstance(claim, Lock)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    claim.release()


def test_texts_without_a_file_are_orphans(folder: Path) -> None:
    """A text that never had a name is found; one that is being written is not."""
    page = Document("piped")
    page.mark_unsaved()
    file = JournalFile(places.journal(folder, None))
    file.begin(journal.opening("", Base(), page.steps, "piped"))
    assert left_behind.orphans(folder) == ()
    file.close()
    assert [lost.text for lost in left_behind.orphans(folder)] == ["piped"]
    assert [lost.text for lost in left_behind.orphans(folder)] == ["piped"]


def test_a_full_disk_leaves_whole_lines(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be written whole is taken away again, so that later lines can be read."""
    page = Document(TEXT)
    file = JournalFile(places.journal(folder, path))
    file.begin(journal.opening(str(path), places.digested(base_of(path)), page.steps))
    real = os.write

    def short(handle: int, data: bytes) -> int:
        if len(data) > 7:
            return real(handle, bytes(data[:7]))
        raise OSError(28, "No space left on device")

    page.scribe = lambda entry: file.add([journal.entry_line(entry)])
    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="No space"):
        put(page, "lost")
    monkeypatch.setattr(os, "write", real)
    page.undo()
    story = journal_file.read(file.path)
    file.close()
    assert story is not None
    assert not story.broken


def test_old_journals_go_unless_something_is_unsaved(folder: Path, path: Path) -> None:
    """Tidying deletes what is old and saved, and leaves what nobody has saved."""
    killed(folder, path, "x", saved=True)
    other = path.with_name("other.py")
    other.write_text(TEXT)
    killed(folder, other, "y")
    journal_file.tidy(folder, older_than=0, most=5)
    assert len(list(folder.glob("*.journal"))) == 2
    journal_file.tidy(folder, older_than=4e9, most=5)
    assert list(folder.glob("*.journal")) == [places.journal(folder, other)]


def test_a_lock_is_held_by_one_process(folder: Path, path: Path) -> None:
    """A second process learns who has the file; when that one is gone, it has it."""
    place = places.lock(folder, path)
    code = (
        "import sys; from pathlib import Path; from diffedit.core import lock;"
        "print(lock.take(Path(sys.argv[1])), flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert "Lock" in other.stdout.readline()
        assert lock.take(place) == Holder("diffedit", other.pid, socket.gethostname())
        other.kill()
        other.wait()
        claim = lock.take(place)
        assert isinstance(claim, Lock)
        claim.release()
    assert not place.exists()


def test_a_lock_of_another_machine_is_believed(tmp_path: Path) -> None:
    """Whether a process lives elsewhere cannot be seen from here: its word counts."""
    place = tmp_path / "a.lock"
    place.write_text('{"pid": 1, "host": "elsewhere.example"}')
    holder = lock.take(place)
    assert isinstance(holder, Holder)
    assert str(holder) == "diffedit (process 1 on elsewhere.example)"


def vim(pid: int) -> bytes:
    """The head of a swap file of Vim's."""
    host = socket.gethostname().encode()
    numbers = [4096, 0, 0, pid]
    head = b"b0VIM 9.0\0\0\0" + b"".join(number.to_bytes(4, "little") for number in numbers)
    return head + b"ann".ljust(40, b"\0") + host.ljust(40, b"\0") + bytes(900)


def emacs(pid: int) -> str:
    """Where a lock of Emacs points to."""
    return f"ann@{socket.gethostname()}.{pid}:1700000000"


@pytest.mark.parametrize("program", ["Vim", "Emacs"])
def test_other_editors_are_noticed_while_they_run(path: Path, program: str) -> None:
    """A swap file or a lock of a running process is told of; one that a crash left is not."""

    def mark(pid: int) -> Callable[[], object]:
        if program == "Vim":
            return lambda: path.with_name(".page.py.swp").write_bytes(vim(pid))
        return lambda: path.with_name(".#page.py").symlink_to(emacs(pid))

    assert lock.others(path) is None
    mark(os.getpid())()
    assert lock.others(path) == Holder(program, os.getpid(), socket.gethostname())
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    for file in path.parent.glob(".*page*"):
        file.unlink()
    mark(gone.pid)()
    assert lock.others(path) is None
