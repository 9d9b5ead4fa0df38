"""The tour: it notices what was done, goes on by itself, and works on a copy."""

import asyncio
from pathlib import Path

from stage_app import script, staged

from diffedit.ui.tour import INSTRUCTION, SAMPLE, STOPS, tour_file


def test_the_sample_is_copied() -> None:
    """The tour opens a copy, at its first function; the installation's own stays."""
    spec = tour_file()
    assert spec.path.read_text() == SAMPLE.read_text()
    assert spec.row is not None
    assert spec.path.read_text().split("\n")[spec.row].startswith("def ")
    assert spec.path != SAMPLE
    spec.path.unlink()
    spec.path.parent.rmdir()


def test_every_stop_but_the_last_waits_for_something() -> None:
    """No stop is a dead end."""
    assert all(stop.done_by for stop in STOPS[:-1])
    assert not STOPS[-1].done_by
    assert any(INSTRUCTION in stop.text for stop in STOPS)


async def test_doing_what_it_says_reaches_the_end(tmp_path: Path) -> None:
    """Whoever presses what each stop asks for is led from the first to the last."""
    path = tmp_path / "tour.py"
    path.write_text(SAMPLE.read_text())
    model = script(tmp_path, text="def total(prices):\n    return sum(prices)")
    async with staged(path, model=model, demo=True) as stage:
        tour = stage.app.window.tour
        await stage.press(*["down"] * 5)
        await stage.edit(INSTRUCTION)
        assert STOPS[tour.at].title == "Review"
        await stage.press("enter")
        assert STOPS[tour.at].title == "Undo"
        await stage.press("ctrl+z")
        async with asyncio.timeout(10):
            while STOPS[tour.at].title == "Undo":
                await stage.pilot.pause()
        await stage.press("ctrl+t")
        assert tour.at == len(STOPS) - 1
        assert stage.text == SAMPLE.read_text()
