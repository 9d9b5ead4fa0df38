"""`diffedit config` tells every value and its source, and what it prints is a settings file."""

import tomllib
from pathlib import Path

import pytest

from diffedit.cli import main
from diffedit.config import in_force, settings


def write(text: str) -> Path:
    """Your own settings."""
    path = settings.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_every_value_says_where_it_is_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Defaults, your file by line, the project's by line, a variable."""
    own = write('theme = "paper"\n\n[keys]\n"f8" = "find"\n\n[models.a]\npath = "x\\u0007"\n')
    project = tmp_path / ".diffedit.toml"
    project.write_text("# ours\ntab_width = 2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFEDIT_SOFT_WRAP", "yes")
    assert main(["config"]) == 0
    rows = capsys.readouterr().out.splitlines()
    said = dict(row.split("  # ") for row in rows if "  # " in row)
    said = {key.strip(): where for key, where in said.items()}
    assert said['theme = "paper"'] == f"{own}:1"
    assert said["tab_width = 2"] == f"{project}:2"
    assert said["soft_wrap = true"] == "DIFFEDIT_SOFT_WRAP"
    assert said["line_numbers = true"] == "default"
    assert said['f8 = "find"'] == f"{own}:4"
    assert rows[0] == f"# yours:   {own}"
    assert rows[1] == f"# project: {project}"


def test_what_is_printed_can_be_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The lines are TOML, and as a settings file they give the same settings."""
    monkeypatch.chdir(tmp_path)
    write('indent_with_tabs = "auto"\n[models."odd name"]\npath = "a\\\\b\\"c\\u0007"\n')
    first = settings.load(environment={})
    text = "\n".join(in_force.lines(first))
    tomllib.loads(text)
    write(text)
    again = settings.load(environment={})
    for name in ("theme", "indent_with_tabs", "params", "models", "keys", "journal"):
        assert getattr(again, name) == getattr(first, name)


def test_the_path_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """`--path` is for scripts and editors."""
    assert main(["config", "--path"]) == 0
    assert capsys.readouterr().out == f"{settings.settings_file()}\n"


def test_a_wrong_value_is_named_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """One line with file and line, and exit code 2."""
    own = write('theme = "ink"\ntab_width = "wide"\n')
    assert main(["config"]) == 2
    assert f"{own}:2: 'tab_width' must be a whole number" in capsys.readouterr().err
