"""Pygments' styles as themes: the colours of the code are the style's, the rest is made of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from diffedit.config.toml_file import nearest
from diffedit.core.errors import RequestError

PREFIX = "pygments:"
"""What the name of such a theme begins with."""


def names() -> tuple[str, ...]:
    """All there are, in alphabetical order."""
    from pygments.styles import get_all_styles  # noqa: PLC0415 - asks what is installed

    return tuple(f"{PREFIX}{name}" for name in sorted(get_all_styles()))


class Look(NamedTuple):
    """What a style says of a theme."""

    dark: bool
    ui: dict[str, str]
    syntax: dict[str, str]


def look(name: str) -> Look:
    """The look of a style. Raises RequestError where there is none of that name."""
    from pygments.styles import get_style_by_name  # noqa: PLC0415 - only for such a theme
    from pygments.token import STANDARD_TYPES, Token  # noqa: PLC0415
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        style: Any = get_style_by_name(name.removeprefix(PREFIX))
    except ClassNotFound as error:
        raise RequestError(f"No theme named {name!r}.", hint=nearest(name, names())) from error
    back = _rgb(style.background_color) or (0, 0, 0)
    dark = _light(back) < 0.5
    plain = _rgb(style.style_for_token(Token)["color"])
    plain = plain or ((224, 224, 224) if dark else (32, 32, 32))
    syntax = {
        str(token).removeprefix("Token."): words
        for token in STANDARD_TYPES
        if token and (words := _words(style.style_for_token(token)))
    }
    return Look(dark, _ui(back, plain, syntax), syntax)


RGB = tuple[int, int, int]


def _ui(back: RGB, plain: RGB, syntax: dict[str, str]) -> dict[str, str]:
    """The colours around the text, between the ground and the letters."""
    primary = _colour_of(syntax.get("Keyword", "")) or _hex(plain)
    accent = _colour_of(syntax.get("Name.Function", "")) or primary
    muted = _colour_of(syntax.get("Comment", "")) or _hex(_between(back, plain, 0.5))
    return {
        "background": _hex(back),
        "foreground": _hex(plain),
        "surface": _hex(_between(back, plain, 0.05)),
        "panel": _hex(_between(back, plain, 0.1)),
        "primary": primary,
        "accent": accent,
        "muted": muted,
        "border": _hex(_between(back, plain, 0.3)),
        "selection": f"on {_hex(_between(back, plain, 0.25))}",
        "cursor": f"{_hex(back)} on {_hex(plain)}",
        "cursor_line": f"on {_hex(_between(back, plain, 0.06))}",
        "gutter": _hex(_between(back, plain, 0.45)),
        "gutter_active": f"bold {_hex(plain)}",
    }


def _words(said: dict[str, Any]) -> str:
    """One token's look as Rich reads it. Its ground is left out: it would hide a selection."""
    words = [word for word in ("bold", "italic", "underline") if said[word]]
    if said["color"]:
        words.append(f"#{said['color']}")
    return " ".join(words)


def _colour_of(words: str) -> str:
    """The colour in a look, if it has one."""
    return next((word for word in words.split() if word.startswith("#")), "")


def _rgb(colour: str | None) -> RGB | None:
    """`#rgb` or `#rrggbb`, with or without the sign."""
    digits = (colour or "").removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    try:
        value = int(digits, 16)
    except ValueError:
        return None
    return (value >> 16 & 255, value >> 8 & 255, value & 255)


def _hex(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _between(one: RGB, other: RGB, share: float) -> RGB:
    """A colour on the way from one to the other."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _light(colour: RGB) -> float:
    """How light it looks, from 0 to 1 (ITU-R BT.601)."""
    red, green, blue = colour
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255
