"""How a text stands in a file: encoding, byte order mark, line ends. Nothing is lost."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from diffedit.core.errors import FileError

BYTE_ORDER_MARK = "\ufeff"
_MARKED = ("utf-8", "utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# UTF-32 stands before UTF-16, because its mark begins like the other's.
_MARKS = tuple(BYTE_ORDER_MARK.encode(encoding) for encoding in _MARKED)
_HEAD = 1024
"""How far in a declaration may stand, in characters."""
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b")
_ASCII = bytes(code for code in range(0x80) if code not in b"\x0e\x0f\x1b")
"""What any encoding that may be declared spells alike; the three are where some change gear."""
_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes without a meaning in the encoding."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a file's bytes have and its text has not."""

    encoding: str = "utf-8"
    bom: bool = False
    newline: str = "\n"
    r"""What stands in the file for "\n". The line ends of a mixed file stay in the text."""


def decode(data: bytes) -> tuple[str, Form]:
    """The text of a file's bytes, and what `encode` needs to give those bytes back.

    A byte order mark decides, then what the file declares (PEP 263, XML) if that is so, then
    UTF-8. Bytes that have no meaning become lone surrogates, so that any bytes can be edited.
    """
    for form in _guesses(data):
        read = _read_as(data, form)
        if read is not None and not (_ESCAPED.search(read[0]) and _is_utf8(data)):
            return read
    return _with_newline(data.decode("utf-8", "surrogateescape"), Form())


def decode_as(data: bytes, encoding: str) -> tuple[str, Form]:
    """The text of bytes that a person says are in this encoding; a mark before it may be there.

    Raises FileError where they are not, or where they would not come back the same.
    """
    for bom in (True, False) if encoding in _MARKED else (False,):
        mark = BYTE_ORDER_MARK.encode(encoding) if bom else b""
        if data.startswith(mark) and (read := _read_as(data, Form(encoding, bom=bom))):
            return read
    raise FileError(f"These bytes are not {encoding}.", hint="Take another encoding.")


def refuse_form(text: str, form: Form) -> None:
    """Raise FileError where a text cannot be saved so, or declares that it is saved otherwise."""
    declared = _declared(text[:_HEAD])
    other = declared is not None and codecs.lookup(declared) != codecs.lookup(form.encoding)
    if other and not form.encoding.startswith("utf-"):
        raise FileError(f"The text declares {declared}.", hint="Change what it declares first.")
    encode(text, form)


def encode(text: str, form: Form) -> bytes:
    """The bytes of a text.

    Where the file was read as it declares, and the text declares another encoding since, that
    one is followed.

    Raises:
        FileError: The encoding lacks a character.
    """
    encoding = form.encoding
    if not encoding.startswith("utf"):
        encoding = _declared(text[:_HEAD]) or encoding
    spelled = text if form.newline == "\n" else text.replace("\n", form.newline)
    try:
        data = spelled.encode(encoding, _errors(encoding))
    except UnicodeEncodeError as error:
        raise _lacking(spelled, error.start, encoding, form.newline) from error
    return BYTE_ORDER_MARK.encode(encoding) + data if form.bom else data


def looks_binary(data: bytes) -> bool:
    """Whether a person would call these bytes no text. They can be edited all the same."""
    if data.startswith(_MARKS):
        return False
    head = data[:8192]
    odd = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head or odd > len(head) // 10


def _guesses(data: bytes) -> Iterator[Form]:
    """What the file may be, the surest first."""
    for encoding, mark in zip(_MARKED, _MARKS, strict=True):
        if data.startswith(mark):
            yield Form(encoding, bom=True)
    declared = _declared(data[:_HEAD].decode("latin-1"))
    if declared and declared != "utf-8":
        yield Form(declared)


def _read_as(data: bytes, form: Form) -> tuple[str, Form] | None:
    """The text, if the bytes are in this form; None where they would not come back the same."""
    mark = BYTE_ORDER_MARK.encode(form.encoding) if form.bom else b""
    try:
        text, form = _with_newline(
            data[len(mark) :].decode(form.encoding, _errors(form.encoding)), form
        )
        return (text, form) if encode(text, form) == data else None
    except (UnicodeError, FileError):
        return None


def _is_utf8(data: bytes) -> bool:
    """Whether the bytes are UTF-8, whatever the file declares."""
    try:
        data.decode()
    except UnicodeError:
        return False
    return True


def _with_newline(text: str, form: Form) -> tuple[str, Form]:
    """The text with its line ends as "newline" alone, if the file has one kind of them only."""
    pairs, returns, feeds = text.count("\r\n"), text.count("\r"), text.count("\n")
    if returns and not feeds:
        return text.replace("\r", "\n"), replace(form, newline="\r")
    if pairs and pairs == returns == feeds:
        return text.replace("\r\n", "\n"), replace(form, newline="\r\n")
    return text, form


def _errors(encoding: str) -> str:
    """How to treat what an encoding cannot say: keep it, as a lone surrogate."""
    return "surrogatepass" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


def _lacking(spelled: str, at: int, encoding: str, newline: str) -> FileError:
    """The error that shows the character, and where it is."""
    char = spelled[at]
    line = spelled.count(newline, 0, at) + 1
    start = spelled.rfind(newline, 0, at)
    column = at - start - len(newline) + 1 if start >= 0 else at + 1
    shown = f"“{char}” (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
    hint = "Remove the character."
    if not encoding.startswith("utf"):
        hint = "Remove it, or declare utf-8 where the file declares its encoding."
    return FileError(f"Line {line}, column {column}: {encoding} has no {shown}.", hint=hint)


_COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_COMMENT = re.compile(r"[ \t\f]*(#|$)")
_XML = re.compile(r"""<\?xml[^>]*?\bencoding=["']([A-Za-z][-\w.]*)["']""")


def _declared(head: str) -> str | None:
    """The encoding that a file says it is in: PEP 263 in its first two lines, or XML's."""
    first, _, rest = re.sub("\r\n?", "\n", head).partition("\n")
    second = rest.partition("\n")[0] if _COMMENT.match(first) else ""
    found = _XML.match(head) or _COOKIE.match(first) or _COOKIE.match(second)
    return _codec(found.group(1)) if found else None


def _codec(name: str) -> str | None:
    """The proper name of an encoding, if it is one and spells ASCII as ASCII."""
    try:
        codec = codecs.lookup(re.sub(r"-(unix|dos|mac)$", "", name))
        if "escape" in codec.name or _ASCII.decode(codec.name) != _ASCII.decode("ascii"):
            return None
    except (LookupError, UnicodeError, ValueError):
        return None
    return "utf-8" if codec.name == "utf-8-sig" else codec.name
