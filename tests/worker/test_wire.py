"""The wire: what goes in comes out, and what is no message is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.core.draft import Piece
from diffedit.core.errors import RequestError, TooLongError
from diffedit.worker import wire
from diffedit.worker.failures import error_of
from diffedit.worker.messages import Cancel, Done, Failed, Frame, Load, Rewrite
from diffedit.worker.serve import failure

texts = st.text(st.characters())
pieces = st.builds(
    Piece, texts, st.sampled_from(["noise", "accepted", "kept"]), st.none() | st.floats(0, 10)
)


@given(texts, texts, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))).map(tuple))
def test_a_request_comes_through_whole(text: str, before: str, keep: object) -> None:
    """Any text, half surrogate pairs too, is the same at the other end, and on one line."""
    sent = Rewrite(id=3, text=text, before=before, keep=keep, params={"seed": 1})  # type: ignore[arg-type]
    line = wire.encode(sent)
    assert line.count(b"\n") == 1
    assert wire.decode_request(line) == sent


@given(texts, st.lists(st.binary(max_size=40), max_size=3).map(tuple))
def test_pictures_come_through_whole(text: str, images: tuple[bytes, ...]) -> None:
    """Bytes cross in base64, beside any text, and are the same bytes at the other end."""
    sent = Rewrite(id=3, text=text, images=images)
    assert wire.decode_request(wire.encode(sent)) == sent


@given(st.lists(pieces, max_size=5).map(tuple), st.floats(0, 1))
def test_a_frame_comes_through_whole(seen: tuple[Piece, ...], accepted: float) -> None:
    """Pieces cross as arrays and come back as pieces."""
    sent = Frame(id=1, canvas=1, step=2, canvas_step=2, pieces=seen, accepted=accepted)
    got = wire.decode_reply(wire.encode(sent))
    assert got == sent
    assert isinstance(got, Frame)
    assert all(isinstance(piece, Piece) for piece in got.pieces)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        (b'{"type": "cancel", "id": 1, "colour": 2}', "colour"),
        (b'{"type": "dance", "id": 1}', "dance"),
        (b'{"type": "cancel"}', "id"),
        (b'{"type": "rewrite", "id": 1, "text": "\\ud800", "mode": "sing"}', "sing"),
        (b"hello", "message"),
        (b"\xff", "message"),
        (b"[1]", "object"),
    ],
)
def test_what_is_no_message_is_refused_by_name(line: bytes, word: str) -> None:
    """The error says what was wrong with the line."""
    with pytest.raises(RequestError, match=word):
        wire.decode_request(line)


def test_a_reply_is_no_request() -> None:
    """The two directions do not mix."""
    done = Done(
        id=1, text="", stop="sure", steps=1, canvases=1, tokens=0, tokens_per_step=0, elapsed_ms=0
    )
    with pytest.raises(RequestError, match="done"):
        wire.decode_request(wire.encode(done))


def test_a_message_that_is_too_long_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender hears of it, rather than the worker choking on it."""
    monkeypatch.setattr(wire, "LIMIT", 100)
    with pytest.raises(TooLongError, match="smaller span"):
        wire.encode(Rewrite(id=1, text="x" * 100))


@pytest.mark.parametrize(
    ("line", "number"),
    [(b'{"id": 4, "type": "?"}', 4), (b'{"id": true}', None), (b"[4]", None), (b"{", None)],
)
def test_a_bad_line_still_has_its_id(line: bytes, number: int | None) -> None:
    """The answer to a bad request can name it, where the line can be read at all."""
    assert wire.id_of(line) == number


def test_messages_are_frozen() -> None:
    """What was sent is not changed afterwards."""
    load = Load(id=1, backend="null", model="")
    with pytest.raises(AttributeError):
        load.id = 2  # type: ignore[misc]
    assert msgspec.structs.replace(load, id=2) != load
    assert Cancel(id=1) == Cancel(id=1)


def test_what_to_do_about_a_failure_comes_along_as_such() -> None:
    """Its hint is no part of the message: whoever tells it may have other words for it."""
    failed = failure(1, TooLongError("9 tokens; 5 fit.", hint="Select less."))
    reply = wire.decode_reply(wire.encode(failed))
    assert isinstance(reply, Failed)
    error = error_of(reply)
    assert type(error) is TooLongError
    assert (error.message, error.hint) == ("9 tokens; 5 fit.", "Select less.")
