"""The prompt's history: up and down, what was being typed, and the next session."""

from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from diffedit.ui.prompt_bar import InstructionArea
from diffedit.ui.prompt_history import LIMIT, PromptHistory


def test_up_and_down(tmp_path: Path) -> None:
    """Up walks back to the oldest and stays there; down comes back to what was being typed."""
    history = PromptHistory(tmp_path / "prompts")
    history.add("one")
    history.add("two")
    assert [history.older("dra"), history.older("two"), history.older("one")] == [
        "two",
        "one",
        "one",
    ]
    assert [history.newer("one"), history.newer("two"), history.newer("dra")] == [
        "two",
        "dra",
        "dra",
    ]


def test_history_survives(tmp_path: Path) -> None:
    """What was said in one session can be had in the next, newlines and all."""
    path = tmp_path / "deep" / "prompts"
    PromptHistory(path).add("rename\nx ü")
    assert PromptHistory(path).last == "rename\nx ü"


def test_repeats_and_nothing_are_not_kept(tmp_path: Path) -> None:
    """The same words twice are one entry, and no words are none."""
    history = PromptHistory(tmp_path / "prompts")
    for said in ("one", "one", ""):
        history.add(said)
    assert (tmp_path / "prompts").read_text() == '"one"\n'


def test_a_faulty_file_is_passed_over(tmp_path: Path) -> None:
    """Lines that are no instruction are ignored, and nothing fails."""
    path = tmp_path / "prompts"
    path.write_bytes(b'"good"\n{not json\n[1]\n\xff\n')
    assert PromptHistory(path).last == "good"


def test_a_folder_in_the_way_costs_only_the_memory(tmp_path: Path) -> None:
    """A history that cannot be written still works while the editor runs."""
    history = PromptHistory(tmp_path)
    history.add("one")
    assert history.older("") == "one"


def test_the_file_stays_small(tmp_path: Path) -> None:
    """After very many instructions the file holds no more than it must."""
    path = tmp_path / "prompts"
    path.write_text("".join(f'"{number}"\n' for number in range(2 * LIMIT)))
    PromptHistory(path).add("last")
    assert len(path.read_text().splitlines()) == LIMIT
    assert PromptHistory(path).last == "last"


class Narrow(App[None]):
    """The line in as little room as there may be."""

    def compose(self) -> ComposeResult:
        area = InstructionArea()
        area.placeholder = "say what you want"
        yield area


@pytest.mark.parametrize("width", [0, 1, 2, 3])
async def test_in_no_room_at_all_there_is_nothing_to_see(width: int) -> None:
    """A window may become so narrow while the bar is open: what it asks has no row to stand in."""
    app = Narrow()
    async with app.run_test(size=(20, 5)) as pilot:
        area = app.query_one(InstructionArea)
        area.styles.width = width
        area.styles.min_width = 0
        area.styles.border = ("none", "red")
        await pilot.pause()
        assert area.render_line(0).cell_length == area.size.width
