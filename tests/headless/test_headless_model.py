"""The back door with the model in the box: `pytest -m model`, its file in DIFFEDIT_TEST_MODEL."""

import json
import os
from pathlib import Path

import pytest

from diffedit import cli

pytestmark = pytest.mark.model

Capture = pytest.CaptureFixture[bytes]
SOURCE = (
    "def mean(values):\n"
    "    total = 0\n"
    "    for value in values:\n"
    "        total = total + value\n"
    "    return total / len(values)\n"
    "\n"
    "\n"
    "print(mean([1, 2, 3]))\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small module."""
    path = tmp_path / "mean.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def rewrite(path: Path, *words: str, model: str = "", lines: str = "1:5") -> int:
    """`diffedit rewrite` with the true model."""
    model = model or os.environ["DIFFEDIT_TEST_MODEL"]
    wish = ("--lines", lines, "-i", "Add type hints.", "--model", model)
    return cli.main(["rewrite", str(path), *wish, "--candidates", "1", *words])


def test_a_real_edit_is_denoised_in_fewer_looks_than_tokens(
    source: Path, capfdbinary: Capture
) -> None:
    """Whole pictures, steps from 1 up, done last; the same seed gives the same bytes."""
    assert rewrite(source, "--json") in (0, 1)
    said = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    done = said[-1]
    frames = [line for line in said if line["type"] == "frame"]
    assert [frame["step"] for frame in frames] == list(range(1, done["steps"] + 1))
    assert len(frames) >= 3
    assert done["tokens_per_step"] > 1
    assert rewrite(source, "--json") in (0, 1)
    again = json.loads(capfdbinary.readouterr().out.splitlines()[-1])
    assert again["text"] == done["text"]
    assert source.read_text(encoding="utf-8") == SOURCE


def test_a_truncated_model_is_one_line(source: Path, capfdbinary: Capture, tmp_path: Path) -> None:
    """A file that was cut off is called damaged: exit code 3, nothing of it is run."""
    cut = tmp_path / "cut.gguf"
    with Path(os.environ["DIFFEDIT_TEST_MODEL"]).open("rb") as whole:
        cut.write_bytes(whole.read(3_000_000))
    assert rewrite(source, model=str(cut)) == 3
    err = capfdbinary.readouterr().err
    assert b"damaged" in err
    assert err.count(b"\n") == 1


def test_a_span_longer_than_the_context_is_one_line(source: Path, capfdbinary: Capture) -> None:
    """Too much for the model is said with how much fits: exit code 3."""
    source.write_text(SOURCE * 200, encoding="utf-8")
    assert rewrite(source, lines="1:1600") == 3
    err = capfdbinary.readouterr().err
    assert b"2,048" in err
    assert err.count(b"\n") == 1
