"""A plan in TOML: strings name the objects."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import seewhy.benchmark
import seewhy.explainer
from seewhy.network import adapt
from seewhy.runner.plan_words import KEYS, PlanError, did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLAIN = (
    "explainers", "benchmarkers", "uncertainty", "hierarchical_occlusion", "summary_dir",
    "threshold", "job", "batch_size",
)  # fmt: skip

Known: TypeAlias = tuple[Callable[..., Any], dict[str, Any]]
"""What makes an object, and the arguments that its name stands for."""


def load_toml(file: Path) -> dict[str, Any]:
    """Keys and texts of a file; PlanError if it is no TOML."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{file} is not valid TOML: {error}") from error


def read_toml(named: Mapping[str, Any], file: Path) -> Mapping[str, Any]:
    """Keys and objects of a plan in TOML; PlanError if there is anything wrong with it."""
    for key in named:
        if key not in KEYS:
            # One that only begins to describe a table is told what it lacks.
            words = KEYS if "network" in named else (*KEYS, "predictor")
            raise PlanError(f"{file} has an unknown key {key!r}; {did_you_mean(key, words)}")
    plan = {
        key: value if key in PLAIN else named_object(value, key) for key, value in named.items()
    }
    names = plan["labels"] if "labels" in plan else _class_names(plan.get("data"))
    given: dict[str, Any] = {"num_labels": len(names)}
    given.update((key, plan[key]) for key in ("network", "activation_fn", "output") if key in plan)
    for section, known in (("explainers", _explainers()), ("benchmarkers", _metrics())):
        if section in plan and "network" in plan:
            plan[section] = named_objects(section, plan[section], known, given)
    return plan


def _class_names(data: Any) -> Sequence[str]:
    """Class names of (data set, class names); none if `data` is anything else, told elsewhere."""
    return data[1] if isinstance(data, tuple) and len(data) == 2 else ()


def named_object(value: Any, key: str) -> Any:
    """What "module:name" names; called if it takes no arguments."""
    if not isinstance(value, str):
        return value
    module, colon, name = value.partition(":")
    if not (colon and module and name):
        raise PlanError(f"`{key}` must name an object as 'module:name', got {value!r}")
    found = _module(module, key)
    for part in name.split("."):
        if not hasattr(found, part):
            raise PlanError(f"`{key}` = {value!r} cannot be found: there is no {part!r}")
        found = getattr(found, part)
    if inspect.isclass(found) and not _takes_nothing(found):
        raise PlanError(f"`{key}` = {value!r} needs arguments: name a function that makes it")
    return found() if _takes_nothing(found) else found


def _takes_nothing(value: Any) -> bool:
    """Whether `value` is a function or class that can be called without arguments."""
    if not callable(value) or _is_network(value):
        return False
    try:
        inspect.signature(value).bind()
    except (TypeError, ValueError):  # it takes some, or does not tell
        return False
    return True


def _module(name: str, key: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that the user's module imports is another matter.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        raise PlanError(f"`{key}` names a module {name!r}, which cannot be found") from error


def _is_network(value: Any) -> bool:
    try:
        adapt(value)
    except TypeError:
        return False
    return True


def named_objects(
    section: str, named: Any, known: Mapping[str, Known], given: Mapping[str, Any]
) -> Any:
    """Objects of a section: a list of names, or tables with arguments.

    `given` is what every object may be given without its being written, where it takes it.
    """
    if isinstance(named, list):
        named = {name: {} for name in named}
    if not isinstance(named, dict):
        raise PlanError(f"`{section}` must be a list of names or tables [{section}.NAME]")
    return [_one(section, str(name), table, known, given) for name, table in named.items()]


def _one(
    section: str, name: str, table: Any, known: Mapping[str, Known], given: Mapping[str, Any]
) -> Any:
    if name not in known:
        raise PlanError(f"`{section}` has an unknown name {name!r}; {did_you_mean(name, known)}")
    if not isinstance(table, dict):
        raise PlanError(f"[{section}.{name}] must be a table of arguments, got {table!r}")
    made, preset = known[name]
    parameters = inspect.signature(made).parameters
    arguments = [word for word in parameters if word not in (*preset, "network", "predictor")]
    for word in table:
        if word not in arguments:
            raise PlanError(
                f"[{section}.{name}] has an unknown argument {word!r}; "
                f"{did_you_mean(word, arguments)}"
            )
    fitting = {word: value for word, value in given.items() if word in parameters}
    written = {word: _argument(value, word) for word, value in table.items()}
    every = {**fitting, **preset, **written}
    for word, parameter in parameters.items():
        if parameter.default is parameter.empty and word not in every:
            raise PlanError(f"[{section}.{name}] must have `{word}`")
    return made(**every)


def _argument(value: Any, word: str) -> Any:
    """The value, or the object it names: no argument is a text with a colon in it."""
    return named_object(value, word) if isinstance(value, str) and ":" in value else value


def _explainers() -> dict[str, Known]:
    found = {name: getattr(seewhy.explainer, name) for name in seewhy.explainer.__all__}
    base = seewhy.explainer.Explainer
    return {
        name: (made, {})
        for name, made in found.items()
        if isinstance(made, type) and issubclass(made, base) and made is not base
    }


def _metrics() -> dict[str, Known]:
    """Metrics by the names of their scores; a class with several kinds makes several of them."""
    found = [getattr(seewhy.benchmark, name) for name in seewhy.benchmark.__all__]
    known: dict[str, Known] = {}
    for made in found:
        if not isinstance(made, type) or not issubclass(made, seewhy.benchmark.Metric):
            continue
        if not inspect.isabstract(made):
            for kind in made.kinds or ("",):
                known[kind or made.__name__] = (made, {"metric": kind} if kind else {})
    return known
