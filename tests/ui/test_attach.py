"""Pictures in the prompt bar: named with an at sign, shown before they are sent."""

from pathlib import Path

import pytest
from stage_app import Stage, staged


async def heading(stage: Stage, wanted: str) -> str:
    """The upper line of the prompt bar, once it has these words."""
    found = ""
    for _ in range(200):
        found = str(stage.app.window.prompt.query_one("#prompt-heading").render())
        if wanted in found:
            break
        await stage.pilot.pause()
    return found


async def test_a_picture_is_shown_when_it_is_named_and_refused_by_the_blind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar tells its name; a model that sees nothing leaves the page as it was, and says so."""
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.py"
    page.write_text("x = 1\n")
    (tmp_path / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n and the rest")
    async with staged(page, size=(140, 24)) as stage:
        await stage.press("ctrl+k")
        await stage.type("as in @shot.png")
        assert "+ image shot.png" in await heading(stage, "image")
        await stage.press("enter")
        await stage.saw("said")
        assert "cannot see images. Ask again without them." in stage.said[-1]
        assert stage.text == "x = 1\n"
