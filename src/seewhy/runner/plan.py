"""A run described in a file: Python that makes the objects, or TOML that names them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from inspect import signature
from pathlib import Path
from typing import Any

from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.runner.image_classification import ImageClassificationRunner
from seewhy.runner.plan_table import is_table, table_runner
from seewhy.runner.plan_table_toml import read_table_toml
from seewhy.runner.plan_toml import load_toml, read_toml
from seewhy.runner.plan_words import KEYS, OPTIONAL, REQUIRED, TABLE_KEYS, PlanError, did_you_mean
from seewhy.runner.tabular import TabularRunner
from seewhy.uncertainty import EpistemicUncertainty


def load_runner(
    file: Path, summary_dir: str | None = None, progress: bool | None = None
) -> ImageClassificationRunner | TabularRunner:
    """Runner of the plan in `file`, ready to run.

    The folder of the file is put on the import path, so that the plan can use modules beside it.

    Parameters
    ----------
    file
        A Python file that defines `network`, `activation_fn`, `data` (a tuple of data set and
        class names) and `explainers`, or a TOML file with the same keys, where a string
        `"module:name"` stands for an object (a function or class that needs no arguments is called
        to make it) and `[explainers.NAME]` holds the arguments of an explainer. Optional keys are
        those of `ImageClassificationRunner`, `labels` if `data` is the data set alone, and
        `benchmarkers`: a list of metrics, or in TOML `[benchmarkers.NAME]` with their arguments;
        `uncertainty`: true, a table of arguments, or in Python an `EpistemicUncertainty`;
        `hierarchical_occlusion`: true, a table of arguments, or in Python a
        `HierarchicalOcclusion`. With the last one, `explainers` may be missing.

        For a table it defines `predictor`, `data` and `explainers`; optional keys are those of
        `TabularRunner`, `labels` and `benchmarkers`. In TOML `data` may name a CSV file beside the
        plan, and `ground_truth` and `names` columns of it; `columns` chooses the features, and
        `training` names what the explainers compare with, `data` by default.
    summary_dir
        Folder for the store; else the file's `summary_dir`, else `explanations`.
    progress
        See `ImageClassificationRunner`.

    Raises
    ------
    PlanError
        If the file is not as described.
    TypeError, ValueError
        As of `ImageClassificationRunner` and `TabularRunner`.
    """
    plan = _read(file)
    if is_table(plan, file):
        return table_runner(file, plan, summary_dir, progress)
    return _image_runner(file, plan, summary_dir, progress)


def _image_runner(
    file: Path, plan: Mapping[str, Any], summary_dir: str | None, progress: bool | None
) -> ImageClassificationRunner:
    searching, search = _method(plan, "hierarchical_occlusion", HierarchicalOcclusion)
    missing = [
        key for key in REQUIRED if key not in plan and not (searching and key == "explainers")
    ]
    if missing:
        raise PlanError(f"{file} must define {', '.join(missing)}; see `seewhy run --help`")
    data = plan["data"]
    if "labels" in plan:
        data = (data, list(plan["labels"]))
    separate = ("summary_dir", "labels", "benchmarkers", "uncertainty", "hierarchical_occlusion")
    options = {key: plan[key] for key in OPTIONAL if key in plan and key not in separate}
    runner = ImageClassificationRunner(
        summary_dir or plan.get("summary_dir", "explanations"),
        data,
        plan["network"],
        plan["activation_fn"],
        progress=progress,
        **options,
    )
    if "explainers" in plan:
        runner.register_saliency(plan["explainers"], plan.get("benchmarkers"))
    estimating, uncertainty = _method(plan, "uncertainty", EpistemicUncertainty)
    if estimating:
        runner.register_uncertainty(uncertainty)
    if searching:
        runner.register_hierarchical_occlusion(search)
    return runner


def _method(plan: Mapping[str, Any], key: str, made: Callable[..., Any]) -> tuple[bool, Any]:
    """Whether a method is wanted, and the object of the class `made`; None for its defaults."""
    wanted = plan.get(key, False)
    if isinstance(made, type) and isinstance(wanted, made):
        return True, wanted
    if isinstance(wanted, bool):
        return wanted, None
    if not isinstance(wanted, Mapping):
        raise PlanError(f"`{key}` must be true or a table of arguments, got {wanted!r}")
    parameters = signature(made).parameters
    known = [word for word in parameters if word not in ("network", "activation_fn", "output")]
    for word in wanted:
        if word not in known:
            raise PlanError(f"`{key}` has an unknown key {word!r}; {did_you_mean(word, known)}")
    shared = {k: plan[k] for k in ("output", "threshold") if k in plan and k in parameters}
    missing = [word for word in ("network", "activation_fn") if word not in plan]
    if missing:
        return True, None  # told elsewhere
    return True, made(plan["network"], plan["activation_fn"], **{**shared, **wanted})


def _read(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        raise PlanError(f"{file} does not exist, or is not a file")
    if file.suffix not in (".py", ".toml"):
        raise PlanError(f"{file} must be a Python (.py) or TOML (.toml) file")
    sys.path.insert(0, str(file.resolve().parent))
    if file.suffix == ".toml":
        named = load_toml(file)
        return read_table_toml(named, file) if is_table(named, file) else read_toml(named, file)
    found = _run_python(file)
    keys = TABLE_KEYS if is_table(found, file) else KEYS
    return {key: value for key, value in found.items() if key in keys}


def _run_python(file: Path) -> Mapping[str, Any]:
    """Run the file as a module of its own name, so that what it defines can be pickled."""
    name = file.stem if file.stem not in sys.modules else f"seewhy_plan_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file.resolve())
    if spec is None or spec.loader is None:
        raise PlanError(f"{file} cannot be run as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return vars(module)
