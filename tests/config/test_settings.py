"""Five sources, in order; every mistake with its place."""

from pathlib import Path

import pytest

from diffedit.config import paths, settings
from diffedit.core.errors import RequestError
from diffedit.engine.params import DenoiseParams


def write(text: str) -> Path:
    """Your own settings file."""
    path = settings.settings_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refused(**given: object) -> str:
    """What loading says."""
    with pytest.raises(RequestError) as caught:
        settings.load(**given)  # type: ignore[arg-type]
    return str(caught.value)


def test_everything_lies_under_home(home: Path) -> None:
    """DIFFEDIT_HOME holds each of the four folders."""
    for place in (paths.data_dir(), paths.config_dir(), paths.state_dir(), paths.cache_dir()):
        assert place.parent == home


@pytest.mark.parametrize("name", ["themes", "plugins"])
def test_what_ships_is_found(name: str) -> None:
    """The bundled folders are there."""
    assert (paths.bundled(name) / "README.md").is_file()


def test_without_any_source_the_defaults_stand(tmp_path: Path) -> None:
    """A fresh machine needs no file."""
    assert settings.load(folder=tmp_path, environment={}) == settings.Settings()


def test_the_later_source_wins(tmp_path: Path) -> None:
    """Defaults, your file, the project, the environment, flags: each overrides the one before."""
    write("tab_width = 2\nsoft_wrap = true\ntheme = 'a'\nmodel = 'a'\nline_numbers = false\n")
    (tmp_path / ".diffedit.toml").write_text("tab_width = 8\nindent_with_tabs = true\n")
    found = settings.load(
        {"model": "c", "device": None},
        folder=tmp_path,
        environment={"DIFFEDIT_THEME": "b", "DIFFEDIT_MODEL": "b", "DIFFEDIT_LINE_NUMBERS": "yes"},
    )
    assert (found.tab_width, found.soft_wrap, found.indent_with_tabs) == (8, True, True)
    assert (found.theme, found.model, found.device, found.line_numbers) == ("b", "c", "auto", True)
    assert found.origins["tab_width"].endswith(".diffedit.toml:1")
    assert found.origins["theme"] == "DIFFEDIT_THEME"
    assert found.origins["model"] == "--model"


def test_tables_are_read(tmp_path: Path) -> None:
    """Dials, keys and models come from your file, with the line of each."""
    path = write(
        "[params]\nt_min = 0.9\nt_max = 1\nseed = 7\n"
        '[keys]\n"ctrl+r" = "rewrite"\n'
        '[models.far]\nbackend = "x"\ndiffusing = true\ntimeout_s = 3\n'
    )
    found = settings.load(folder=tmp_path, environment={})
    assert found.params == DenoiseParams(t_min=0.9, t_max=1, seed=7)
    assert found.keys == {"ctrl+r": "rewrite"}
    assert found.models == {"far": {"backend": "x", "diffusing": "true", "timeout_s": "3"}}
    assert found.origins["keys.ctrl+r"] == f"{path}:6"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("\ntab_widht = 2", 2, "Did you mean 'tab_width'?"),
        ("tab_width = 0", 1, "a whole number from 1 to 16"),
        ("tab_width = true", 1, "a whole number"),
        ("\n\nsoft_wrap = 3", 3, "true or false"),
        ("device = 'gpu'", 1, '"auto", "cpu" or "cuda"'),
        ("model = ''", 1, "a name"),
        ("params = 3", 1, "must be a table"),
        ("[params]\nseed = 1\nmax_stepz = 2", 3, "'max_steps'"),
        ("[params]\nseed = 1\nt_min = -1", 3, "t_min"),
        (
            "[params]\nseed = 1\nmax_steps = 0",
            3,
            "max_steps must be a whole number from 1 to 10,000",
        ),
        (f"[params]\nmax_steps = {'9' * 20}", 2, "from 1 to 10,000, not 999"),
        ("[params]\nt_min = 0.5\nt_max = 0.1", 1, "must not exceed"),
        ("[keys]\n\n'ctrl+x' = 3", 3, "text in quotes"),
        ("[models]\nfar = 3", 2, "[models.far]"),
        ("[models.far]\nurl = ['a']", 2, "'url'"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(text: str, line: int, said: str) -> None:
    """Each mistake in your settings names its line, and what would be right."""
    path = write(text)
    message = refused(environment={})
    assert message.startswith(f"{path}:{line}: ")
    assert said in message


@pytest.mark.parametrize("key", ["model", "device", "theme", "context_chars", "keys", "models"])
def test_a_project_may_set_only_what_is_harmless(tmp_path: Path, key: str) -> None:
    """Someone's repository chooses no model, no key and no look."""
    (tmp_path / ".diffedit.toml").write_text(f"tab_width = 2\n{key} = 'x'\n")
    message = refused(folder=tmp_path, environment={})
    assert ".diffedit.toml:2: " in message
    assert "cannot be set by a project" in message


def test_the_project_ends_at_its_root(tmp_path: Path) -> None:
    """A settings file above the repository is none of its business."""
    (tmp_path / ".diffedit.toml").write_text("tab_width = 2\n")
    below = tmp_path / "repo" / "src"
    below.mkdir(parents=True)
    assert settings.project_file(below) == tmp_path / ".diffedit.toml"
    (tmp_path / "repo" / ".git").mkdir()
    assert settings.project_file(below) is None


def test_a_variable_or_flag_that_cannot_be_is_named() -> None:
    """The message says which variable, or which flag."""
    assert "DIFFEDIT_TAB_WIDTH must be" in refused(environment={"DIFFEDIT_TAB_WIDTH": "wide"})
    assert "--tab-width must be" in refused(flags={"tab_width": 99}, environment={})
    assert "Did you mean 'theme'?" in refused(flags={"themes": "x"}, environment={})


def test_a_folder_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that one may not look at are an error in one line, with the way out."""
    paths.config_dir().mkdir(parents=True)

    def denied(folder: Path) -> object:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(RequestError, match="cannot be read: Permission denied") as caught:
        settings.load()
    assert "chmod" in str(caught.value.hint)
