"""A theme file's colours as the ones Textual paints the rest of the screen with."""

from __future__ import annotations

from rich.color import Color, ColorType
from rich.style import Style
from textual.theme import Theme as ScreenTheme

from diffedit.config.themes import Theme

_ANSI = "ansi_default"
_TERMINAL = {
    "ansi-background": _ANSI,
    "ansi-foreground": _ANSI,
    "block-cursor-foreground": "ansi_black",
    "block-cursor-background": "ansi_white",
    "input-cursor-background": _ANSI,
    "input-cursor-foreground": _ANSI,
    "input-cursor-text-style": "reverse",
    "input-selection-background": "ansi_blue",
    "input-selection-foreground": "ansi_bright_white",
    "screen-selection-background": "ansi_blue",
    "screen-selection-foreground": "ansi_bright_white",
}
"""What Textual's own style sheets ask of a theme made of the terminal's colours."""


def screen_theme(theme: Theme) -> ScreenTheme:
    """The theme as Textual takes it; one made of the terminal's own colours stays so."""
    ground = _colour(theme, "background", back=True)
    ansi = ground.startswith("ansi_")
    return ScreenTheme(
        name=f"diffedit-{theme.name}",
        primary=_colour(theme, "primary"),
        secondary=_colour(theme, "accent"),
        accent=_colour(theme, "accent"),
        warning=_colour(theme, "warning"),
        error=_colour(theme, "error"),
        success=_colour(theme, "success"),
        foreground=_colour(theme, "foreground"),
        background=ground,
        surface=_colour(theme, "surface", back=True),
        panel=_colour(theme, "panel", back=True),
        dark=theme.dark,
        ansi=ansi,
        boost=_ANSI if ansi else None,
        variables=_variables(theme, ansi=ansi),
    )


def _variables(theme: Theme, *, ansi: bool) -> dict[str, str]:
    """What the style sheet asks for by name beyond Textual's own words."""
    found = {
        "quiet": _colour(theme, "muted"),
        "line": _colour(theme, "border"),
        "cursor-back": _colour(theme, "cursor", back=True),
        "border": _colour(theme, "primary"),
        "border-blurred": _colour(theme, "border"),
        "scrollbar": _colour(theme, "border"),
        "scrollbar-hover": _colour(theme, "muted"),
        "scrollbar-active": _colour(theme, "primary"),
        "scrollbar-background": _colour(theme, "surface", back=True),
        "scrollbar-background-hover": _colour(theme, "surface", back=True),
        "scrollbar-background-active": _colour(theme, "surface", back=True),
        "scrollbar-corner-color": _colour(theme, "surface", back=True),
    }
    return _TERMINAL | found if ansi else found


def _colour(theme: Theme, key: str, *, back: bool = False) -> str:
    """One colour out of a Rich style, the background first where that is meant."""
    style = Style.parse(theme.ui.get(key) or "default")
    first, second = (style.bgcolor, style.color) if back else (style.color, style.bgcolor)
    return _name(first or second)


def _name(colour: Color | None) -> str:
    """A Rich colour in Textual's spelling."""
    if colour is None or colour.type is ColorType.DEFAULT:
        return _ANSI
    if colour.type is ColorType.STANDARD:
        return f"ansi_{colour.name}"
    return colour.get_truecolor().hex
