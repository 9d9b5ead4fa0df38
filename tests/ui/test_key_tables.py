"""The tables of keys: no key means two things in one place."""

from collections import Counter

from diffedit.ui.commands import BY_ID
from diffedit.ui.editor_keys import editor_bindings
from diffedit.ui.keys import KEYS, PLACES


def test_a_key_means_one_thing_in_a_place() -> None:
    """Whoever gives a key away twice hears of it here."""
    for place in PLACES:
        keys = Counter(key.key for key in KEYS if key.where == place)
        assert [key for key, count in keys.items() if count > 1] == []
    page = Counter(key for binding in editor_bindings() for key in binding.key.split(","))
    assert [key for key, count in page.items() if count > 1] == []


def test_every_key_runs_a_command_that_there_is() -> None:
    """No key leads nowhere."""
    assert {key.command for key in KEYS} <= set(BY_ID)


def test_every_action_of_the_page_has_a_name_of_its_own() -> None:
    """By it a person may put the action on other keys."""
    names = [binding.id for binding in editor_bindings()]
    assert len(set(names)) == len(names)
