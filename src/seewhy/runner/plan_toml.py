"""A plan in TOML: strings name the objects."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import seewhy.explainer
from seewhy.network import adapt
from seewhy.runner.plan_words import KEYS, PlanError, did_you_mean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLAIN = ("explainers", "summary_dir", "threshold", "job", "batch_size")


def read_toml(file: Path) -> Mapping[str, Any]:
    """Keys and objects of a plan in TOML; PlanError if there is anything wrong with it."""
    try:
        named = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlanError(f"{file} is not valid TOML: {error}") from error
    for key in named:
        if key not in KEYS:
            raise PlanError(f"{file} has an unknown key {key!r}; {did_you_mean(key, KEYS)}")
    plan = {key: value if key in PLAIN else _object(value, key) for key, value in named.items()}
    if "network" in plan and "explainers" in plan:
        plan["explainers"] = _explainers(plan["explainers"], plan["network"], plan.get("output"))
    return plan


def _object(value: Any, key: str) -> Any:
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


def _explainers(named: Any, network: Any, output: Any) -> list[Any]:
    if isinstance(named, list):
        named = {name: {} for name in named}
    if not isinstance(named, dict):
        raise PlanError("`explainers` must be a list of names or tables [explainers.NAME]")
    return [_explainer(str(name), given, network, output) for name, given in named.items()]


def _explainer(name: str, given: Any, network: Any, output: Any) -> Any:
    known = [other for other in seewhy.explainer.__all__ if other != "Explainer"]
    if name not in known:
        raise PlanError(f"`explainers` has an unknown name {name!r}; {did_you_mean(name, known)}")
    if not isinstance(given, dict):
        raise PlanError(f"[explainers.{name}] must be a table of arguments, got {given!r}")
    made = getattr(seewhy.explainer, name)
    arguments = [word for word in inspect.signature(made).parameters if word != "network"]
    for word in given:
        if word not in arguments:
            raise PlanError(
                f"[explainers.{name}] has an unknown argument {word!r}; "
                f"{did_you_mean(word, arguments)}"
            )
    return made(network, **(given if output is None else {"output": output, **given}))
