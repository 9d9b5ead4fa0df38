"""Arrows point one way: the contracts in pyproject.toml hold."""

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_every_arrow_points_one_way() -> None:
    """Every import contract of the house is kept."""
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
