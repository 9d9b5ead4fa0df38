"""The back door: `diffedit rewrite`, from its words to its exit code."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from diffedit import cli
from diffedit.core.errors import RequestError
from diffedit.headless.output import Output
from diffedit.headless.rewrite import language_of, parse_lines
from diffedit.worker.client import environment

Capture = pytest.CaptureFixture[bytes]
PAGE = "one\ntwo\nthree\n"


@pytest.fixture
def page(tmp_path: Path, held: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of three lines in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("page.txt")
    path.write_text(PAGE, encoding="utf-8")
    return path


def rewrite(*words: str, lines: str = "2", say: str = "louder", model: str = "held") -> int:
    """`diffedit rewrite page.txt` with these words."""
    return cli.main(["rewrite", "page.txt", "--lines", lines, "-i", say, "--model", model, *words])


def test_without_write_it_prints_a_diff_and_touches_nothing(
    page: Path, capfdbinary: Capture
) -> None:
    """Exit code 0, a unified diff on stdout, the file as it was, nothing on stderr."""
    before = page.stat()
    assert rewrite() == 0
    out, err = capfdbinary.readouterr()
    assert out == (b"--- a/page.txt\n+++ b/page.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n")
    assert err == b""
    assert page.read_text(encoding="utf-8") == PAGE
    assert page.stat().st_mtime_ns == before.st_mtime_ns


def test_write_saves_and_says_so(page: Path, capfdbinary: Capture) -> None:
    """--write changes the file, and tells on stderr; stdout stays empty."""
    assert rewrite("--write", lines="2:3") == 0
    out, err = capfdbinary.readouterr()
    assert page.read_text(encoding="utf-8") == "one\nTWO\nTHREE\n"
    assert out == b""
    assert err.startswith(b"diffedit: wrote page.txt: 3 steps, ")


def test_the_same_text_is_no_change(page: Path, capfdbinary: Capture) -> None:
    """Exit code 1 and an empty diff when the model leaves the text as it is."""
    assert rewrite("--option", "text=two") == 1
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err == b"diffedit: no change.\n"


def test_json_is_every_message_and_done_is_last(page: Path, capfdbinary: Capture) -> None:
    """One JSON object a line; the last one has the text and the figures."""
    assert rewrite("--json", "--seed", "4", "--option", "steps=30") == 0
    out, _ = capfdbinary.readouterr()
    said = [json.loads(line) for line in out.splitlines()]
    kinds = [line["type"] for line in said]
    assert kinds[:1] == ["ready"]
    assert kinds[-32:] == ["started", *["frame"] * 30, "done"]
    done = said[-1]
    assert (done["text"], done["stop"], done["steps"], done["canvases"]) == ("TWO", "sure", 30, 1)
    assert done["elapsed_ms"] > 0
    assert done["seed"] == 4
    assert page.read_text(encoding="utf-8") == PAGE


def test_json_of_a_failure_ends_with_failed(page: Path, capfdbinary: Capture) -> None:
    """Exit code 3, and the last line says what kind of failure it was."""
    assert rewrite("--json", "--option", "fail=memory") == 3
    out, err = capfdbinary.readouterr()
    last = json.loads(out.splitlines()[-1])
    assert (last["type"], last["kind"]) == ("failed", "memory")
    assert err.count(b"\n") == 1


@pytest.mark.parametrize(
    ("words", "lines", "code", "line"),
    [
        ((), "4", 2, "page.txt has 3 lines; there is no line 4."),
        ((), "2:9", 2, "page.txt has 3 lines; there is no line 9."),
        ((), "0", 2, "--lines counts from 1, and A may not exceed B: '0'."),
        ((), "3:2", 2, "--lines counts from 1, and A may not exceed B: '3:2'."),
        ((), "two", 2, "--lines wants A or A:B, like 10:20, not 'two'."),
        ((), "2:", 2, "--lines wants A or A:B, like 10:20, not '2:'."),
        (("--seed", "-1"), "2", 2, "--seed must be a whole number from 0 to 9,223,"),
        (("--max-steps", "9" * 20), "2", 2, "--max-steps must be a whole number from 1 to 10,000"),
        (("--candidates", "9" * 20), "2", 2, "--candidates must be a whole number from 1 to 1,000"),
        (("--seed", "x"), "2", 2, "argument --seed: invalid int value: 'x'."),
        (("--option", "x"), "2", 2, "--option wants NAME=VALUE, not 'x'."),
        (("--write", "--json"), "2", 2, "not allowed with argument"),
        (("--option", "fail=model"), "2", 3, "The model gave nothing usable."),
        (("--option", "fail=bug"), "2", 3, "The model's code failed (ZeroDivisionError"),
        (("--option", "fail=load-memory"), "2", 3, "not enough memory"),
        (("--model", "gema"), "2", 3, "No model named 'gema'."),
    ],
)
def test_each_fault_has_its_line_and_code(
    page: Path, capfdbinary: Capture, words: tuple[str, ...], lines: str, code: int, line: str
) -> None:
    """2 for wrong usage or file, 3 for model or worker; one line, no traceback, file untouched."""
    assert rewrite(*words, lines=lines) == code
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert line in err.decode()
    assert err.startswith(b"diffedit: ")
    assert err.count(b"\n") == 1
    assert page.read_text(encoding="utf-8") == PAGE


def test_an_instruction_is_needed_to_rewrite(page: Path, capfdbinary: Capture) -> None:
    """Without -i there is nothing to be done."""
    assert rewrite(say=" ") == 2
    assert b"-i" in capfdbinary.readouterr().err


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (Path.mkdir, b"is a folder"),
        (lambda _: None, b"No such file"),
    ],
)
def test_a_file_that_cannot_be_read(
    page: Path, capfdbinary: Capture, make: Callable[[Path], None], line: bytes
) -> None:
    """A directory or nothing at all is exit code 2 and a line."""
    page.unlink()
    make(page)
    assert rewrite() == 2
    err = capfdbinary.readouterr().err
    assert line.lower() in err.lower()
    assert err.count(b"\n") == 1


def test_line_ends_and_encoding_stay(page: Path, capfdbinary: Capture) -> None:
    """A CRLF file with a BOM is CRLF with a BOM afterwards; only the line asked for changed."""
    page.write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\nthree")
    assert rewrite("--option", "text=z\u00f6\nz\u00f6", "--write") == 0
    assert page.read_bytes() == "\ufeffone\r\nz\u00f6\r\nz\u00f6\r\nthree".encode()


def test_the_diff_of_a_crlf_file_can_be_applied(page: Path, capfdbinary: Capture) -> None:
    """Content lines keep their carriage return; the headers have none."""
    page.write_bytes(b"one\r\ntwo\r\n")
    assert rewrite() == 0
    out = capfdbinary.readouterr().out
    assert out.splitlines(keepends=True)[3:] == [b" one\r\n", b"-two\r\n", b"+TWO\r\n"]
    assert out.startswith(b"--- a/page.txt\n+++ b/page.txt\n@@")


def test_bytes_that_are_no_text_pass_through(page: Path, capfdbinary: Capture) -> None:
    """A stray byte beside the span is in the diff and in the file as it was."""
    page.write_bytes(b"\xff\ntwo\n")
    assert rewrite() == 0
    assert b"\n \xff\n-two\n" in capfdbinary.readouterr().out
    assert rewrite("--write") == 0
    assert page.read_bytes() == b"\xff\nTWO\n"


def test_the_last_line_needs_no_end(page: Path, capfdbinary: Capture) -> None:
    """A missing final newline is missing afterwards, and the diff says so."""
    page.write_text("one\ntwo", encoding="utf-8")
    assert rewrite() == 0
    assert b"\\ No newline at end of file" in capfdbinary.readouterr().out
    assert rewrite("--write") == 0
    assert page.read_bytes() == b"one\nTWO"


def test_infill_fills_an_empty_line(page: Path, capfdbinary: Capture) -> None:
    """One empty line stands for the gap, and needs no instruction."""
    page.write_text("one\n\nthree\n", encoding="utf-8")
    assert rewrite("--mode", "infill", "--option", "text=2", "--write", say="") == 0
    assert page.read_text(encoding="utf-8") == "one\n2\nthree\n"


def test_infill_replaces_the_lines_given(page: Path, capfdbinary: Capture) -> None:
    """Whole lines make room for what fits between their neighbours."""
    assert rewrite("--mode", "infill", "--option", "text=2", "--write", lines="1:2") == 0
    assert page.read_text(encoding="utf-8") == "2\nthree\n"


def test_continue_goes_on_from_the_end_of_the_line(page: Path, capfdbinary: Capture) -> None:
    """Nothing is replaced; the text comes after the last line given."""
    assert rewrite("--mode", "continue", "--option", "text= more", "--write", say="") == 0
    assert page.read_text(encoding="utf-8") == "one\ntwo more\nthree\n"


def test_an_empty_line_cannot_be_rewritten(page: Path, capfdbinary: Capture) -> None:
    """Where a selection is needed, an empty one is refused with what to do."""
    page.write_text("\n", encoding="utf-8")
    assert rewrite(lines="1") == 2
    assert b"nothing to rewrite" in capfdbinary.readouterr().err


def test_a_file_changed_meanwhile_is_not_overwritten(page: Path, capfdbinary: Capture) -> None:
    """What someone else saved while the model worked is theirs."""
    assert rewrite("--write", "--option", "meddle=page.txt") == 2
    assert b"page.txt was changed by someone else meanwhile." in capfdbinary.readouterr().err
    assert page.read_text(encoding="utf-8") == "theirs"


def test_a_read_only_file_is_refused_before_the_model_works(
    page: Path, capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--write on what may not be written fails at once."""
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    assert rewrite("--write") == 2
    assert b"may not be written" in capfdbinary.readouterr().err


def test_ctrl_c_is_cancelled_in_one_line(page: Path, held: object) -> None:
    """Exit code 130, no traceback, the file untouched."""
    words = "rewrite page.txt --lines 2 -i x --model held --option hold=step --json"
    command = [sys.executable, "-m", "diffedit", *words.split()]
    # A shell that runs the tests in the background has its children not hear ctrl+c.
    hear = signal.signal(signal.SIGINT, signal.default_int_handler)
    run = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    signal.signal(signal.SIGINT, hear)
    assert run.stdout is not None
    for line in run.stdout:
        if b'"frame"' in line:
            break
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert err == b"diffedit: cancelled; the file is untouched.\n"
    assert page.read_text(encoding="utf-8") == PAGE


def test_whoever_reads_the_messages_may_leave(page: Path) -> None:
    """`rewrite --json | head -1` ends with it, worker and all, and says nothing."""
    words = "rewrite page.txt --lines 2 -i x --model null --option step_ms=200 --json"
    command = [sys.executable, "-m", "diffedit", *words.split()]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline()
        run.stdout.close()
        assert run.wait(timeout=30) == 141
        assert run.stderr is not None
        assert run.stderr.read() == b""
    assert page.read_text(encoding="utf-8") == PAGE


@pytest.mark.parametrize("model", ["scripted:hello.json", "null"])
def test_the_models_that_need_no_weights(
    page: Path, capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """The scripted and the null model come through the same door."""
    monkeypatch.chdir(Path(__file__).parent)
    words = ["rewrite", "hello.txt", "--lines", "1", "-i", "greet the world", "--model", model]
    assert cli.main([*words, "--json"]) == 0
    said = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    frames = [line for line in said if line["type"] == "frame"]
    assert [frame["step"] for frame in frames] == list(range(1, said[-1]["steps"] + 1))
    if model != "null":
        assert said[-1]["text"] == "Hello, world!"
        assert len(frames) == 3


def test_no_network_at_first_use(
    page: Path, capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model in the box cannot be fetched: exit code 3, one line with what to do, no litter."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    assert rewrite("--model", "small") == 3
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert err.count(b"\n") == 1
    assert page.read_text(encoding="utf-8") == PAGE


def test_same_seed_same_bytes(page: Path, capfdbinary: Capture) -> None:
    """Two runs with one seed print the same diff."""
    rewrite("--seed", "3")
    first = capfdbinary.readouterr().out
    rewrite("--seed", "3")
    assert capfdbinary.readouterr().out == first != b""


@pytest.mark.parametrize(("words", "lines"), [("3", (3, 3)), ("1:9", (1, 9)), ("007:8", (7, 8))])
def test_lines_count_from_one(words: str, lines: tuple[int, int]) -> None:
    """A single number is a line; both ends are in."""
    assert parse_lines(words) == lines


@pytest.mark.parametrize("words", ["", ":", "1:2:3", "-1", "1-2", "1.5", " 1"])
def test_lines_that_are_none(words: str) -> None:
    """What is no range is refused."""
    with pytest.raises(RequestError, match="--lines"):
        parse_lines(words)


@pytest.mark.parametrize(
    ("name", "language"), [("a.py", "python"), ("a.rs", "rust"), ("a.unheard-of", "")]
)
def test_the_language_goes_by_the_name(name: str, language: str) -> None:
    """Pygments' name in lower case, or nothing."""
    assert language_of(Path(name)) == language


class Screen(io.StringIO):
    """A stderr that a person looks at."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_progress_is_for_a_terminal_only() -> None:
    """Where nobody looks on, no progress is written; where somebody does, the line goes away."""
    log, screen = io.StringIO(), Screen()
    for notes in (log, screen):
        output = Output(io.BytesIO(), notes)
        output.progress("step 1")
        output.note("done")
    assert log.getvalue() == "diffedit: done\n"
    assert screen.getvalue() == "\r\x1b[Kstep 1\r\x1b[Kdiffedit: done\n"


def test_a_note_obeys_no_escape() -> None:
    """What a model or a file put into a message is shown, not obeyed."""
    notes = io.StringIO()
    Output(io.BytesIO(), notes).note("a\x1b[2Jb\nc")
    assert notes.getvalue() == "diffedit: a\u241b[2Jb c\n"
