"""DiffusionGemma without a screen: a small random checkpoint in a real worker."""

from pathlib import Path

import pytest
import tiny_gemma

from diffedit import cli

PAGE = "import os\n\nLIMIT = 'é ☃'\n\ndef two(one):\n    return one\n"


def test_several_places(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Each place becomes what the model makes of it; the lines between stay, byte for byte."""
    folder = tiny_gemma.save(tmp_path / "tiny", canvas=64, window=200)
    page = tmp_path / "page.py"
    page.write_text(PAGE)
    words = ["--lines", "1", "--lines", "6", "-i", "louder", "--write", "--max-steps", "3"]
    options = ["--option", "context=1024", "--model", str(folder)]
    assert cli.main(["rewrite", str(page), *words, *options]) == 0, capfd.readouterr().err
    after = page.read_text()
    assert "\n\nLIMIT = 'é ☃'\n\ndef two(one):\n" in after
    assert not after.startswith("import os\n")
    assert not after.endswith("return one\n")
