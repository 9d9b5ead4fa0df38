"""Text made safe to show: nothing of a file or a model speaks to the terminal."""

from __future__ import annotations

import re

JOINER = "\u200d"
"""Makes one sign of several in an emoji; what counts cells takes it to do so everywhere."""
_UNSEEN = "�"
_SHOWN = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"},
    0x7F: "␡",
    **dict.fromkeys(range(0x80, 0xA0), "␦"),
    **dict.fromkeys(range(0xD800, 0xE000), _UNSEEN),
    **dict.fromkeys(range(0xE0000, 0xE0080), _UNSEEN),
    0x061C: "↶",
    0x200B: "·",
    0x200E: "↷",
    0x200F: "↶",
    0x2028: "␤",
    0x2029: "¶",
    0x202A: "⇢",
    0x202B: "⇠",
    0x202C: "⇡",
    0x202D: "↦",
    0x202E: "↤",
    0x2060: "·",
    0x2066: "⇥",
    0x2067: "⇤",
    0x2068: "⇆",
    0x2069: "⇣",
    0xFEFF: "·",
}

_PICTURE = "[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]?"
_JOINED = re.compile(f"{_PICTURE}(?:{JOINER}{_PICTURE}){{1,3}}")
"""An emoji of up to four: a longer one is none, and a terminal may draw each of its parts."""


def visible(text: str) -> str:
    """The text with one visible character for each that would act on the terminal, or hide.

    Control characters become their pictures, marks that turn the direction of writing become
    arrows, lone surrogates and what is invisible become signs, as do joiners that join no emoji:
    the cells of what they seem to join would be miscounted. Tabs and newlines stay. The
    length stays too, so columns count alike in the text and in what is shown.
    """
    # Nearly all text is printable through and through, and that is quick to ask.
    if text.replace("\t", " ").replace("\n", " ").isprintable():
        return text
    text = text.translate(_SHOWN)
    if JOINER not in text:
        return text
    parts, at = list[str](), 0
    for found in _JOINED.finditer(text):
        parts += text[at : found.start()].replace(JOINER, "·"), found[0]
        at = found.end()
    return "".join((*parts, text[at:].replace(JOINER, "·")))


def one_line(text: str) -> str:
    """The text made visible, on one line: a file's name may hold newlines and tabs too.

    All joiners are seen: what shows a name or a hit cuts it at its edge, an emoji joined of
    several between two of them, and then the row is a cell too wide for the screen.
    """
    return visible(text).replace("\n", "␊").replace("\t", "␉").replace(JOINER, "·")
