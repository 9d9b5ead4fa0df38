"""How strong an edit is, and what is pinned: in the prompt bar, shown before it runs."""

from pathlib import Path

from stage_app import Stage, script, staged

TEXT = "def total(prices, tax):\n    # the sum\n    result = 0\n    return result + tax\n"


def file(folder: Path) -> Path:
    """One function to edit."""
    path = folder / "page.py"
    path.write_text(TEXT)
    return path


def heading(stage: Stage) -> str:
    """The upper line of the prompt bar."""
    return str(stage.app.window.prompt.query_one("#prompt-heading").render())


async def test_a_preview_shows_which_tokens_would_be_noised(tmp_path: Path) -> None:
    """Alt+s goes to the next stop and paints the page; esc leaves the page as it was."""
    async with staged(file(tmp_path)) as stage:
        await stage.saw("loaded")
        before = stage.screen
        await stage.press("ctrl+k")
        assert "from nothing" in heading(stage)
        await stage.press("alt+s")
        await stage.saw("preview")
        assert "touch up" in heading(stage)
        draft = stage.app.buffers.current.preview
        assert draft is not None
        noised = [piece for piece in draft.pieces if piece.state == "noise"]
        assert 0 < len(noised) < len(draft.pieces) / 4
        assert "".join(piece.text for piece in draft.pieces) == TEXT[:-1]
        assert stage.text == TEXT
        await stage.press("escape")
        await stage.pilot.pause()
        assert stage.app.buffers.current.preview is None
        assert [row[5:] for row in stage.screen] == [row[5:] for row in before]


async def test_a_light_touch_changes_less(tmp_path: Path) -> None:
    """The weakest stop noises what the preview showed, and takes fewer steps than from nothing."""
    async with staged(file(tmp_path)) as stage:
        await stage.saw("loaded")
        await stage.edit()
        full = stage.app.buffers.current.edit.links[0].draft
        await stage.press("escape", "ctrl+k", "alt+s")
        await stage.saw("preview")
        await stage.type("x")
        await stage.press("enter")
        await stage.saw("settled")
        light = stage.app.buffers.current.edit.links[0].draft
        assert light.figures.steps <= full.figures.steps
        film = stage.app.buffers.current.edit.links[0].film
        assert sum(piece.state == "noise" for piece in film.frames[0].pieces) < 20


async def test_pins_are_shown_and_hold(tmp_path: Path) -> None:
    """Alt+p pins the signature: it is underlined in the preview, and comes back byte for byte."""
    async with staged(file(tmp_path), size=(120, 24)) as stage:
        await stage.saw("loaded")
        await stage.press("ctrl+k", "alt+p")
        await stage.saw("preview")
        assert "pins: signature" in heading(stage)
        await stage.press("alt+p", "alt+p")
        await stage.saw("preview")
        assert "pins: signature and comments" in heading(stage)
        await stage.type("x")
        await stage.press("enter")
        await stage.saw("settled")
        text = stage.app.buffers.current.edit.links[0].draft.text
        assert text.startswith("def total(prices, tax):\n")
        assert "# the sum\n" in text
        assert text != TEXT[:-1]


async def test_a_model_that_starts_from_nothing_says_so(tmp_path: Path) -> None:
    """There is no strength to set on a recording; the bar dims it."""
    model = script(tmp_path, text="x")
    async with staged(file(tmp_path), model=model, size=(140, 24)) as stage:
        await stage.saw("loaded")
        await stage.press("ctrl+k", "alt+s")
        assert "alt+s strength: starts from nothing" in heading(stage)
        assert any("from nothing" in line for line in stage.said)
