"""Theme files to Theme: palette, `inherits`, and every error with its file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pygments.token import STANDARD_TYPES
from rich.color import ANSI_COLOR_NAMES, Color, ColorParseError
from rich.errors import StyleSyntaxError
from rich.style import Style

from diffedit.config import paths, pygments_theme, toml_file
from diffedit.config.toml_file import TomlFile
from diffedit.core.errors import RequestError

if TYPE_CHECKING:
    from diffedit.core.film_svg import Look

COLOURS = (
    "background",
    "foreground",
    "surface",
    "panel",
    "primary",
    "accent",
    "muted",
    "error",
    "warning",
    "success",
    "border",
)
"""The [ui] keys that are one colour and nothing more."""

STYLES = ("selection", "cursor", "cursor_line", "gutter", "gutter_active")
"""The [ui] keys that are whole styles."""

DRAFT = {
    "noise": ("dim", "italic"),
    "accepted": (),
    "kept": ("underline", "underline2"),
    "added": ("bold", "underline", "underline2"),
    "removed": ("strike",),
    "added_word": ("bold", "underline", "underline2", "reverse"),
    "removed_word": ("strike",),
}
"""The [draft] keys, and the attributes of which each must have one: colour alone tells nothing."""

SYNTAX = tuple(str(token).removeprefix("Token.") for token in STANDARD_TYPES if token)
"""The [syntax] keys: Pygments' token names."""

_ATTRIBUTES = frozenset(Style.STYLE_ATTRIBUTES) | {"on", "not", "none", "default"}
_TOP = ("name", "dark", "inherits", "ui", "syntax", "draft", "palette")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The look of everything, as Rich style strings with the palette's names resolved."""

    name: str
    dark: bool
    ui: dict[str, str]
    syntax: dict[str, str]
    """By Pygments token name ("Name.Function"); a token without one takes its parent's."""
    draft: dict[str, str]


def folders() -> tuple[Path, ...]:
    """Where themes are looked for: the ones that ship, then your own."""
    return (paths.bundled("themes"), paths.config_dir() / "themes")


def files() -> dict[str, Path]:
    """Every theme file by its theme's name. Raises RequestError for two files of one name."""
    found: dict[str, Path] = {}
    for folder in folders():
        for path in sorted(folder.glob("*.toml")):
            if path.stem in found:
                raise RequestError(
                    f"Two themes are named {path.stem!r}: {found[path.stem]} and {path}.",
                    hint="Give one of them another file name.",
                )
            found[path.stem] = path
    return found


def names() -> tuple[str, ...]:
    """The names of all theme files, in alphabetical order; `styles` are themes too."""
    return tuple(sorted(files()))


def styles() -> tuple[str, ...]:
    """The names of the themes that are made of Pygments' styles."""
    return pygments_theme.names()


def sources(name: str) -> tuple[Path, ...]:
    """The files that a theme is read from. Raises RequestError for a faulty one."""
    return tuple(file.path for file in _chain(name)) if not _is_style(name) else ()


def _is_style(name: str) -> bool:
    return name.startswith(pygments_theme.PREFIX)


def load(name: str) -> Theme:
    """The theme of that name. Raises RequestError, with file and line, for a faulty one."""
    if _is_style(name):
        dark, ui, syntax = pygments_theme.look(name)
        ground = load("ink" if dark else "paper")
        return replace(ground, name=name, dark=dark, ui=ground.ui | ui, syntax=syntax)
    chain = _chain(name)
    palette = _palette(chain)
    top = chain[0]
    ui = _styles(chain, "ui", palette, COLOURS + STYLES)
    syntax = _styles(chain, "syntax", palette, SYNTAX)
    draft = _styles(chain, "draft", palette, tuple(DRAFT))
    theme = Theme(name=name, dark=_dark(chain), ui=ui, syntax=syntax, draft=draft)
    for table, keys in (("ui", COLOURS + STYLES), ("draft", tuple(DRAFT))):
        for key in keys:
            if key not in getattr(theme, table):
                raise top.error(f"[{table}] does not say how {key!r} looks.", table)
    return theme


def _chain(name: str) -> list[TomlFile]:
    """The theme's own file, then what it inherits from, and so on."""
    known = files()
    chain: list[TomlFile] = []
    seen: list[str] = []
    while name:
        if name in seen:
            circle = " → ".join((*seen[seen.index(name) :], name))
            raise chain[-1].error(f"themes inherit in a circle: {circle}.", "inherits")
        if name not in known:
            hint = toml_file.nearest(name, known)
            if chain:
                raise chain[-1].error(f"inherits an unknown theme {name!r}.", "inherits", hint=hint)
            raise RequestError(f"No theme named {name!r}.", hint=hint)
        file = toml_file.read(known[name])
        _check(file, name)
        chain.append(file)
        seen.append(name)
        name = file.data.get("inherits", "")
    return chain


def _check(file: TomlFile, name: str) -> None:
    """Refuse what a theme file cannot say."""
    file.check_keys(_TOP)
    for key in ("name", "inherits"):
        if not isinstance(file.data.get(key, ""), str):
            raise file.error(f"{key!r} must be text in quotes.", key)
    if file.data.get("name", name) != name:
        raise file.error(f"the name must be the file's: {name!r}.", "name")
    if not isinstance(file.data.get("dark", True), bool):
        raise file.error("'dark' must be true or false.", "dark")
    for table, keys in (("ui", COLOURS + STYLES), ("syntax", SYNTAX), ("draft", DRAFT)):
        file.table(table)
        file.check_keys(keys, table)
        file.words(table)


def _dark(chain: list[TomlFile]) -> bool:
    """Whether the theme is dark, by the first file that says so."""
    for file in chain:
        if "dark" in file.data:
            return bool(file.data["dark"])
    raise chain[0].error("'dark' is missing: say true or false.")


def _palette(chain: list[TomlFile]) -> dict[str, str]:
    """The colours' names; a theme's own ones win over those it inherits."""
    palette: dict[str, str] = {}
    for file in reversed(chain):
        for key, value in file.words("palette").items():
            if key in _ATTRIBUTES or " " in key:
                raise file.error(f"{key!r} cannot be a colour's name.", "palette", key)
            if not _is_colour(value):
                raise file.error(
                    f"{value!r} is not a colour.",
                    *("palette", key),
                    hint=toml_file.nearest(value, ANSI_COLOR_NAMES) or 'Write it as "#rrggbb".',
                )
            palette[key] = value
    return palette


def _styles(
    chain: list[TomlFile], table: str, palette: Mapping[str, str], keys: tuple[str, ...]
) -> dict[str, str]:
    """One table of styles, resolved; a theme's own lines win over those it inherits."""
    found: dict[str, str] = {}
    for file in reversed(chain):
        for key, value in file.words(table).items():
            found[key] = _style(file, (table, key), value, palette)
    return {key: found[key] for key in keys if key in found}


def _style(file: TomlFile, keys: tuple[str, str], value: str, palette: Mapping[str, str]) -> str:
    """One style with the palette's names replaced. Raises RequestError for what is no style."""
    for word in value.split():
        if word not in _ATTRIBUTES and word not in palette and not _is_colour(word):
            known = [*palette, *Style.STYLE_ATTRIBUTES, *ANSI_COLOR_NAMES]
            hint = toml_file.nearest(word, known)
            raise file.error(f"{word!r} is no colour and no attribute.", *keys, hint=hint)
    resolved = " ".join(palette.get(word, word) for word in value.split())
    try:
        style = Style.parse(resolved)
    except StyleSyntaxError as error:
        raise file.error(f"{value!r} is not a style.", *keys) from error
    table, key = keys
    if key in COLOURS and table == "ui" and not _is_colour(resolved):
        raise file.error(f"{key!r} must be one colour, not {value!r}.", *keys)
    asked = DRAFT.get(key, ()) if table == "draft" else ()
    if asked and not any(getattr(style, attribute) for attribute in asked):
        raise file.error(
            f"{key!r} is told by colour alone.", *keys, hint=f"Add one of: {', '.join(asked)}."
        )
    return resolved


def _is_colour(word: str) -> bool:
    """Whether Rich takes the word for a colour."""
    try:
        Color.parse(word)
    except ColorParseError:
        return False
    return True


def film_look(theme: Theme) -> Look:
    """A theme's colours for a film, where they are true colours; a film must not depend on more."""
    from diffedit.core.film_svg import Look  # noqa: PLC0415 - themes are read before the first text

    def hex_of(style: str, plain: str) -> str:
        colour = Style.parse(style).color
        known = colour is not None and colour.triplet is not None
        return colour.triplet.hex if known and colour and colour.triplet else plain

    ui, draft, plain = theme.ui, theme.draft, Look()
    return Look(
        background=hex_of(ui["background"], plain.background),
        foreground=hex_of(ui["foreground"], plain.foreground),
        noise=hex_of(draft.get("noise", "none"), plain.noise),
        kept=hex_of(draft.get("kept", "none"), plain.kept),
        quiet=hex_of(ui["muted"], plain.quiet),
    )
