"""Pictures that go along with an instruction: named in it, read here, refused in one line."""

from pathlib import Path

import pytest

from diffedit.core import attachment
from diffedit.core.errors import FileError

PNG = b"\x89PNG\r\n\x1a\n and the rest"


@pytest.mark.parametrize(
    ("instruction", "names"),
    [
        ("make it look like @shot.png", ["shot.png"]),
        ("@a/b.JPEG and @b.webp, as drawn", ["a/b.JPEG", "b.webp"]),
        ("@'two words.png' twice @'two words.png'", ["two words.png"]),
        ("mail me@home.png", []),
        ("use @property and @pytest.fixture", []),
        ("@shot.pngx", []),
    ],
)
def test_pictures_are_named_with_an_at_sign(instruction: str, names: list[str]) -> None:
    """A word that is a picture's name; what code looks like is none."""
    assert [str(path) for path in attachment.named(instruction)] == names


def test_their_bytes_are_read(tmp_path: Path) -> None:
    """As they are, in order."""
    one, two = tmp_path / "1.png", tmp_path / "2.jpg"
    one.write_bytes(PNG)
    two.write_bytes(b"\xff\xd8\xff rest")
    assert attachment.read((one, two)) == (PNG, b"\xff\xd8\xff rest")


def test_what_cannot_go_along_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not there, no picture, too large, too many: one line each."""
    text, large = tmp_path / "text.png", tmp_path / "large.png"
    text.write_bytes(b"hello")
    large.write_bytes(PNG)
    with pytest.raises(FileError, match=r"There is no image .*gone\.png"):
        attachment.read((tmp_path / "gone.png",))
    with pytest.raises(FileError, match=r"text\.png is no image\. PNG, JPEG and WebP will do"):
        attachment.read((text,))
    with pytest.raises(FileError, match="5 images; up to 4"):
        attachment.read((text,) * 5)
    monkeypatch.setattr(attachment, "LARGEST", 10)
    with pytest.raises(FileError, match="up to 8 MB can go along"):
        attachment.read((large,))
