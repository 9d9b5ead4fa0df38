"""The released DiffusionGemma, known before it is here: where it is, and what it needs."""

from __future__ import annotations

from diffedit.backends.gemma_sizes import Kind, Need

REPOSITORY = "google/diffusiongemma-26B-A4B-it"
LICENCE = "Apache-2.0"
SIZE = 51_647_557_848
"""Bytes of its weights as released, counted on the released shapes."""


def _need(kind: Kind, weights: int, experts: int, workspace: int) -> Need:
    return Need(
        kind=kind,
        weights=weights,
        experts=experts,
        cache=854_589_440,
        logits=1_073_741_824,
        workspace=workspace,
    )


NEEDS: dict[Kind, Need] = {
    "bf16": _need("bf16", 51_647_557_848, 45_675_970_560, 0),
    "fp8": _need("fp8", 25_928_728_152, 22_902_865_920, 126_877_696),
    "int8": _need("int8", 25_928_728_152, 22_902_865_920, 126_877_696),
    "int4": _need("int4", 15_872_228_952, 12_846_366_720, 126_877_696),
}
"""What each kind of weights needs; a test counts them again on the full-size model."""
