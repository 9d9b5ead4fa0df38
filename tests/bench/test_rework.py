"""The cost of going on from a draft is measured on the real thing."""

import json

import pytest

from diffedit import cli


def test_each_way_on_has_its_figures(capfd: pytest.CaptureFixture[str]) -> None:
    """Steps and milliseconds for each, afresh first; one word costs less than all of it."""
    assert cli.main(["bench", "rework", "--model", "null", "--json"]) == 0
    rows = {row["what"]: row for row in json.loads(capfd.readouterr().out)["rows"]}
    assert rows.pop("four candidates")["why_not"] == "it gave one answer"
    assert all(row["ms"] is not None for row in rows.values())
    afresh = rows["afresh"]["steps"]
    assert rows["think again about one word"]["steps"] < afresh
    assert rows["fork from half way"]["steps"] <= afresh
    assert "strength: touch up" in rows
    assert rows["two places, what is between held"]["steps"] <= afresh
    assert rows["proofread"]["steps"] == 1
