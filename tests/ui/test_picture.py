"""Pictures of the screen: true ones, each a new file, nothing fetched."""

from pathlib import Path

import pytest
from stage_app import script, staged


async def test_a_picture_shows_the_page_and_fetches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """f9 saves what is on the screen as SVG; a second one does not write over the first."""
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.py"
    page.write_text("answer = 42\n", encoding="utf-8")
    async with staged(page, model=script(tmp_path, text="x")) as stage:
        await stage.press("f9", "f9")
    first = (tmp_path / "diffedit-1.svg").read_text(encoding="utf-8")
    assert "42" in first
    assert "@font-face" not in first
    assert "url(http" not in first
    assert (tmp_path / "diffedit-2.svg").exists()
