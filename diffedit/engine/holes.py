"""How long a hole may be: several lengths are looked at once, and the model's surest is taken."""

from __future__ import annotations


def lengths(hint: int, *, usual: int, most: int) -> list[int]:
    """Lengths in slots that a hole may have, the likeliest first; empty where none fits.

    `hint` is what stood there, `usual` what is likely where nothing did, `most` what there is
    room for.
    """
    found = [usual, usual // 2, 2 * usual, 4 * usual]
    if hint:
        found = [hint, hint // 2, hint * 3 // 2 + 1, 2 * hint]
    return list(dict.fromkeys(length for length in found if 0 < length <= most))
