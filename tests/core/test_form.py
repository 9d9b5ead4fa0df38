"""Any bytes open, and come back the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_laws import BYTES, LAW, NEWLINES

from diffedit.core.errors import FileError
from diffedit.core.files import Form, decode, encode, looks_binary

LATIN = "# -*- coding: latin-1 -*-\nname = 'café'\n"


@LAW
@given(BYTES)
def test_any_bytes_come_back(data: bytes) -> None:
    """Whatever the bytes are, decoded and encoded they are the same."""
    assert encode(*decode(data)) == data


@LAW
@given(st.lists(st.tuples(st.sampled_from(["", "x", "é"]), NEWLINES), max_size=6), st.data())
def test_any_line_ends_come_back(lines: list[tuple[str, str]], data: st.DataObject) -> None:
    """Mixed and odd line ends come back, in each encoding with a mark."""
    text = "".join(part for line in lines for part in line)
    encoding = data.draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-32", "utf-8", "latin-1"]))
    raw = text.encode(encoding, "replace")
    assert encode(*decode(raw)) == raw


@pytest.mark.parametrize(
    ("data", "text", "form"),
    [
        (b"", "", Form()),
        (b"a\nb", "a\nb", Form()),
        (b"a\r\nb\r\n", "a\nb\n", Form(newline="\r\n")),
        (b"a\rb\r", "a\nb\n", Form(newline="\r")),
        (b"a\r\nb\nc\r", "a\r\nb\nc\r", Form()),
        (b"a\r\nb\rc", "a\r\nb\rc", Form()),
        (b"a\x0cb\x85\n", "a\x0cb\udc85\n", Form()),
        (b"\xef\xbb\xbfa\r\n", "a\n", Form(bom=True, newline="\r\n")),
        (b"\xef\xbb\xbf\xef\xbb\xbf", "\ufeff", Form(bom=True)),
        (b"\xff\xfea\0\r\0\n\0", "a\n", Form("utf-16-le", bom=True, newline="\r\n")),
        (b"\xfe\xff\0a", "a", Form("utf-16-be", bom=True)),
        (b"\xff\xfe\0\0a\0\0\0", "a", Form("utf-32-le", bom=True)),
        (b"\xff\xfea\0b", "\udcff\udcfea\0b", Form()),
        (b"\xff\xfe\x00\xd8", "\ud800", Form("utf-16-le", bom=True)),
        (b"caf\xe9\0", "caf\udce9\0", Form()),
        (LATIN.encode("latin-1"), LATIN, Form("iso8859-1")),
        (b"\n# vim: set fileencoding=koi8-r :\n\xc1", "\n# vim: set fileencoding=koi8-r :\nа",
         Form("koi8-r")),
        (b"x = 1\n# coding: latin-1\n\xe9", "x = 1\n# coding: latin-1\n\udce9", Form()),
        (b"# coding: nonsense\n\xe9", "# coding: nonsense\n\udce9", Form()),
        (b"# coding: rot13\n", "# coding: rot13\n", Form()),
        (b"# coding: utf-7\n+AGE-", "# coding: utf-7\n+AGE-", Form()),
        (b"# coding: shift_jis\n\xc3\xa9\xff", "# coding: shift_jis\nﾃｩ\udcff", Form("shift_jis")),
        (b"# coding: ascii\n\xc3\xa9", "# coding: ascii\né", Form()),
        (b"# coding: ascii\n\xe9", "# coding: ascii\n\udce9", Form("ascii")),
        (b"<?xml version='1.0' encoding='ISO-8859-15'?>\xa4",
         "<?xml version='1.0' encoding='ISO-8859-15'?>€", Form("iso8859-15")),
        (b"# coding: latin-1-unix\n\xe9", "# coding: latin-1-unix\né", Form("iso8859-1")),
    ],
)  # fmt: skip
def test_how_bytes_are_read(data: bytes, text: str, form: Form) -> None:
    """A mark decides, then a declaration that holds; else UTF-8. One kind of line end is form."""
    assert decode(data) == (text, form)
    assert encode(text, form) == data


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_lacking_character_is_shown_with_its_place(newline: str) -> None:
    """What the declared encoding lacks is an error that names line, column and character."""
    with pytest.raises(FileError, match=r"Line 2, column 8: iso8859-1 has no “€” \(U\+20AC\)\."):
        encode(LATIN.replace("'café", "€"), Form("iso8859-1", newline=newline))
    with pytest.raises(FileError, match=r"Line 1, column 2: utf-8 has no U\+D800\."):
        encode("a\ud800", Form(newline=newline))


def test_a_new_declaration_is_followed() -> None:
    """Where the person declares another encoding, the file is saved in it."""
    form = decode(LATIN.encode("latin-1"))[1]
    changed = LATIN.replace("latin-1", "utf-8")
    assert encode(changed + "€", form) == (changed + "€").encode()
    assert encode(LATIN.replace("# -*- coding: latin-1 -*-", ""), form)[-3:-1] == b"\xe9'"


@pytest.mark.parametrize(
    ("data", "binary"),
    [
        (b"", False),
        (b"text \x1b[1m\x0c\r\n\xe9", False),
        ("漢字".encode("utf-16"), False),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", True),
        (bytes(range(1, 32)), True),
        (b"a" * 9000 + b"\0", False),
    ],
)
def test_what_looks_binary(data: bytes, *, binary: bool) -> None:
    """NUL near the start, or many control characters, make it binary; a mark makes it text."""
    assert looks_binary(data) is binary
