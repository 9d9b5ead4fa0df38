"""Plugins are found without being run, loaded by name, and break without harm."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffedit.config import paths, plugins
from diffedit.core.errors import BackendError, ModelError

GOOD = {"name": '"mine"', "kind": '"backend"', "entry": '"mine:Mine"', "api": "1"}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What a test imported is forgotten after it."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("diffedit_plugin_"):
            del sys.modules[name]


def install(folder: str = "mine", code: str = "class Mine: pass\n", **changed: str) -> Path:
    """A plugin in your own folder; a changed word of "" is left out."""
    place = paths.config_dir() / "plugins" / folder
    place.mkdir(parents=True)
    words = {key: value for key, value in {**GOOD, **changed}.items() if value}
    text = "".join(f"{key} = {value}\n" for key, value in words.items())
    (place / "plugin.toml").write_text(text)
    (place / "mine.py").write_text(code)
    return place


def test_what_ships_is_found() -> None:
    """The built-in backends and the shipped plugins are listed, with nothing wrong."""
    found = plugins.find()
    assert found.notices == ()
    assert set(plugins.backends()) >= {"small", "null", "scripted", "hello", "openai_compatible"}
    assert "sort-lines" in plugins.names("command")


def test_listing_runs_no_plugin() -> None:
    """A plugin whose import would fail is listed like any other, and fails when it is loaded."""
    place = install(code="raise RuntimeError('first line\\nsecond line')\n")
    assert "mine" in plugins.backends()
    with pytest.raises(BackendError) as caught:
        plugins.backend("mine")
    assert str(place) in str(caught.value)
    assert "RuntimeError: first line" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def broken(:\n", "SyntaxError"),
        ("raise SystemExit(3)\n", "SystemExit"),
        ("import no_such_module_at_all\n", "no_such_module_at_all"),
        ("x = 1\n", "Mine"),
        ("Mine = 3\n", "cannot be called"),
        ("raise ValueError('\\x1b[2J')\n", "␛[2J"),
    ],
)
def test_a_plugin_may_break_in_any_way(code: str, said: str) -> None:
    """Whatever a plugin's code does at import comes out as one line."""
    install(code=code)
    with pytest.raises(BackendError) as caught:
        plugins.backend("mine")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "line", "said"),
    [
        ({"nmae": '"x"'}, 5, "Did you mean 'name'?"),
        ({"name": '"My Plugin"'}, 1, "small letters"),
        ({"name": "3"}, 1, "text in quotes"),
        ({"kind": '"comand"'}, 2, "Did you mean 'command'?"),
        ({"entry": '"mine"'}, 3, "module:Name"),
        ({"entry": '"../mine:Mine"'}, 3, "module:Name"),
        ({"api": "2"}, 4, "API 2; this diffedit speaks 1"),
        ({"api": "true"}, 4, "API True"),
    ],
)
def test_a_faulty_plugin_toml_is_a_notice(changed: dict[str, str], line: int, said: str) -> None:
    """A mistake in plugin.toml leaves that plugin out and all others in."""
    place = install(**changed)
    found = plugins.find()
    assert len(found.notices) == 1
    assert f"{place / 'plugin.toml'}:{line}: " in found.notices[0]
    assert said in found.notices[0]
    assert "hello" in plugins.backends()


def test_what_is_missing_is_told() -> None:
    """A plugin.toml without an entry says so."""
    install(entry="")
    assert "'entry' is missing" in plugins.find().notices[0]


def test_two_of_one_name_are_an_error_naming_both() -> None:
    """Neither of two namesakes is loaded, and both are named; the rest goes on."""
    one, two = install("one"), install("two")
    with pytest.raises(ModelError) as caught:
        plugins.backend("mine")
    assert str(one) in str(caught.value)
    assert str(two) in str(caught.value)
    assert len(plugins.find().notices) == 1
    assert callable(plugins.backend("hello"))


def test_a_plugin_cannot_take_the_place_of_a_built_in_one() -> None:
    """Your own `small` is a clash, not a replacement."""
    place = install(name='"small"')
    with pytest.raises(ModelError, match="in diffedit and") as caught:
        plugins.backend("small")
    assert str(place) in str(caught.value)


def test_an_unknown_name_gets_the_nearest() -> None:
    """A slip in a backend's name is answered with the one meant."""
    with pytest.raises(ModelError, match="Did you mean 'hello'"):
        plugins.backend("helo")


def test_files_of_one_plugin_see_one_another_and_no_other_plugin() -> None:
    """Two plugins may each have a helper.py, and each gets its own."""
    for name in ("one", "two"):
        place = install(name, "from .helper import Mine\n", name=f'"{name}"')
        (place / "helper.py").write_text(f"class Mine:\n    name = {name!r}\n")
    assert [plugins.load("backend", name).name for name in ("one", "two")] == ["one", "two"]


def test_no_folder_of_a_project_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository may hold whatever it likes; standing in it loads nothing of it."""
    source = install()
    for place in ("plugins", ".diffedit/plugins", "config/plugins", "diffedit/_bundled/plugins"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        source.parent.rename(tmp_path / place)
        monkeypatch.chdir(tmp_path)
        assert "mine" not in plugins.backends()
        (tmp_path / place).rename(source.parent)
    assert "mine" in plugins.backends()


def test_commands_are_imported_when_run() -> None:
    """A command is listed by its title; its failure comes when it is run, in one line."""
    install(
        code="def Mine(context):\n    raise KeyError('x')\n", kind='"command"', title='"My own"'
    )
    (mine,) = [command for command in plugins.commands() if command.name == "mine"]
    assert mine.title == "My own"
    assert "diffedit_plugin_mine" not in sys.modules
    with pytest.raises(BackendError, match="command 'mine' failed: KeyError"):
        mine.run(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("package", ["lent", "diffedit_lent"])
def test_a_package_may_bring_a_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    """An entry point in an installed package is a plugin like any other."""
    (tmp_path / "lent.py").write_text("class Lent: pass\n")
    info = tmp_path / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[diffedit.backends]\nlent = lent:Lent\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    (lent,) = [plugin for plugin in plugins.find().plugins if plugin.name == "lent"]
    assert lent.source == package
    assert callable(plugins.backend("lent"))


def test_finding_plugins_is_light() -> None:
    """The list of plugins costs no heavy import."""
    code = (
        "import sys; from diffedit.config import plugins, models, settings, themes\n"
        "plugins.find(); models.list_models()\n"
        "heavy = 'numpy', 'textual', 'gguf', 'tokenizers', 'torch', 'importlib.metadata'\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
