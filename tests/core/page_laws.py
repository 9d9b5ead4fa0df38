"""What the laws of the page are tried on: texts, changes that fit them, and bytes of all kinds."""

from hypothesis import settings
from hypothesis import strategies as st

from diffedit.core.change import Change, ChangeSet
from diffedit.core.span import Span

LAW = settings(database=None)
"""As many examples as the profile says, the same on every machine unless it is a wide one."""

CHARACTERS = st.sampled_from("ab \n\n\r\té漢😀\x00\x0c\udc80")
TEXTS = st.text(CHARACTERS, max_size=40)
INSERTS = st.text(CHARACTERS, max_size=5)


@st.composite
def spans_in(draw: st.DrawFn, text: str) -> Span:
    """Any span of a text."""
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    return Span(start, end)


@st.composite
def changes_of(draw: st.DrawFn, text: str) -> ChangeSet:
    """Any changes that a text allows: none, several, side by side, of nothing at all."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return ChangeSet(
        tuple(
            Change(Span(start, end), draw(INSERTS))
            for start, end in zip(places[::2], places[1::2], strict=False)
        )
    )


NEWLINES = st.sampled_from(["\n", "\r\n", "\r", "\n\r", "\x0c", "\x0b", "\x85", "\u2028", ""])
SCRAPS = st.sampled_from([
    b"", b"\n", b"\r", b"\r\n", b"\x00", b"\x0c", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff",
    b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff", b"# coding: latin-1\n", b"# coding=shift_jis\r\n",
    b"# -*- coding: utf-7 -*-\n", b"# coding: gb18030\r", b"# coding: ascii\n", b"\xe9",
    b"\x00\xd8", b"\xed\xa0\x80", b"# coding: iso2022_jp\n", b"\x1b$B", b"# coding: cp1252-unix\n",
    b"# coding: idna\n", b"# coding: rot13\n", b"<?xml encoding='koi8-r'?>\n", b"# coding: hz\n",
    b"\xc3\xa9", b"text", b" ", b"\x81", b"~{", b"+AGE-", b"# coding: big5hkscs\n",
])  # fmt: skip
"""What confuses readers of files."""
BYTES = st.one_of(
    st.binary(max_size=60),
    st.lists(st.one_of(SCRAPS, st.binary(max_size=3)), max_size=8).map(b"".join),
)
