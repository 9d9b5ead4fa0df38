"""Pictures without a screen: read on this side, and refused where nobody can see them."""

from pathlib import Path

import pytest

from diffedit import cli

Capture = pytest.CaptureFixture[bytes]


@pytest.fixture
def page(tmp_path: Path, held: object, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of two lines and a picture's beginning, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("shot.png").write_bytes(b"\x89PNG\r\n\x1a\n and the rest")
    path = Path("page.txt")
    path.write_text("one\ntwo\n", encoding="utf-8")
    return path


def rewrite(*words: str) -> int:
    """`diffedit rewrite page.txt` with these words."""
    asked = ("--lines", "2", "-i", "louder", "--model", "held")
    return cli.main(["rewrite", "page.txt", *asked, *words])


def test_a_model_without_sight_refuses(page: Path, capfdbinary: Capture) -> None:
    """It is said in one line what to do; nothing was run, and nothing was changed."""
    assert rewrite("--image", "shot.png") == 2
    _, err = capfdbinary.readouterr()
    assert err.endswith(b"cannot see images. Ask again without them.\n")
    assert page.read_text(encoding="utf-8") == "one\ntwo\n"


def test_a_picture_that_is_not_there_is_named(page: Path, capfdbinary: Capture) -> None:
    """Before any model is started."""
    assert rewrite("--image", "gone.png") == 2
    assert b"There is no image gone.png." in capfdbinary.readouterr().err
