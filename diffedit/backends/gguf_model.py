"""A GGUF file in memory: what kind of model it is, its words, its adapters."""

from __future__ import annotations

import codecs
import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from diffedit.backends import gguf_library
from diffedit.core.errors import ModelError
from diffedit.core.show import visible

Kind = Literal["causal", "mask"]

_BOOL = 2
"""The tag of a truth value among the overrides of a file's metadata."""
_ALL = -1
_LONGEST = 1 << 16
"""Bytes of the longest metadata that is of interest: a chat template."""


class GgufModel:
    """Moves nothing, but holds C memory: it is freed with the object.

    Raises ModelError, in one line, for a file that cannot be run.
    """

    def __init__(
        self,
        path: Path,
        *,
        layers: int = 0,
        check: bool = False,
        report: Callable[[float], None] = lambda _share: None,
    ) -> None:
        """`layers`: how many go to the GPU; `check`: look at every weight, once for a file."""
        self.path = path
        self._pointer: Any = None
        self._functions = functions = gguf_library.library()
        params = functions.llama_model_default_params()
        params.n_gpu_layers, params.check_tensors = layers, check
        # Text is encoded in parts, and none of them begins with a space that is not there.
        overrides = (functions.llama_model_kv_override * 2)()
        overrides[0].tag, overrides[0].key = _BOOL, b"tokenizer.ggml.add_space_prefix"
        overrides[0].value.val_bool = False
        params.kv_overrides = overrides

        def progress(share: float, _data: object) -> bool:
            report(share)
            return True

        heard = functions.llama_progress_callback(progress)
        params.progress_callback = heard
        gguf_library.forget_what_was_said()
        self._pointer = functions.llama_model_load_from_file(str(path).encode(), params)
        if not self._pointer:
            raise _unreadable(path, gguf_library.cause())
        self.architecture = self.meta("general.architecture")
        self.name = visible(self.meta("general.name")) or path.stem
        self.vocabulary: int = functions.llama_vocab_n_tokens(self.words)
        self.width: int = functions.llama_model_n_embd(self._pointer)
        self.trained_context: int = functions.llama_model_n_ctx_train(self._pointer)
        self.parameters: int = functions.llama_model_n_params(self._pointer)
        self._pieces: dict[int, bytes] = {}
        self._adapters: dict[tuple[str, int], Any] = {}
        self.kind: Kind = "mask" if functions.llama_model_is_diffusion(self._pointer) else "causal"
        self._refuse_other_kinds()

    def __del__(self) -> None:
        """Free the weights, and the adapters with them."""
        if self._pointer:
            self._functions.llama_model_free(self._pointer)
            self._pointer = None

    @property
    def pointer(self) -> Any:
        """The model as C knows it; valid while this object lives."""
        return self._pointer

    @property
    def words(self) -> Any:
        """The vocabulary as C knows it."""
        return self._functions.llama_model_get_vocab(self._pointer)

    def meta(self, key: str) -> str:
        """A word of the file's metadata; "" if it has none."""
        buffer = ctypes.create_string_buffer(_LONGEST)
        length = self._functions.llama_model_meta_val_str(
            self._pointer, key.encode(), buffer, len(buffer)
        )
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    def number(self, key: str, usual: int) -> int:
        """A whole number of the metadata, `{arch}` standing for the architecture."""
        word = self.meta(key.format(arch=self.architecture))
        return int(word) if word.isdigit() else usual

    # Words -------------------------------------------------------------------------------------

    def token(self, name: str) -> int | None:
        """The id of a token with a role: "bos", "mask", "fim_pre" and so on."""
        number = getattr(self._functions, f"llama_vocab_{name}")(self.words)
        return int(number) if 0 <= number < self.vocabulary else None

    @property
    def begins_with_bos(self) -> bool:
        """Whether a text begins with the model's mark of the beginning."""
        return bool(self._functions.llama_vocab_get_add_bos(self.words))

    def end_ids(self) -> frozenset[int]:
        """What ends a text: every mark that is no text, the mask apart."""
        ends, marks = self._functions.llama_vocab_is_eog, self._functions.llama_vocab_is_control
        words, mask = self.words, self.token("mask")
        return frozenset(
            number
            for number in range(self.vocabulary)
            if number != mask and (ends(words, number) or marks(words, number))
        )

    def encode(self, text: str, *, marks: bool = False) -> list[int]:
        """Text to ids. What looks like a mark in it is plain text, unless `marks` says so."""
        raw = text.encode("utf-8", "replace")
        if not raw:
            return []
        room = len(raw) + 8
        ids = (ctypes.c_int32 * room)()
        added = False  # marks of the beginning and the end are ours to add
        count = self._functions.llama_tokenize(self.words, raw, len(raw), ids, room, added, marks)
        if count < 0:
            raise ModelError(f"{self.name} cannot read this text: its vocabulary is damaged.")
        return list(ids[:count])

    def decode(self, ids: Sequence[int]) -> list[str]:
        """One string an id; a character split over several ids stands at the last of them."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pieces = [decoder.decode(self._piece(number)) for number in ids]
        if pieces:
            pieces[-1] += decoder.decode(b"", final=True)
        return pieces

    def _piece(self, number: int) -> bytes:
        found = self._pieces.get(number)
        if found is None:
            ask, marks, buffer = self._functions.llama_token_to_piece, False, _buffer(64)
            length = ask(self.words, number, buffer, len(buffer), 0, marks)
            if length < 0:
                buffer = _buffer(-length)
                length = ask(self.words, number, buffer, len(buffer), 0, marks)
            found = self._pieces[number] = buffer.raw[: max(0, length)]
        return found

    # Adapters ----------------------------------------------------------------------------------

    def adapter(self, path: Path) -> Any:
        """A LoRA adapter in GGUF, read once. Raises ModelError if it is none for this model."""
        try:
            key = (str(path), path.stat().st_mtime_ns)
        except OSError as error:
            raise ModelError(visible(f"The adapter {path} cannot be read.")) from error
        if key not in self._adapters:
            gguf_library.forget_what_was_said()
            found = self._functions.llama_adapter_lora_init(self._pointer, str(path).encode())
            if not found:
                why = gguf_library.cause()
                raise ModelError(
                    visible(f"{path.name} is no LoRA adapter for {self.name}: {why or 'no word'}."),
                    hint=f"It must be a GGUF adapter made for a {self.architecture} model.",
                )
            self._adapters[key] = found
        return self._adapters[key]

    def _refuse_other_kinds(self) -> None:
        """Raise ModelError for models that write no text, or read it first with an encoder."""
        ask, model = self._functions, self._pointer
        if ask.llama_model_has_encoder(model) or not ask.llama_model_has_decoder(model):
            what = "reads text with an encoder"
        elif self.kind == "mask" and self.token("mask") is None:
            what = "says not which token is its mask"
        elif ask.llama_model_is_recurrent(model) or ask.llama_model_is_hybrid(model):
            what = "keeps a running state that cannot be taken back"
        elif self.vocabulary < 1 or self.meta("tokenizer.ggml.model") in {"", "none", "no_vocab"}:
            what = "has no vocabulary in its file"
        else:
            return
        raise ModelError(
            f"{self.name} ({visible(self.architecture)}) {what}, so it cannot edit in place.",
            hint="Choose a llama, qwen, gemma, dream or llada model.",
        )


def _buffer(size: int) -> Any:
    return ctypes.create_string_buffer(size)


def _unreadable(path: Path, why: str) -> ModelError:
    """The one line for a file that llama.cpp would not load."""
    if "unknown model architecture" in why:
        word = why.rsplit("'", 2)[-2] if why.count("'") > 1 else "of this file"
        known = "diffusion" in word and "gemma" in word
        other = "the folder of its checkpoint (extra gemma)" if known else "a llama or qwen file"
        return ModelError(
            visible(f"llama.cpp {gguf_library.version()} does not know the architecture '{word}'."),
            hint=f"Use {other}, a newer llama.cpp, or a server through openai_compatible.",
        )
    return ModelError(
        visible(f"llama.cpp cannot load {path.name}: {why or 'it does not say why'}."),
        hint="Fetch the file again, or choose another.",
    )
