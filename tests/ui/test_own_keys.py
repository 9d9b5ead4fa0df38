"""Every key can be given to another command: anywhere, in the text, in each of the bars."""

import pytest
from stage_app import staged

from diffedit.config import settings
from diffedit.config.settings import Settings
from diffedit.core.errors import RequestError
from diffedit.ui.commands import help_sections, listed, start_problems
from diffedit.ui.own_keys import page_actions, spelled
from diffedit.ui.prompt_bar import PromptBar


def write(text: str) -> None:
    """Your own settings."""
    path = settings.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("written", "textual"),
    [
        ("ctrl+k", "ctrl+k"),
        ("esc", "escape"),
        ("ctrl+pgup", "ctrl+pageup"),
        ("ctrl+]", "ctrl+right_square_bracket"),
        ("alt++", "alt+plus"),
        ("A", "A"),
        ("?", "question_mark"),
        ("ctrl+/", "ctrl+slash"),
    ],
)
def test_keys_are_written_as_they_are_shown(written: str, textual: str) -> None:
    """What the help page shows can be put into the settings."""
    assert spelled(written) == textual


async def test_a_key_anywhere_and_one_in_the_text() -> None:
    """A command and a thing that the page does, on other keys; the old ones are free if wished."""
    keys = {"f8": "duplicate_lines", "ctrl+b": "new", "ctrl+n": ""}
    async with staged(stdin_text="a\nb\n", keys=keys) as stage:
        await stage.press("f8")
        assert stage.text == "a\na\nb\n"
        await stage.press("ctrl+n")
        assert len(stage.app.buffers.all) == 1
        await stage.press("ctrl+b")
        assert len(stage.app.buffers.all) == 2


async def test_a_plugins_command_on_a_key() -> None:
    """Sorting ships as a plugin with a key; any other plugin's command can be given one as well."""
    async with staged(stdin_text="b\na\n", keys={"f8": "sort-lines"}) as stage:
        for key in ("alt+s", "f8"):
            await stage.press("ctrl+a", key)
            assert stage.text == "a\nb\n"
            await stage.press("ctrl+z", "ctrl+z")
    assert list(start_problems(Settings(keys={"f8": "sort-lines"}))) == []
    assert len(list(start_problems(Settings(keys={"f8": "sort-lnies"})))) == 1


async def test_a_key_in_a_bar() -> None:
    """A key that holds in the search bar only, and one taken away from there."""
    line = next(name for name in page_actions() if name.startswith("delete_line"))
    keys = {"search.ctrl+b": "search_regex", "search.alt+x": "", "editor.ctrl+d": line}
    async with staged(stdin_text="a\nb\n", keys=keys) as stage:
        await stage.press("ctrl+d")
        assert stage.text == "b\n"
        await stage.press("ctrl+f")
        asked = [stage.app.window.search.query_asked.regex]
        for key in ("alt+x", "ctrl+b"):
            await stage.press(key)
            asked.append(stage.app.window.search.query_asked.regex)
        assert asked == [False, False, True]


def test_the_palette_and_the_help_show_the_keys_in_force() -> None:
    """A person's own key stands with its command, the one that was taken away does not."""
    own = {"ctrl+b": "new", "ctrl+n": "", "review.x": "reject", "f8": "join_lines"}
    titles = [title for title, _ in listed(own)]
    assert "New file  (ctrl+b)" in titles
    pages = dict(help_sections(own))
    assert ("ctrl+b", "New file") in pages["Anywhere"]
    assert ("r, x", "Reject this change") in pages["While a draft is under review"]
    assert any(keys.endswith("f8") and does == "Join lines" for keys, does in pages["Typing"])


def test_what_is_wrong_is_named_with_its_line() -> None:
    """A command, a place and a key that there are not: one line each, and the editor starts."""
    write('[keys]\n"ctrl+b" = "fnid"\n"f8" = "join_lines"\n"hyperspace" = "find"\n'
          '[keys.reveiw]\nx = "reject"\n[keys.review]\nx = "reject"\n"y" = ""\n')  # fmt: skip
    own = settings.load(environment={})
    said = list(start_problems(own))
    file = settings.settings_file()
    assert [line.split(": ")[0] for line in said] == [f"{file}:{n}" for n in (2, 4, 6)]
    assert "Did you mean 'find'?" in said[0]
    assert "no key 'hyperspace'" in said[1]
    assert "no place 'reveiw'" in said[2]


def test_a_key_that_is_no_text_is_refused() -> None:
    """A number where a command should be is told with its line."""
    write('[keys.review]\n"x" = 3\n')
    with pytest.raises(RequestError, match=r"settings.toml:2: 'x' must be text"):
        settings.load(environment={})


async def test_a_key_in_the_prompt() -> None:
    """The prompt bar takes its own keys too."""
    async with staged(stdin_text="a\n", keys={"prompt.ctrl+b": "prompt_mode"}) as stage:
        await stage.press("ctrl+k")
        prompt = stage.app.screen.query_one(PromptBar)
        before = prompt.mode
        await stage.press("ctrl+b")
        assert prompt.mode != before


def test_the_defaults_have_no_problems() -> None:
    """Nothing is wrong where nobody set anything."""
    assert list(start_problems(Settings())) == []
