"""How it starts: from a pipe, in a small window, on a full disk, and not at all on bad input."""

from pathlib import Path

import pytest
from pty_terminal import Terminal


def test_stdin_is_shown_and_the_keyboard_works(tmp_path: Path) -> None:
    """`printf ... | diffedit -` shows what was piped, and keys come from the terminal."""
    target = tmp_path / "kept.txt"
    with Terminal.start("-", "--model", "null", stdin="über\nzwei\n".encode()) as terminal:
        rows = terminal.wait_for("ready")
        assert [row.strip() for row in rows[:2]] == ["1  über", "2  zwei"]
        terminal.keys("ctrl+end", "drei", "ctrl+s")
        terminal.wait_for("Save as")
        terminal.keys(str(target), "enter")
        terminal.wait_for("Saved kept.txt")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    assert target.read_text() == "über\nzwei\ndrei"


def test_stderr_elsewhere_does_not_swallow_the_screen(tmp_path: Path) -> None:
    """`diffedit page.py 2>errors.log` is an editor all the same."""
    path = tmp_path / "page.py"
    path.write_text("one = 1\n")
    with Terminal.start(path, "--model", "null", stderr_apart=True) as terminal:
        terminal.wait_for("ready")
        terminal.keys("zz", "ctrl+s", "ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
        assert terminal.errors == b""
    assert path.read_text() == "zzone = 1\n"


def test_too_small_and_large_again(tmp_path: Path) -> None:
    """A small window says so in one line; pulled large it is an editor again, nothing lost."""
    path = tmp_path / "page.py"
    path.write_text("one = 1\n")
    with Terminal.start(path, "--model", "null", size=(30, 6)) as terminal:
        rows = terminal.wait_for("needs 40×8")
        assert "one = 1" not in "\n".join(rows)
        terminal.resize(80, 24)
        terminal.wait_for(lambda rows: "one = 1" in rows[0] and "ready" in rows[-1])
        terminal.keys("zz")
        terminal.wait_for("zzone = 1")
        terminal.resize(20, 3)
        terminal.wait_for("20×3")
        terminal.resize(100, 30)
        terminal.wait_for(lambda rows: "zzone = 1" in rows[0] and len(rows) == 30)
        terminal.keys("ctrl+s", "ctrl+q")
        assert terminal.wait_end() == 0
    assert path.read_text() == "zzone = 1\n"


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """A save that does not fit says so; the old file and the text on the screen both stay."""
    path = tmp_path / "page.txt"
    old = "a line of text\n" * 20_000
    path.write_text(old)
    with Terminal.start(path, "--model", "null", file_limit=len(old) // 2) as terminal:
        terminal.wait_for("ready")
        terminal.keys("zz", "ctrl+s")
        rows = terminal.wait_notice("The file on disk is as it was.")
        assert "Saved" not in "\n".join(rows)
        assert rows[0].strip().startswith("1  zza line")
        terminal.wait_for("page.txt ●")
        assert path.read_text() == old
        assert [entry.name for entry in tmp_path.iterdir()] == ["page.txt"]
        terminal.keys("ctrl+q")
        terminal.wait_for("has unsaved changes")
        terminal.keys("d")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    assert path.read_text() == old


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{folder}"], "is a folder"),
        (["{folder}/picture.bin"], "is a binary file"),
        (["{folder}/page.py", "--theme", "inc"], "ink"),
        (["{folder}/page.py", "--modle", "small"], "--modle"),
        (["--model", ""], "--model"),
        (["rewrite", "{folder}/page.py", "--lines", "7:9", "-i", "x"], "line"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, words: list[str], says: str) -> None:
    """What cannot be opened is said in one line on stderr before the screen is taken."""
    (tmp_path / "picture.bin").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "page.py").write_text("one = 1\n")
    given = [word.format(folder=tmp_path) for word in words]
    with Terminal.start(*given, stderr_apart=True) as terminal:
        assert terminal.wait_end() == 2
        assert bytes(terminal.raw) == b""
        said = terminal.errors.decode()
        assert says in said
        assert said.startswith("diffedit: ")
        assert said.count("\n") == 1


def test_wrong_settings_are_named_by_line(home: Path, tmp_path: Path) -> None:
    """A faulty line in settings.toml is named with file and line, and nothing opens."""
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('theme = "ink"\ntab_width = "wide"\n')
    with Terminal.start(tmp_path / "new.py", stderr_apart=True) as terminal:
        assert terminal.wait_end() == 2
        assert bytes(terminal.raw) == b""
        said = terminal.errors.decode()
        assert f"{settings}:2" in said
        assert said.count("\n") == 1


def test_an_unknown_model_is_said_on_the_page(tmp_path: Path) -> None:
    """The editor is of use without a model: it opens, and one line names those that there are."""
    path = tmp_path / "page.py"
    path.write_text("one = 1\n")
    with Terminal.start(path, "--model", "smal") as terminal:
        rows = terminal.wait_for("No model named")
        assert "smal" in "\n".join(rows)
        assert "one = 1" in rows[0]
        terminal.keys("zz", "ctrl+s", "ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    assert path.read_text() == "zzone = 1\n"
