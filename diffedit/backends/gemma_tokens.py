"""The tokenizer of a DiffusionGemma checkpoint: plain text to ids, ids to slots, the chat form.

What a person or a file says is never read as a marker: only the template's own text is. So no
text in a file can end a turn or begin one.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from diffedit.core.errors import ModelError
from diffedit.core.show import visible

TURN_END = "<turn|>"
CHANNEL, CHANNEL_END = "<|channel>", "<channel|>"
CONTENT = "\ue000"
"""Stands in a rendered template for what is said; the template's own text never holds it."""
_SAMPLE = "def f(x):\n\treturn  x é ☃ 🙂\n"


class GemmaTokens:
    """Ids and text, by the checkpoint's own tokenizer and template."""

    def __init__(self, tokenizer: Any, end_ids: Sequence[int]) -> None:
        """Raises ModelError where the tokenizer is not of Gemma's kind."""
        self._tokenizer = tokenizer
        self._markers = frozenset(
            number for number, token in tokenizer.added_tokens_decoder.items() if token.special
        )
        self._texts: dict[int, str] = {}
        self._bytes: dict[int, int] = {}
        self.end_ids = frozenset(end_ids)
        ids = self.encode(_SAMPLE)
        if "".join(self.decode(ids)) != _SAMPLE or tokenizer.decode(ids) != _SAMPLE:
            raise ModelError("The checkpoint's tokenizer does not give its text back.")

    @classmethod
    def load(cls, folder: Path, end_ids: Sequence[int]) -> GemmaTokens:
        """Read a checkpoint's tokenizer. No code of the checkpoint is run. Raises ModelError."""
        from transformers import AutoTokenizer  # noqa: PLC0415 - heavy

        try:
            tokenizer = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            said = " ".join(str(error).split())[:200]
            raise ModelError(
                visible(f"The tokenizer in {folder} cannot be read: {said}."),
                hint="Fetch tokenizer.json and tokenizer_config.json again.",
            ) from error
        return cls(tokenizer, end_ids)

    def encode(self, text: str) -> list[int]:
        """Plain text to ids; markers in it are plain text too."""
        ids: list[int] = self._tokenizer(
            text, add_special_tokens=False, split_special_tokens=True
        ).input_ids
        return ids

    def decode(self, ids: Sequence[int]) -> list[str]:
        """One string a slot; markers are "", a character split over slots is in its last one."""
        texts = list[str]()
        split = codecs.getincrementaldecoder("utf-8")("replace")
        pending = False
        for token in ids:
            text, byte = self._text(token), self._bytes.get(token)
            if pending and (byte is None or not 0x80 <= byte < 0xC0):
                # What a character was begun with and never ended stays with its own slot.
                texts[-1] += split.decode(b"", final=True)
                split.reset()
            pending = False
            if byte is not None:
                text = split.decode(bytes([byte]))
                pending = not text
            texts.append(text)
        if pending:
            texts[-1] += split.decode(b"", final=True)
        return texts

    def marker(self, name: str) -> int | None:
        """A marker's id, where the vocabulary has it."""
        number = self._tokenizer.convert_tokens_to_ids(name)
        known = isinstance(number, int) and number != self._tokenizer.unk_token_id
        return number if known else None

    def chat(
        self, system: str, said: Sequence[str | Sequence[int]], *, thinking: bool
    ) -> list[list[int]]:
        """A conversation up to the model's turn, in parts that may be cached by themselves.

        Args:
            system: What the editor says of itself.
            said: What the person says: text, or ids as they are (an image).
            thinking: Whether the model is to use its reasoning channel.

        Returns:
            The ids before what is said, of each thing said, and after it.
        """
        try:
            rendered: str = self._tokenizer.apply_chat_template(
                [{"role": "system", "content": system}, {"role": "user", "content": CONTENT}],
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=thinking,
            )
        except Exception as error:  # a template is a program, and any of its errors may come
            told = " ".join(str(error).split())[:200]
            raise ModelError(
                visible(f"The checkpoint's chat template fails: {told}."),
                hint="Fetch chat_template.jinja again.",
            ) from error
        before, found, after = rendered.partition(CONTENT)
        if not found:
            raise ModelError("The checkpoint's chat template drops what the person says.")
        parts = [self.encode(part) if isinstance(part, str) else list(part) for part in said]
        return [self._marked(before), *parts, self._marked(after)]

    def _marked(self, text: str) -> list[int]:
        """The template's own text to ids, markers as markers."""
        ids: list[int] = self._tokenizer(text, add_special_tokens=False).input_ids
        return ids

    def _text(self, token: int) -> str:
        found = self._texts.get(token)
        if found is None:
            piece = self._tokenizer.convert_ids_to_tokens(token) or ""
            found = "" if token in self._markers else piece.replace("▁", " ")
            if len(piece) == 6 and piece.startswith("<0x") and piece.endswith(">"):
                self._bytes[token] = int(piece[3:5], 16)
            self._texts[token] = found
        return found


def end_ids(settings: Any) -> tuple[int, ...]:
    """The ids that end a text, by the checkpoint's generation config."""
    ends = settings.eos_token_id
    return tuple(ends) if isinstance(ends, Sequence | Mapping) else () if ends is None else (ends,)
