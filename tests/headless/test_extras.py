"""Strength, pins, follow-ups, checks and proofreading without a screen."""

from pathlib import Path

import pytest

from diffedit import cli
from diffedit.core.errors import TooLongError
from diffedit.worker.session import Session

CODE = "import os\n\n\ndef total(prices, tax):\n    result = 0\n    return result + tax\n"
NULL = ("--model", "null")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small module."""
    path = tmp_path / "page.py"
    path.write_text(CODE)
    return path


def rewrite(file: Path, *words: str) -> int:
    """The exit code of a rewrite of the function."""
    return cli.main(["rewrite", str(file), "--lines", "4:6", "-i", "x", *NULL, *words])


def test_pins_hold_and_a_second_instruction_goes_on(
    file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Signature and last line stay; the run is saved as a chain's last link and can be replayed."""
    run = tmp_path / "run.jsonl"
    words = ("-i", "y", "--pin", "signature", "--pin", "6", "--save-run", str(run), "--write")
    assert rewrite(file, *words) == 0
    lines = file.read_text().split("\n")
    assert lines[3] == "def total(prices, tax):"
    assert lines[5] == "    return result + tax"
    assert lines[4] != "    result = 0"
    assert cli.main(["replay", str(run)]) == 0
    assert "-- step 1" in capfd.readouterr().out


def test_a_light_touch_is_told_to_a_model_that_can(
    file: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """--strength 1 runs where a model can start from the text, and is refused where not."""
    assert rewrite(file, "--strength", "1") in (0, 1)
    script = tmp_path / "s.json"
    script.write_text('{"text": "x"}')
    words = ["--lines", "4:6", "-i", "x", "--strength", "1", "--model", f"scripted:{script}"]
    assert cli.main(["rewrite", str(file), *words]) == 2
    assert "from nothing" in capfd.readouterr().err


def test_a_check_is_told(file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What still fails after three rounds is said in a line; the diff is there all the same."""
    script = tmp_path / "s.json"
    script.write_text('{"text": "def total(:"}')
    words = ["--lines", "4:6", "-i", "x", "--check", "--model", f"scripted:{script}"]
    assert cli.main(["rewrite", str(file), *words]) == 0
    said = capfd.readouterr()
    assert "not sound by parse" in said.err
    assert "+def total(:" in said.out


@pytest.mark.parametrize("pin", ["nothing", "1:2", "90"])
def test_a_pin_that_cannot_be_is_one_line(
    file: Path, pin: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """An unknown kind, lines beside the span, lines beyond the file."""
    assert rewrite(file, "--pin", pin) == 2
    assert "--pin" in capfd.readouterr().err
    assert file.read_text() == CODE


def test_proofreading_names_the_place(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """File, line, column, the odd word, and what would be likelier; 1 where nothing is odd."""
    path = tmp_path / "a.py"
    words = " value" * 9
    path.write_text(f"{words}\n valeu\n{words}\n")
    assert cli.main(["proofread", str(path), *NULL, "--most", "0"]) == 2
    assert cli.main(["proofread", str(path), *NULL, "--most", "1", "--lines", "2"]) == 0
    assert capfd.readouterr().out.startswith(f"{path}:2:2: valeu ")
    capfd.readouterr()
    assert cli.main(["proofread", str(path), *NULL, "--lines", "4"]) == 2
    assert capfd.readouterr().err == f"diffedit: {path} has 3 lines; there is no line 4.\n"
    path.write_text("a a a a a a a a a")
    assert cli.main(["proofread", str(path), *NULL]) == 1


def test_proofreading_takes_one_stretch_that_is_not_too_long(
    file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--lines twice is refused; what is too long for the model is to be narrowed with --lines."""
    assert cli.main(["proofread", str(file), *NULL, "--lines", "1", "--lines", "4"]) == 2
    assert "Give --lines once" in capfd.readouterr().err

    async def too_long(*_: object, **__: object) -> None:
        raise TooLongError("The span has 9,000 tokens; 500 fit.", hint="Select less, or so.")

    monkeypatch.setattr(Session, "score", too_long)
    assert cli.main(["proofread", str(file), *NULL]) == 2
    said = capfd.readouterr().err
    assert said == (
        "diffedit: The span has 9,000 tokens; 500 fit. Name fewer lines (--lines A:B), or so.\n"
    )


def test_a_run_without_a_step_is_refused(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """There would be no answer; one line says so."""
    assert rewrite(file, "--max-steps", "0") == 2
    assert "--max-steps must be a whole number from 1 to" in capfd.readouterr().err
    assert rewrite(file, "--max-steps", "1") in (0, 1)


def test_lines_given_twice_are_two_places_of_one_edit(
    file: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Both change, what lies between does not; places that overlap are one."""
    before = file.read_text().split("\n")
    two = ["--lines", "1", "--lines", "4:5", "--lines", "5:6", "-i", "x", "--write"]
    assert cli.main(["rewrite", str(file), *two, *NULL]) == 0
    after = file.read_text().split("\n")
    assert after[0] != before[0]
    assert after[1:3] == ["", ""]
    assert after[3:] != before[3:]
    words = ["--lines", "1", "--lines", "4:5", "--mode", "infill", "--write"]
    assert cli.main(["rewrite", str(file), *words, *NULL]) == 2
    assert "--mode infill takes one --lines" in capfd.readouterr().err
