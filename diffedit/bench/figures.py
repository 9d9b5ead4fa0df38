"""Numbers from numbers: medians, percentiles, and what was aimed at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median, the 95th percentile, and how many there were."""
    return {
        "p50": rounded(median(values)),
        "p95": rounded(percentile(values, 0.95)),
        "n": len(values),
    }


def rounded(number: float) -> float:
    """Three digits that mean something."""
    return float(f"{number:.3g}") if abs(number) < 100 else round(number, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What was aimed at, and what came of it."""

    name: str
    value: float
    limit: float

    @property
    def met(self) -> bool:
        """Whether the value stays within the limit."""
        return self.value <= self.limit
