"""What the package promises at its edges: README, changelog, entry points."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import diffedit
from diffedit.ui.commands import help_sections

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_changelog_has_this_version() -> None:
    """CHANGELOG.md tells of the version that the package says it is."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{diffedit.__version__}]" in changelog
    assert "## [Unreleased]" in changelog


@pytest.mark.parametrize("target", PROJECT["project"]["entry-points"]["diffedit.backends"].values())
def test_an_entry_point_leads_somewhere(target: str) -> None:
    """Each backend named in pyproject.toml can be imported by that name."""
    module, name = target.split(":")
    assert callable(getattr(import_module(module), name))


def test_the_help_in_the_readme_is_the_real_one() -> None:
    """The help text that README shows is what the program prints."""
    shown = re.search(r"```text\n(usage: diffedit rewrite.*?)```", README, re.DOTALL)
    assert shown is not None
    run = subprocess.run(
        [sys.executable, "-m", "diffedit", "rewrite", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"COLUMNS": "100", "PATH": "", "NO_COLOR": "1"},
    )
    assert shown.group(1).strip() == run.stdout.strip()


def test_the_keys_in_the_readme_are_the_real_ones() -> None:
    """README's table of keys is the help page's, row for row."""
    sections = dict(help_sections())
    places = (
        *("Anywhere", "While a draft is under review"),
        *("While its steps and tokens are looked at", "In the prompt bar"),
    )
    rows = [
        f"| {', '.join(f'`{key}`' for key in keys.split(', '))} | {does} |"
        for place in places
        for keys, does in (("", f"**{place}**"), *sections[place])
    ]
    table = "\n".join(rows).replace("| `` |", "| |")
    assert table in README


def test_every_link_to_a_file_in_the_readme_leads_there() -> None:
    """No link or picture in README points to a file that is not there."""
    targets = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    assert targets
    assert [name for name in targets if not (ROOT / name.split("#")[0]).exists()] == []


def test_nothing_else_stands_at_the_root() -> None:
    """The top level holds what the plan names, and nothing more."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split("\n")
    allowed = {
        *("diffedit", "plugins", "themes", "tests", ".ci"),
        *("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".gitignore"),
    }
    assert {name.split("/")[0] for name in listed if name} <= allowed
