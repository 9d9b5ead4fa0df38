"""The code to learn from: a folder, or what is installed here and permissively licensed."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from diffedit.cases import source
from diffedit.cases.case import number_of, part_of
from diffedit.cases.source import Function, Module

HELD_OUT = 10
"""One file in so many is kept for the table at the end."""
MOST_FILES = 80
"""Files of one installed package; a large one would drown the others."""

_FREE = re.compile(r"\b(MIT|BSD|Apache|Apache-2\.0|ISC|PSF|Python Software Foundation|0BSD)\b")
_UNFREE = re.compile(r"GPL|MPL|Mozilla|Proprietary|Commercial|EULA|CDDL|EPL", re.IGNORECASE)


def library() -> list[Module]:
    """The training part of the standard library, and permissively licensed installed packages.

    The modules of `bench quality`'s other parts are left out, and so are copies of their functions
    (see `functions`).
    """
    root = Path(sysconfig.get_path("stdlib"))
    found = [module for module in source.modules(root) if part_of(module.name) == "train"]
    for folder in sorted(permissive()):
        files = [
            Module(f"{folder.name}.{module.name}", module.text) for module in source.modules(folder)
        ]
        files.sort(key=lambda module: number_of("file", module.name))
        found += files[:MOST_FILES]
    return found


def halves(found: Sequence[Module]) -> tuple[list[Module], list[Module]]:
    """The files to train on, and those held out: one in ten, one at least if there are two."""
    order = sorted(found, key=lambda module: number_of("held", module.name))
    held = max(1, len(order) // HELD_OUT) if len(order) > 1 else 0
    return order[held:], order[:held]


def permissive() -> Iterator[Path]:
    """The folders of installed packages whose metadata names a permissive licence and no other."""
    for one in metadata.distributions():
        told = one.metadata.json
        named = (str(told.get(key, ""))[:80] for key in ("license_expression", "license"))
        classes = (c for c in told.get("classifier", ()) if c.startswith("License"))
        words = " ".join([*named, *classes])
        if not _FREE.search(words) or _UNFREE.search(words):
            continue
        tops = {
            path.parts[0] for path in one.files or () if path.suffix == ".py" and path.parts[1:]
        }
        for top in tops:
            place = Path(str(one.locate_file(top)))
            if top.isidentifier() and not top.startswith("_") and place.is_dir():
                yield place


def functions(found: Sequence[Module], *, refused: frozenset[str] = frozenset()) -> list[Function]:
    """The functions of these modules, each once, without those whose fingerprint is refused."""
    mine: dict[str, Function] = {}
    for module in found:
        for function in source.functions_in(module):
            mark = source.fingerprint(function.node)
            if mark not in refused:
                mine.setdefault(mark, function)
    return list(mine.values())


def texts(found: Sequence[Module], *, refused: frozenset[str] = frozenset()) -> dict[str, str]:
    """Their texts by name, without those in which a function stands whose fingerprint is refused.

    Of such a module nothing is shown but the functions that may be learnt from.
    """
    return {
        module.name: module.text
        for module in found
        if module.tree is not None and refused.isdisjoint(source.fingerprints(module))
    }


def refused() -> frozenset[str]:
    """Fingerprints of all functions that `bench quality` may ask about."""
    return source.elsewhere(list(source.modules()), "train")
