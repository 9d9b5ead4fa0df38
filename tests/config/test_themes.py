"""Every theme loads and names every state; every mistake in one is told with its line."""

from pathlib import Path

import pytest
from rich.color import Color
from rich.style import Style

from diffedit.config import paths, themes
from diffedit.core.errors import RequestError

SHIPPED = ("ansi", "ink", "mono", "paper")


def write(name: str, text: str) -> Path:
    """A theme of your own."""
    folder = paths.config_dir() / "themes"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(name: str) -> str:
    """What loading the theme says."""
    with pytest.raises(RequestError) as caught:
        themes.load(name)
    return str(caught.value)


def luminance(colour: Color) -> float:
    """Relative luminance, as WCAG counts it."""
    parts = [part / 255 for part in colour.get_truecolor()]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(style: str, background: str) -> float:
    """How well a style reads, from 1 to 21."""
    read = Style.parse(style)
    front = luminance(read.color or Color.parse(background))
    back = luminance(read.bgcolor or Color.parse(background))
    return (max(front, back) + 0.05) / (min(front, back) + 0.05)


def test_the_themes_that_ship_are_listed() -> None:
    """Three ship."""
    assert themes.names() == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_theme_names_every_state(name: str) -> None:
    """A theme that ships says how each part and each state looks, in styles that Rich reads."""
    theme = themes.load(name)
    assert set(theme.ui) == set(themes.COLOURS + themes.STYLES)
    assert set(theme.draft) == set(themes.DRAFT)
    for style in [*theme.ui.values(), *theme.draft.values(), *theme.syntax.values()]:
        Style.parse(style)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_state_is_told_by_colour_alone(name: str) -> None:
    """With all colours gone the states still differ from one another."""
    draft = themes.load(name).draft
    bare = {key: Style.parse(draft[key]).without_color for key in draft}
    plain = bare["accepted"]
    assert not any((plain.dim, plain.italic, plain.underline, plain.bold, plain.strike))
    assert bare["noise"].dim
    assert bare["kept"].underline
    states = ("noise", "accepted", "kept", "added", "removed")
    assert len({str(bare[state]) for state in states}) == len(states)


@pytest.mark.parametrize("name", ["ink", "paper"])
def test_text_can_be_read(name: str) -> None:
    """Text, code and changes keep a contrast of at least 4.5 to what they stand on."""
    theme = themes.load(name)
    page = theme.ui["background"]
    styles = {**theme.syntax, **theme.draft, "text": theme.ui["foreground"]}
    poor = {
        key: contrast(style, page)
        for key, style in styles.items()
        if Style.parse(style).color and contrast(style, page) < 4.5
    }
    assert poor == {}
    assert contrast(theme.ui["foreground"], theme.ui["surface"]) > 7
    assert theme.dark == (luminance(Color.parse(page)) < 0.2)


def test_ansi_names_only_the_terminals_own_colours() -> None:
    """The sixteen-colour theme needs no more than sixteen."""
    theme = themes.load("ansi")
    for style in [*theme.ui.values(), *theme.syntax.values(), *theme.draft.values()]:
        read = Style.parse(style)
        for colour in (read.color, read.bgcolor):
            assert colour is None or colour.is_default or (colour.number or 0) < 16


def test_a_child_may_change_only_the_palette() -> None:
    """Inherited styles take the child's colours."""
    write("dusk", 'dark = true\ninherits = "ink"\n[draft]\nkept = "underline rose"\n[palette]\n'
          'rose = "#e5a3b8"\ntext = "#ffffff"\n')  # fmt: skip
    theme = themes.load("dusk")
    assert theme.draft["kept"] == "underline #e5a3b8"
    assert theme.ui["foreground"] == "#ffffff"
    assert theme.syntax == themes.load("ink").syntax


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("\npalete = 1", 2, "Did you mean 'palette'?"),
        ("[ui]\n\nbackgroud = 'red'", 3, "Did you mean 'background'?"),
        ("[draft]\nnose = 'dim'", 2, "Did you mean 'noise'?"),
        ("[syntax]\n'Name.Functoin' = 'red'", 2, "Did you mean 'Name.Function'?"),
        ("[ui]\nerror = 'bleu'", 2, "Did you mean 'blue'?"),
        ("[ui]\nerror = 'bold red'", 2, "must be one colour"),
        ("[ui]\nerror = 3", 2, "text in quotes"),
        ("[palette]\nrose = 'pinkish'", 2, "not a colour"),
        ("[palette]\nbold = 'red'", 2, "cannot be a colour's name"),
        ("[draft]\nkept = 'green'", 2, "colour alone"),
        ("[draft]\nnoise = 'on'", 2, "not a style"),
        ("dark = 'yes'", 1, "true or false"),
        ("name = 'other'", 1, "the name must be the file's"),
        ("ui = 3", 1, "must be a table"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(text: str, line: int, said: str) -> None:
    """Each mistake names its line and the nearest word that would be right."""
    path = write("mine", f"{text}\n")
    message = refused("mine")
    assert message.startswith(f"{path}:{line}: ")
    assert said in message


def test_an_error_in_a_parent_names_the_parent() -> None:
    """The line that is wrong may stand in the theme inherited from."""
    parent = write("parent", 'inherits = "ink"\n[ui]\nerror = "rde"\n')
    write("child", 'inherits = "parent"\n')
    assert refused("child").startswith(f"{parent}:3: ")


def test_a_circle_is_named() -> None:
    """Themes that inherit from one another are told in the order of the circle."""
    write("a", 'inherits = "b"\n')
    write("b", 'inherits = "c"\n')
    write("c", 'inherits = "b"\n')
    assert "b → c → b" in refused("a")


def test_an_unknown_theme_gets_the_nearest_name() -> None:
    """A slip in a theme's name is answered with the one meant."""
    assert "Did you mean 'paper'?" in refused("papier")
    write("mine", 'dark = true\ninherits = "inc"\n')
    assert "mine.toml:2: inherits an unknown theme 'inc'. Did you mean 'ink'?" in refused("mine")


def test_a_theme_that_leaves_something_out_says_what() -> None:
    """A theme without a parent must say it all."""
    write("bare", "dark = true\n[draft]\nnoise = 'dim'\n")
    assert "does not say how 'background' looks" in refused("bare")


def test_two_themes_of_one_name_are_an_error_naming_both() -> None:
    """Your ink does not silently take the place of ours."""
    path = write("ink", "dark = true\n")
    message = refused("ink")
    assert str(path) in message
    assert str(paths.bundled("themes") / "ink.toml") in message


@pytest.mark.parametrize("name", themes.styles())
def test_a_pygments_style_is_a_theme(name: str) -> None:
    """Each style names every colour that a theme file must, in what Rich and Textual can read."""
    theme = themes.load(name)
    assert set(theme.ui) == {*themes.COLOURS, *themes.STYLES}
    assert set(theme.draft) == set(themes.DRAFT)
    for words in (*theme.ui.values(), *theme.syntax.values(), *theme.draft.values()):
        Style.parse(words)
    assert set(theme.syntax) <= set(themes.SYNTAX)


def test_a_style_keeps_its_own_colours() -> None:
    """Monokai is dark with its pink keywords; the light one of two is light."""
    monokai = themes.load("pygments:monokai")
    assert monokai.dark
    assert monokai.ui["background"] == "#272822"
    assert "#ff4689" in monokai.syntax["Operator"]
    assert not themes.load("pygments:xcode").dark
    with pytest.raises(RequestError, match="Did you mean 'pygments:monokai'"):
        themes.load("pygments:monokay")
