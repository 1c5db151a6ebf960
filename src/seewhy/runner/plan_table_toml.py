"""A plan of a table in TOML: strings name the objects, or files of CSV."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import seewhy.explainer
from seewhy.benchmark import TabularFaithfulness
from seewhy.benchmark.tabular_faithfulness import METRICS
from seewhy.explainer import LIMETabular
from seewhy.explainer.tabular import answering
from seewhy.runner.csv_file import ENDINGS, CsvFile, read_csv
from seewhy.runner.plan_toml import Known, named_object, named_objects
from seewhy.runner.plan_words import TABLE_KEYS, TABLE_REQUIRED, PlanError, did_you_mean

OBJECTS = ("predictor", "labels", "feature_names", "categorical_names")
"""Keys whose texts always name objects."""

EXPLAINERS = ("LIMETabular", "SHAPKernel", "SHAPGradient", "PseudoLinearCoef")


def read_table_toml(named: Mapping[str, Any], file: Path) -> Mapping[str, Any]:
    """Keys and objects of a plan; PlanError if there is anything wrong with it."""
    for key in named:
        if key not in TABLE_KEYS:
            raise PlanError(f"{file} has an unknown key {key!r}; {did_you_mean(key, TABLE_KEYS)}")
    plan = {key: named_object(v, key) if key in OBJECTS else v for key, v in named.items()}
    if any(key not in plan for key in TABLE_REQUIRED):
        return plan  # told elsewhere
    plan["data"] = _source(plan["data"], "data", file)
    if isinstance(plan["data"], CsvFile):
        _take_columns(plan, file)
    else:
        _take_objects(plan, file)
    training = plan.pop("training")
    if "categorical_names" in plan:
        columns = getattr(training, "columns", None)
        names = plan.get("feature_names") or ([] if columns is None else list(map(str, columns)))
        plan["categorical_names"] = _by_position(plan["categorical_names"], list(names))
    given = _given(plan, training)
    plan["explainers"] = named_objects("explainers", plan["explainers"], _explainers(), given)
    if "benchmarkers" in plan:
        plan["benchmarkers"] = named_objects(
            "benchmarkers", plan["benchmarkers"], _metrics(), given
        )
    return plan


def _source(value: Any, key: str, file: Path) -> Any:
    """A CSV file beside the plan, or the object that the text names."""
    if isinstance(value, str) and value.lower().endswith(ENDINGS):
        return read_csv(file.parent / value)
    return named_object(value, key)


def _take_columns(plan: dict[str, Any], file: Path) -> None:
    """Put rows of numbers, the truth and the names in the place of a CSV file and its columns."""
    source: CsvFile = plan["data"]
    taken = set()
    for key, read in (("ground_truth", source.truth), ("names", source.column)):
        if _is_column(plan.get(key), source):
            taken.add(plan[key])
            plan[key] = read(key, plan[key])
        elif key in plan:
            plan[key] = named_object(plan[key], key)
    predictor = answering(plan["predictor"])
    fitted = getattr(getattr(predictor, "__self__", predictor), "feature_names_in_", None)
    columns = plan.pop("columns", None)
    if columns is None:
        columns = [name for name in source.columns if name not in taken]
        if fitted is not None and set(fitted) <= source.columns.keys():
            columns = list(fitted)
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise PlanError(f"`columns` must be a list of column names, got {columns!r}")
    training = _source(plan["training"], "training", file) if "training" in plan else source
    plan["data"] = _rows(source, "columns", columns, fitted)
    is_file = isinstance(training, CsvFile)
    plan["training"] = _rows(training, "columns", columns, fitted) if is_file else training
    plan.setdefault("feature_names", columns)


def _is_column(value: Any, source: CsvFile) -> bool:
    """Whether a text names a column of the file: it does if it could be no object."""
    return isinstance(value, str) and (value in source.columns or ":" not in value)


def _rows(source: CsvFile, key: str, columns: Sequence[str], fitted: Any) -> Any:
    """Rows as a model wants them: a DataFrame for an estimator that was fitted with names."""
    rows = source.rows(key, columns)
    if fitted is None or find_spec("pandas") is None:
        return rows
    return importlib.import_module("pandas").DataFrame(rows, columns=list(columns))


def _take_objects(plan: dict[str, Any], file: Path) -> None:
    """Put what texts name in their place, where the data are an object."""
    if "columns" in plan:
        raise PlanError("`columns` is for `data` out of a CSV file; leave it out")
    for key in ("ground_truth", "names"):
        # Without a colon it is the column of a DataFrame.
        if isinstance(plan.get(key), str) and (":" in plan[key] or key == "names"):
            plan[key] = named_object(plan[key], key)
    if isinstance(plan["data"], tuple) and len(plan["data"]) == 2 and "labels" not in plan:
        plan["data"], plan["labels"] = plan["data"]
    training = _source(plan["training"], "training", file) if "training" in plan else plan["data"]
    if isinstance(training, CsvFile):
        names = plan.get("feature_names") or list(training.columns)
        training = _rows(training, "feature_names", names, None)
    truth = plan.get("ground_truth")
    if isinstance(truth, str) and truth in getattr(training, "columns", ()):
        training = training.drop(columns=[truth])
    plan["training"] = training


def _by_position(given: Any, names: list[str]) -> dict[int, Any]:
    """Names of categories by the position of the column, given by its name or position."""
    if not isinstance(given, Mapping):
        raise PlanError(f"`categorical_names` must be a table, got {given!r}")
    made = {}
    for key, texts in given.items():
        if isinstance(key, str) and key not in names and not key.isdigit():
            raise PlanError(
                f"`categorical_names` has no column {key!r}; {did_you_mean(key, names)}"
            )
        position = names.index(key) if key in names else int(key)
        codes = isinstance(texts, Mapping) and all(str(code).isdigit() for code in texts)
        made[position] = {int(code): text for code, text in texts.items()} if codes else texts
    return made


def _given(plan: Mapping[str, Any], training: Any) -> dict[str, Any]:
    """Arguments of explainers and metrics that need not be written."""
    given = {"predictor": plan["predictor"], "network": plan["predictor"], "features": training}
    given.update((key, plan[key]) for key in ("feature_names", "categorical_names") if key in plan)
    if "labels" in plan:
        given.update(class_names=list(plan["labels"]), num_classes=len(plan["labels"]))
    named = plan["explainers"]
    if "LIMETabular" not in named:
        return given
    written = named.get("LIMETabular") if isinstance(named, Mapping) else None
    written = written if isinstance(written, Mapping) else {}
    if "train_feat_stats" not in written:
        word = "categorical_features_indexes"
        indexes = written.get(word, list(plan.get("categorical_names", ())) or None)
        given["train_feat_stats"] = LIMETabular.to_feat_stats(training, None, indexes)
    return given


def _explainers() -> dict[str, Known]:
    return {name: (getattr(seewhy.explainer, name), {}) for name in EXPLAINERS}


def _metrics() -> dict[str, Known]:
    return {kind: (TabularFaithfulness, {"metric": kind}) for kind in METRICS}
