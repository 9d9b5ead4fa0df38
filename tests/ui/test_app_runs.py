"""Runs that do not end well, and a screen that is not large enough: said plainly, nothing lost."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from stage_app import Stage, script, staged

from diffedit.config import paths, themes
from diffedit.ui import palette
from diffedit.ui.commands import BY_ID, Command
from diffedit.ui.dialogs import Ask, Help

TEXT = "a = 1\nb = 2\n"


@asynccontextmanager
async def slow(home: Path, folder: Path, *, step_ms: int = 400) -> AsyncIterator[Stage]:
    """The editor on a model that takes its time for each of many steps."""
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f"[models.scripted]\nstep_ms = {step_ms}\n")
    path = folder / "page.py"
    path.write_text(TEXT)
    frames = [f"a = ?{number}\n# more" for number in range(60)]
    async with staged(path, model=script(folder, text="a = 2", frames=frames)) as stage:
        yield stage


async def start(stage: Stage) -> None:
    """Ask for an edit of the first line and come back when it denoises."""
    await stage.press("shift+end", "ctrl+k", "x", "enter")
    await stage.saw("denoising")
    while stage.app.editing.running is not None and not frames_of(stage):
        await stage.saw("denoising")


def frames_of(stage: Stage) -> int:
    """How many steps were seen."""
    draft = stage.app.buffers.current.session.draft
    return draft.figures.steps if draft else 0


async def test_esc_leaves_the_page_as_it_was(home: Path, tmp_path: Path) -> None:
    """Esc half way: the screen and the text are what they were, and the next edit may come."""
    async with slow(home, tmp_path) as stage:
        await stage.press("shift+end")
        before, selected = stage.screen, stage.app.window.editor.selection
        await start(stage)
        assert "?" in stage.screen[0]
        await stage.press("escape")
        await stage.saw("cancelled")
        assert stage.screen == before
        assert stage.app.window.editor.selection == selected
        assert stage.text == TEXT
        assert not stage.app.buffers.current.page.can_undo
        assert stage.app.editing.running is None


async def test_a_key_pressed_too_early_replaces_nothing(home: Path, tmp_path: Path) -> None:
    """While it denoises the span is not selected: a second enter does not wipe it out."""
    async with slow(home, tmp_path) as stage:
        await start(stage)
        await stage.press("z")
        assert stage.text == "a = 1z\nb = 2\n"
        assert stage.app.editing.running is not None


async def test_rows_only_grow_while_it_denoises(home: Path, tmp_path: Path) -> None:
    """A canvas of two rows keeps them both, and the line below stands under it."""
    async with slow(home, tmp_path) as stage:
        await start(stage)
        rows = stage.screen
        assert rows[1].endswith("# more")
        assert rows[2].endswith("b = 2")


async def test_the_rest_stays_editable(home: Path, tmp_path: Path) -> None:
    """What is typed below while it denoises is there, and the run goes on."""
    async with slow(home, tmp_path) as stage:
        await start(stage)
        await stage.press("ctrl+end", "z")
        assert stage.text == TEXT + "z"
        assert stage.app.editing.running is not None
        await stage.press("escape")
        await stage.saw("cancelled")
        assert stage.text == TEXT + "z"


async def test_typing_inside_the_span_ends_the_run(home: Path, tmp_path: Path) -> None:
    """What is typed inside stays; the draft is dropped, and that is said."""
    async with slow(home, tmp_path) as stage:
        await start(stage)
        await stage.press("ctrl+home", "right", "z")
        await stage.saw("stale")
        assert stage.text == "az = 1\nb = 2\n"
        assert any("inside the span" in line for line in stage.said)


async def test_a_second_edit_waits_for_the_first(home: Path, tmp_path: Path) -> None:
    """One model, one run: ctrl+k while it denoises says so and opens nothing."""
    async with slow(home, tmp_path) as stage:
        await start(stage)
        await stage.press("ctrl+k")
        assert not stage.app.window.prompt.display
        assert any("Still denoising" in line for line in stage.said)


async def test_a_killed_worker_is_told_of(home: Path, tmp_path: Path) -> None:
    """SIGKILL while it denoises: one line, the text untouched, and the next edit works."""
    async with slow(home, tmp_path, step_ms=100) as stage:
        await start(stage)
        assert stage.app.client.pid is not None
        os.kill(stage.app.client.pid, signal.SIGKILL)
        await stage.saw("failed")
        assert stage.text == TEXT
        assert any("signal 9" in line for line in stage.said)
        await start(stage)
        assert stage.app.editing.running is not None


async def test_a_missing_model_is_asked_for(tmp_path: Path) -> None:
    """Without the model an edit asks whether to fetch it; `n` keeps the words for later."""
    path = tmp_path / "a.py"
    path.write_text(TEXT)
    async with staged(path, model="small") as stage:
        await stage.press("ctrl+k", "x", "enter")
        await stage.pilot.pause()
        assert isinstance(stage.app.screen, Ask)
        await stage.press("n")
        await stage.pilot.pause()
        assert stage.text == TEXT
        assert stage.app.window.prompt.history.last == "x"


async def test_an_unknown_model_is_one_line(tmp_path: Path) -> None:
    """A model that nobody knows is named in one line, and the editor still edits."""
    async with staged(model="gema") as stage:
        await stage.saw("said")
        await stage.press("z")
        assert "gema" in stage.said[0]
        assert stage.text == "z"


@pytest.mark.parametrize(("size", "shown"), [((39, 24), True), ((80, 7), True), ((40, 8), False)])
async def test_a_small_terminal_says_so(size: tuple[int, int], shown: bool) -> None:  # noqa: FBT001
    """Below 40 by 8 there is one clear line instead of a broken screen."""
    async with staged(size=size) as stage:
        assert stage.app.window.too_small.display is shown


@pytest.mark.parametrize("theme", themes.names())
async def test_every_theme_can_be_worn(theme: str) -> None:
    """The whole screen starts in each theme, questions included, and changes to another."""
    async with staged(theme=theme) as stage:
        await stage.press("z", "ctrl+k", "escape", "ctrl+g")
        await stage.pilot.pause()
        await stage.press("escape", "ctrl+q", "escape")
        stage.app.action_pick("theme", "ink")
        await stage.pilot.pause()
        assert stage.app.theme == "diffedit-ink"


async def test_help_lists_every_key() -> None:
    """F1 shows the tables; esc closes it."""
    async with staged() as stage:
        await stage.press("f1")
        await stage.pilot.pause()
        assert isinstance(stage.app.screen, Help)
        await stage.press("escape")
        await stage.pilot.pause()
        assert not isinstance(stage.app.screen, Help)


async def test_palette_runs_commands() -> None:
    """A command picked in the palette is done."""
    async with staged() as stage:
        await stage.press("ctrl+p")
        await stage.type("new file")
        await stage.pilot.pause()
        await stage.press("down", "enter")
        await stage.pilot.pause()
        assert len(stage.app.buffers.all) == 2


async def test_prompt_has_its_own_undo(tmp_path: Path) -> None:
    """Ctrl+z in the prompt bar takes back words there, not edits in the text."""
    async with staged() as stage:
        await stage.press("z", "enter", "ctrl+k")
        await stage.type("word")
        await stage.press("ctrl+z")
        assert stage.app.window.prompt.text == ""
        assert stage.text == "z\n"


async def test_tab_changes_the_mode() -> None:
    """With text to rewrite all three modes are offered in turn; in a gap, two."""
    async with staged() as stage:
        await stage.press("z", "ctrl+k")
        modes = [stage.app.window.prompt.mode]
        for _ in range(3):
            await stage.press("tab")
            modes.append(stage.app.window.prompt.mode)
        assert modes == ["rewrite", "infill", "continue", "rewrite"]
        await stage.press("escape", "end", "enter", "ctrl+k", "tab", "tab")
        assert stage.app.window.prompt.mode == "infill"


async def test_esc_goes_back_one_level_at_a_time(tmp_path: Path) -> None:
    """From the prompt to the page; the words wait for the next time."""
    async with staged() as stage:
        await stage.press("z", "ctrl+k", "w", "escape")
        assert stage.app.window.editor.has_focus
        assert not stage.app.window.prompt.display
        await stage.press("ctrl+k")
        assert stage.app.window.prompt.text == "w"


async def test_a_bug_writes_rescue_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error in a command is one line and a log; the text is still there."""
    async with staged() as stage:
        await stage.press("z")

        async def break_down() -> None:
            raise ZeroDivisionError

        broken = Command("next_buffer", "", lambda _: break_down())
        monkeypatch.setitem(BY_ID, "next_buffer", broken)
        await stage.press("f6")
        await stage.saw("said")
        assert any("your text is safe" in line for line in stage.said)
        assert stage.text == "z"
        assert [copy.read_text() for copy in (paths.state_dir() / "rescue").iterdir()] == ["z"]


async def test_own_keys_come_over_the_tables(tmp_path: Path) -> None:
    """A key of the settings runs its command, and an unknown command is named at the start."""
    keys = {"f9": "new", "f10": "thinkin"}
    async with staged(keys=keys) as stage:
        await stage.press("f9")
        assert len(stage.app.buffers.all) == 2
        assert any("Did you mean 'thinking'" in line for line in stage.said)


async def test_another_model_is_chosen_from_the_palette(tmp_path: Path) -> None:
    """The next edit is done by it; the status line names it."""
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    model = script(tmp_path, text="x = 2")
    async with staged(path, model="null") as stage:
        await stage.saw("loaded")
        choose = {title: does for title, does, _ in palette._lines({})}["Model: hello"]
        assert callable(choose)
        choose(stage.app)
        await stage.saw("loaded")
        assert stage.app.settings.model == "hello"
        assert stage.app.models.label == "hello · ready"
        await stage.app.models.choose(model)
        await stage.edit()
        await stage.press("enter")
        assert stage.text == "x = 2\n"
