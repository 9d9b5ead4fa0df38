"""Messages to lines and back: one JSON object a line, with a limit to its size."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from diffedit.core.errors import RequestError, TooLongError
from diffedit.worker.messages import Message, Reply, Request

LIMIT = 64 * 1024 * 1024
"""The longest line, in bytes. A file's worth of text fits; a runaway line does not."""

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def encode(message: Message) -> bytes:
    """One line, its newline included. Raises TooLongError."""
    try:
        line = _encoder.encode(message)
    except UnicodeEncodeError:
        # Half a surrogate pair stands for a byte that was no text. JSON can escape it, UTF-8
        # cannot hold it.
        line = json.dumps(msgspec.to_builtins(message), separators=(",", ":")).encode("ascii")
    if len(line) >= LIMIT:
        raise TooLongError(
            f"The text is too long to send to the model ({len(line):,} bytes).",
            hint="Select a smaller span.",
        )
    return line + b"\n"


def decode_request(line: bytes) -> Request:
    """What the parent asks. Raises RequestError naming the wrong field."""
    return _decode(_requests, line, Request)


def decode_reply(line: bytes) -> Reply:
    """What the worker says. Raises RequestError naming the wrong field."""
    return _decode(_replies, line, Reply)


def id_of(line: bytes) -> int | None:
    """The id of a line that is no good message, where it still has one."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    number = found.get("id") if isinstance(found, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _decode(decoder: msgspec.json.Decoder[T], line: bytes, kind: Any) -> T:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if rb"\ud" not in line.lower():
            raise RequestError(f"Not a message: {error}.") from error
    try:
        found: T = msgspec.convert(json.loads(line), kind)
        return found
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise RequestError(f"Not a message: {error}.") from error
