"""What the tests in a terminal share: a written model, a gated one, and a real file to edit."""

import json
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gates import Gates

HERE = Path(__file__).parent


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A copy of a real module of the standard library."""
    assert textwrap.__file__ is not None
    return Path(shutil.copy(textwrap.__file__, tmp_path / "textwrap.py"))


@pytest.fixture
def script(home: Path, tmp_path: Path) -> Callable[..., str]:
    """Writes a model that plays what is said, each frame held for `step_ms`; gives its name.

    The name is short, so that the status line has room for it; it holds in `tmp_path`.
    """

    def write(*, step_ms: int = 0, name: str = "script.json", **words: Any) -> str:
        path = tmp_path / name
        path.write_text(json.dumps(words), encoding="utf-8")
        settings = home / "config" / "settings.toml"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(f"[models.scripted]\nstep_ms = {step_ms}\n", encoding="utf-8")
        return f"scripted:{name}"

    return write


@pytest.fixture
def gates(home: Path, tmp_path: Path) -> Gates:
    """The gated model, installed as a person would install a plugin; its name is `gate`."""
    folder = tmp_path / "gates"
    folder.mkdir()
    shutil.copytree(
        HERE / "gate",
        home / "config" / "plugins" / "gate",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    settings = home / "config" / "settings.toml"
    settings.write_text(f"[models.gate]\nfolder = {str(folder)!r}\n", encoding="utf-8")
    return Gates(folder)
