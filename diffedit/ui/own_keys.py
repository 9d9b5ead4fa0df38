"""A person's own keys, put over the tables: anywhere, in the text, and in each of the bars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from textual.keys import Keys, _character_to_key
from textual.widget import Widget

from diffedit.ui.editor_keys import editor_bindings
from diffedit.ui.keys import KEYS, PLACES, SHOWN, Key, Where

MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "meta", "hyper"})
_NAMED = {shown: name for name, shown in SHOWN.items()}


def page_actions() -> dict[str, str]:
    """What the page itself can do: the name for the settings file, and Textual's action."""
    return {
        (binding.id or "").removeprefix("editor."): binding.action for binding in editor_bindings()
    }


def spelled(key: str) -> str:
    """A key as Textual spells it, written so or as the help page shows it: "ctrl+]", "pgup"."""
    head, plus, base = (key[:-2], "+", "+") if key.endswith("++") else key.rpartition("+")
    base = _NAMED.get(base, base) or "plus"
    if len(base) == 1 and not base.isalnum():
        base = _character_to_key(base)
    return f"{head}{plus}{base}"


def own_table(own: Mapping[str, str]) -> tuple[Key, ...]:
    """The person's keys; "review.x" holds in that place, "x" anywhere. "" takes a key away."""
    actions = page_actions() if own else {}
    found: list[Key] = []
    for name, command in own.items():
        place, dot, key = name.partition(".")
        where = place if dot and place in PLACES else "anywhere"
        key = spelled(key if where != "anywhere" else name)
        if where == "anywhere" and command in actions:
            where = "editor"
        found.append(Key(key, command, where))
    return tuple(found)


def in_force(own: Mapping[str, str]) -> tuple[Key, ...]:
    """The whole table as it stands with the person's keys over it, keys taken away left out."""
    mine = own_table(own)
    taken = {(key.where, key.key) for key in mine}
    kept = (key for key in KEYS if (key.where, key.key) not in taken)
    return (*kept, *(key for key in mine if key.command))


def page_keys(own: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """What the page does, with the keys in force for it."""
    mine = [key for key in own_table(own) if key.where in {"editor", "anywhere"}]
    taken = {key.key for key in mine}
    for binding in editor_bindings():
        name = (binding.id or "").removeprefix("editor.")
        keys = [key for key in binding.key.split(",") if key not in taken]
        keys += [key.key for key in mine if key.command == name]
        if keys:
            yield binding.description, keys


def rebind(widget: Widget, where: Where, own: Mapping[str, str]) -> None:
    """Put the person's keys for this place over those that the widget has."""
    actions = page_actions() if own and where == "editor" else {}
    for key in own_table(own):
        if key.where != where:
            continue
        widget._bindings.key_to_bindings.pop(key.key, None)
        if key.command:
            action = actions.get(key.command) or f"app.command({key.command!r})"
            widget._bindings.bind(key.key, action, show=False)


def problems(own: Mapping[str, str], commands: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What is wrong: the name in [keys], and why."""
    known = {*commands, *page_actions()} if own else set()
    for name, command in own.items():
        place, dot, key = name.partition(".")
        if dot and key and place not in PLACES:
            near = get_close_matches(place, PLACES, 1) or list(PLACES)
            yield name, f"no place {place!r} for keys. There is: {', '.join(near)}."
        elif not _is_key(spelled(key if dot and key else name)):
            yield name, f"no key {key if dot and key else name!r}. Write it as the help page does."
        elif command and command not in known:
            near = get_close_matches(command, known, 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            yield name, f"no command {command!r} for the key {name}.{meant}"


def _is_key(key: str) -> bool:
    """Whether Textual may ever send such a key."""
    *modifiers, base = key.split("+")
    named = {known.value.rpartition("+")[2] for known in Keys} | {"space", *SHOWN}
    typed = {_character_to_key(chr(code)) for code in range(0x21, 0x7F)}
    return set(modifiers) <= MODIFIERS and (len(base) == 1 or base in named | typed)
