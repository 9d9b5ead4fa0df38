"""Pictures for DiffusionGemma: from bytes to what the vision tower takes, and to tokens."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image, UnidentifiedImageError
from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil

from diffedit.backends.gemma_denoiser import Picture
from diffedit.core.errors import ModelError, RequestError
from diffedit.core.show import visible

MOST_PIXELS = 50_000_000
"""A picture with more is refused before it is unpacked."""


class Pictures:
    """Prepares images with the checkpoint's own settings."""

    def __init__(self, folder: Path, config: Any) -> None:
        """Raises ModelError where the checkpoint's settings cannot be read."""
        try:
            self._processor = Gemma4ImageProcessorPil.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, TypeError) as error:
            said = " ".join(str(error).split())[:200]
            raise ModelError(
                visible(f"The image settings in {folder} cannot be read: {said}")
            ) from (error)
        self._begin, self._end = int(config.boi_token_id), int(config.eoi_token_id)
        self._soft = int(config.image_token_id)

    def prepare(self, images: Sequence[bytes]) -> tuple[list[list[int]], Picture]:
        """Ids for each image, and the pictures; its `end` is for the caller to set."""
        opened = [_opened(data, number) for number, data in enumerate(images, start=1)]
        made = self._processor(images=opened, return_tensors="pt")
        ids = [
            [self._begin, *[self._soft] * int(count), self._end]
            for count in made["num_soft_tokens_per_image"]
        ]
        pixels, places = made["pixel_values"], made["image_position_ids"]
        assert isinstance(pixels, torch.Tensor)
        identity = zlib.crc32(b"".join(images)) or 1
        return ids, Picture(pixels=pixels, positions=places, end=0, identity=identity)


def _opened(data: bytes, number: int) -> Image.Image:
    """One image, unpacked. Raises RequestError, in one line, for what is none."""
    try:
        image = Image.open(io.BytesIO(data))
        if image.width * image.height > MOST_PIXELS:
            raise RequestError(
                f"Image {number} has {image.width}x{image.height} pixels, which is too large.",
                hint="Scale it down.",
            )
        return image.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise RequestError(
            f"Image {number} cannot be read as a picture.", hint="PNG, JPEG and WebP will do."
        ) from error
    except Image.DecompressionBombError as error:
        raise RequestError(f"Image {number} is too large.", hint="Scale it down.") from error
