"""A left-to-right model goes on behind what a person has typed into its picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError
from diffedit.engine.request import Finished, RowsRequest
from diffedit.engine.typed import Typed


def gone_on(
    request: RowsRequest, typed: Typed, *, raw: str, ids: Sequence[int], guesses: Sequence[int]
) -> RowsRequest:
    """The request for a left-to-right model, its answer begun as far as it was typed.

    `raw` is how the model would have written `typed.head`, `ids` are its tokens, and `guesses`
    those of what may follow. Whatever is made of the answer, it begins with the head as it is.
    """

    def finish(answers: Sequence[str]) -> Finished:
        try:
            finished = request.finish([raw + answer for answer in answers])
        except ModelError:
            return Finished(texts=(typed.text,), note="The model had nothing to add.")
        texts = (with_head(typed.head, text) for text in finished.texts)
        return replace(finished, texts=tuple(dict.fromkeys(texts)))

    begun = Piece(raw, "accepted", 0.0)
    stop, most, enough = request.stop, request.max_tokens, request.enough
    # Beginnings that were to tell the candidates apart give way to the one that was typed.
    warmths = request.temperatures if request.heads is None else request.temperatures[:1]
    return replace(
        request,
        temperatures=warmths,
        heads=None,
        enough=None if enough is None else lambda text: enough(raw + text),
        prefix=(*request.prefix, *ids),
        start=tuple(guesses),
        max_tokens=None if most is None else max(16, most - len(ids)),
        stop=None if stop is None else lambda text: stop(raw + text),
        original=typed.text,
        finish=finish,
        picture=lambda pieces: _begun(typed.head, request.picture((begun, *pieces))),
    )


def _begun(head: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """A picture, begun with the head."""
    at = _reached(head, "".join(piece.text for piece in pieces))
    rest = list[Piece]()
    for piece in pieces:
        rest.append(piece._replace(text=piece.text[max(at, 0) :]))
        at -= len(piece.text)
    return (Piece(head, "accepted", 0.0), *(piece for piece in rest if piece.text))


def with_head(head: str, text: str) -> str:
    """The text, begun with the head: what it repeats of it goes, and what it lacks is put in."""
    return head + text[_reached(head, text) :]


def _reached(head: str, text: str) -> int:
    """How many characters of the text say what the head says.

    Lines may be indented otherwise, and blanks at the head's end may lack.
    """
    if text.startswith(head):
        return len(head)
    at = place = 0
    while place < len(head) and at < len(text):
        if place == 0 or head[place - 1] == "\n":
            shorter, deeper = _indent(head[place:]), _indent(text[at:])
            if place + shorter < len(head):
                place, at = place + shorter, at + deeper
                if at == len(text):
                    break
        if head[place] != text[at]:
            break
        place, at = place + 1, at + 1
    return at


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))
