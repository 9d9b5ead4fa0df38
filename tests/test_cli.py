"""The command line's own words: what opens, what is refused, and how fast it answers."""

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from diffedit import __version__, cli
from diffedit.core.errors import RequestError
from diffedit.core.filespec import FileSpec, parse_words
from diffedit.worker.client import environment

Capture = pytest.CaptureFixture[str]


def spec(path: str, row: int | None = None, column: int | None = None) -> FileSpec:
    """A file and a place in it."""
    return FileSpec(path=Path(path), row=row, column=column)


@pytest.mark.parametrize(
    ("words", "specs"),
    [
        (["a.py"], [spec("a.py")]),
        (["a.py:12"], [spec("a.py", 11)]),
        (["a.py:12:5"], [spec("a.py", 11, 4)]),
        (["a.py:12:"], [spec("a.py", 11)]),
        (["a.py:12:5:"], [spec("a.py", 11, 4)]),
        (["a.py:0"], [spec("a.py", 0)]),
        (["+3", "a.py"], [spec("a.py", 2)]),
        (["+3:4", "a.py", "b.py"], [spec("a.py", 2, 3), spec("b.py")]),
        (["+3", "a.py:9:9"], [spec("a.py", 2)]),
        (["C:\\x.py"], [spec("C:\\x.py")]),
        (["a b:c.py"], [spec("a b:c.py")]),
        (["here:12"], [spec("here:12")]),
        (["+7", "a.py"], [spec("+7"), spec("a.py")]),
        ([], []),
    ],
)
def test_words_are_files_and_places(words: list[str], specs: list[FileSpec]) -> None:
    """Lines and columns count from 1 outside and from 0 inside; a literal name wins."""
    there = {"here:12", "+7"} if specs != [spec("a.py", 6)] else set()
    assert parse_words(words, exists=there.__contains__) == specs


@pytest.mark.parametrize("words", [["+3"], ["a.py", "+3"], ["+3", "+4", "a.py"]])
def test_a_place_without_a_file_is_refused(words: list[str]) -> None:
    """+LINE belongs to the file after it."""
    with pytest.raises(RequestError, match="before the file"):
        parse_words(words, exists=lambda _: False)


def refused(words: list[str], capsys: Capture) -> str:
    """The one line that the words are refused with, exit code 2."""
    assert cli.main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("diffedit: ")
    assert said.err.count("\n") == 1
    return said.err


def test_a_folder_is_refused(tmp_path: Path, capsys: Capture) -> None:
    """A folder cannot be edited."""
    assert "is a folder" in refused([str(tmp_path)], capsys)


def test_a_binary_file_is_refused(tmp_path: Path, capsys: Capture) -> None:
    """A binary file opens only with --binary; here that gets as far as the missing terminal."""
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)) * 4)
    assert "is a binary file. --binary opens it" in refused([str(path)], capsys)
    assert "needs a terminal" in refused([str(path), "--binary"], capsys)


def test_a_pipe_is_refused(tmp_path: Path, capsys: Capture) -> None:
    """A file that would never end is not opened."""
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refused([str(tmp_path / "pipe")], capsys)


def test_an_unknown_flag_is_one_line(capsys: Capture) -> None:
    """Usage errors are a line with where to look."""
    assert "See `diffedit --help`." in refused(["--colour"], capsys)


def test_a_name_with_an_escape_is_shown_not_obeyed(tmp_path: Path, capsys: Capture) -> None:
    """Control characters of a file's name do not reach the terminal."""
    path = tmp_path / "a\x1b[2Jb"
    path.mkdir()
    assert "\x1b" not in refused([str(path)], capsys)


def test_without_a_terminal_there_is_no_editor(capsys: Capture) -> None:
    """The editor says what it needs and what works without it."""
    assert "`diffedit rewrite` works without one" in refused(["new.txt"], capsys)


def test_the_version(capsys: Capture) -> None:
    """--version is the package's."""
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"diffedit {__version__}\n"


@pytest.mark.parametrize("command", ["", *cli.COMMANDS])
def test_every_command_has_help(command: str, capsys: Capture) -> None:
    """--help works after each word."""
    with pytest.raises(SystemExit) as left:
        cli.main([*command.split(), "--help"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: diffedit {command}".rstrip())


def test_every_command_is_in_the_help(capsys: Capture) -> None:
    """What can be typed is listed."""
    listed = {line.split()[0] for line in cli.COMMANDS_HELP.splitlines() if line.startswith("  ")}
    assert listed == set(cli.COMMANDS)


def test_models_lists_the_one_in_the_box(capsys: Capture) -> None:
    """A fresh home knows of small, and that it has to be fetched."""
    assert cli.main(["models"]) == 0
    assert "small                can be pulled" in capsys.readouterr().out


def test_models_path_of_what_is_not_here(capsys: Capture) -> None:
    """A model that is not installed has no path: exit code 3."""
    assert cli.main(["models", "path", "small"]) == 3
    assert "not on this machine" in capsys.readouterr().err


def test_models_add_remove_and_path_of_what_is_no_model(tmp_path: Path, capsys: Capture) -> None:
    """A file that is no model is refused in a line, and so is a name nobody knows."""
    path = tmp_path / "a.gguf"
    path.write_bytes(b"GGUF?")
    assert cli.main(["models", "add", str(path)]) in (2, 3)
    assert cli.main(["models", "remove", "gema"]) in (2, 3)
    assert capsys.readouterr().err.count("\n") == 2


def test_themes_are_listed(capsys: Capture) -> None:
    """Each theme with whether it is dark or light."""
    assert cli.main(["themes"]) == 0
    listed = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert listed["ink"] == "dark"
    assert listed["paper"] == "light"


def test_plugins_are_listed_and_a_broken_one_is_told_of(home: Path, capsys: Capture) -> None:
    """The good ones on stdout, what is wrong on stderr, exit code 0."""
    folder = home / "config" / "plugins" / "broken"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text('name = "broken"\n', encoding="utf-8")
    assert cli.main(["plugins"]) == 0
    said = capsys.readouterr()
    assert "small" in said.out
    assert "kind" in said.err


def test_a_reader_that_leaves_is_no_traceback() -> None:
    """`diffedit plugins | true` ends quietly."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "diffedit", "plugins"]
    run = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, env=environment(), check=False
    )
    os.close(write)
    assert run.stderr == b""
    assert run.returncode == 141


def test_the_keyboard_is_put_where_the_pipe_was() -> None:
    """After stdin was read as text, fd 0 is the terminal."""
    code = """
import sys
from diffedit import cli
text = cli.take_stdin()
cli.attach_keyboard()
print(repr(text), sys.stdin.isatty(), sys.__stdin__.fileno(), sys.stdin.readline())
"""
    read, write = os.pipe()
    pid, terminal = pty.fork()
    if pid == 0:
        os.dup2(read, 0)
        os.close(write)
        os.execve(sys.executable, [sys.executable, "-c", code], environment())
    os.close(read)
    os.write(terminal, b"key\n")
    os.write(write, b"piped\r\ntext")
    os.close(write)
    said = b""
    while b"key\r\n\r\n" not in said.partition(b"True")[2]:
        assert select.select([terminal], [], [], 10)[0]
        said += os.read(terminal, 1000)
    os.waitpid(pid, 0)
    os.close(terminal)
    assert b"'piped\\ntext' True 0 key" in said
