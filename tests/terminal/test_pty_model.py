"""The main job in a real terminal with the model in the box: `pytest -m model`."""

import os
from pathlib import Path

import pytest
from pty_terminal import Rows, Terminal

pytestmark = pytest.mark.model

BEFORE = "import math\n\n\n"
SPAN = "def double(x):\n    return x + x"
AFTER = "\n\n\ndef half(x):\n    return x / 2\n"
SELECT = [*["down"] * 3, "shift+down", "shift+end"]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A short page, and the model in the store as a person would put it there."""
    with Terminal.start("models", "add", os.environ["DIFFEDIT_TEST_MODEL"]) as terminal:
        assert terminal.wait_end() == 0
    path = tmp_path / "page.py"
    path.write_text(BEFORE + SPAN + AFTER)
    return path


def picture(rows: Rows) -> str | None:
    """The page while it denoises, without the lines that always change."""
    return "\n".join(rows[3:8]) if "denoising · step" in rows[-1] else None


def test_rewrite_with_the_real_model(page: Path) -> None:
    """Three and more pictures of a real denoise; what is saved is changed in the span only."""
    with Terminal.start(page) as terminal:
        terminal.wait_for("ready")
        terminal.keys(*SELECT, "ctrl+k")
        terminal.wait_for("Rewrite  lines 4–5 of page.py")
        terminal.keys("Add a docstring.", "enter")
        pictures = terminal.watch(until="change 1 of", of=picture)
        assert len(pictures) >= 3
        assert page.read_text() == BEFORE + SPAN + AFTER
        terminal.keys("A")
        terminal.wait_for("Applied")
        terminal.keys("ctrl+s")
        terminal.wait_for("Saved page.py")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    saved = page.read_text()
    assert saved.startswith(BEFORE)
    assert saved.endswith(AFTER)
    assert saved != BEFORE + SPAN + AFTER
    compile(saved, "page.py", "exec")


def test_esc_with_the_real_model(page: Path) -> None:
    """Esc half way through a real denoise: the page and the file are as they were, unmodified."""
    stamp = page.stat().st_mtime_ns
    with Terminal.start(page) as terminal:
        terminal.wait_for("ready")
        terminal.keys(*SELECT)
        shown = terminal.wait_for(" 5:17 ")
        terminal.keys("ctrl+k", "Add a docstring.", "enter")
        terminal.wait_for("denoising · step 2")
        terminal.keys("escape")
        terminal.wait_for(lambda rows: rows == shown)
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    assert page.read_text() == BEFORE + SPAN + AFTER
    assert page.stat().st_mtime_ns == stamp
