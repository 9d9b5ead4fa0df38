"""Byte-level BPE from a GGUF file's own vocabulary and merges."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers

from diffedit.core.errors import ModelError

_CONTROL = 3
"""The token type of markers: they are never text, neither going in nor coming out."""


def byte_alphabet() -> dict[str, int]:
    """The printable stand-in of each byte, as byte-level BPE vocabularies write them."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    odd = [byte for byte in range(256) if byte not in plain]
    return {chr(b): b for b in plain} | {chr(256 + i): b for i, b in enumerate(odd)}


class SmallTokenizer:
    """Text to token ids and back, markers apart. Raises ModelError for other vocabularies."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        kind = fields.get("tokenizer.ggml.model")
        if kind != "gpt2":
            raise ModelError(
                f"The model's vocabulary is of the kind {kind!r}; 'gpt2' is supported."
            )
        tokens: list[str] = fields["tokenizer.ggml.tokens"]
        types = fields.get("tokenizer.ggml.token_type", [1] * len(tokens))
        self.size = len(tokens)
        self.markers = {
            token: number
            for number, (token, type_) in enumerate(zip(tokens, types, strict=True))
            if type_ == _CONTROL
        }
        self.end_ids = frozenset(self.markers.values())
        self._bytes = _token_bytes(tokens, self.end_ids)
        self._bpe = _bpe(tokens, fields)

    def encode(self, text: str) -> list[int]:
        """Text to ids; what looks like a marker in it is plain text."""
        # A lone surrogate stands for a byte that was no UTF-8; the model has no word for it.
        clean = text.encode("utf-8", "replace").decode("utf-8")
        return list(self._bpe.encode(clean, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> list[str]:
        """One string an id; a character split over several ids stands at the last of them."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pieces = [decoder.decode(self._bytes[number]) for number in ids]
        if pieces:
            pieces[-1] += decoder.decode(b"", final=True)
        return pieces


def _token_bytes(tokens: Sequence[str], markers: frozenset[int]) -> list[bytes]:
    alphabet = byte_alphabet()
    try:
        return [
            b"" if number in markers else bytes(alphabet[char] for char in token)
            for number, token in enumerate(tokens)
        ]
    except KeyError as error:
        raise ModelError(f"The model's vocabulary is damaged: it holds {error}.") from error


def _bpe(tokens: Sequence[str], fields: Mapping[str, Any]) -> Tokenizer:
    vocabulary = {token: number for number, token in enumerate(tokens)}
    try:
        pairs = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"]]
        model = models.BPE(vocab=vocabulary, merges=pairs)
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelError(f"The model's vocabulary is damaged: {error}.") from error
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    return tokenizer
