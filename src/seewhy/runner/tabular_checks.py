"""What the runner of tables checks before any work."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from seewhy.benchmark import TabularFaithfulness
from seewhy.explainer import LIMETabular, PseudoLinearCoef
from seewhy.explainer.shapley.base import ShapleyExplainer
from seewhy.explainer.tabular import answering
from seewhy.runner.tabular_answers import Answers
from seewhy.runner.tabular_data import Table
from seewhy.store import FeatureInfo

TabularMethod: TypeAlias = LIMETabular | ShapleyExplainer | PseudoLinearCoef
METHODS = (LIMETabular, ShapleyExplainer, PseudoLinearCoef)


def check_targets(targets: Any) -> Any:
    """Raise TypeError or ValueError unless `targets` is one of the two accepted words."""
    if not isinstance(targets, str):
        raise TypeError(f"`targets` must be 'predicted' or 'all', got {type(targets).__name__}")
    if targets not in ("predicted", "all"):
        raise ValueError(f"`targets` must be 'predicted' or 'all', got {targets!r}")
    return targets


def class_names(given: list[str] | None, predictor: Any, answers: Answers) -> list[str]:
    """Names of the outputs: those given, else those that an estimator was fitted with.

    Raises
    ------
    ValueError
        If there are not as many as outputs.
    """
    if given is not None:
        if len(given) != answers.num_outputs:
            raise ValueError(
                "`data` must have a class name for each output of the predictor, which has "
                f"{answers.num_outputs}, got {len(given)}"
            )
        return given
    if answers.regression:
        return ["output"]
    fitted = list(getattr(getattr(predictor, "__self__", predictor), "classes_", ()))
    if len(set(fitted)) == answers.num_outputs and all(isinstance(name, str) for name in fitted):
        return list(map(str, fitted))
    return [str(number) for number in range(answers.num_outputs)]


def check_methods(
    explainers: Any, predictor: Any, table: Table, answers: Answers
) -> Sequence[TabularMethod]:
    """Raise TypeError or ValueError unless they are distinct and explain `predictor` on `table`."""
    if not isinstance(explainers, (list, tuple)):
        raise TypeError(f"`explainers` must be a list, got {type(explainers).__name__}")
    if not explainers:
        raise ValueError("`explainers` must hold at least one explainer, got an empty list")
    for explainer in explainers:
        _check_method(explainer, predictor, table, answers)
    repeated = [n for n, count in Counter(e.name for e in explainers).items() if count > 1]
    if repeated:
        raise ValueError(f"`explainers` must be of distinct classes, got {repeated[0]} twice")
    return list(explainers)


def check_metrics(
    benchmarkers: Any, explainers: Sequence[TabularMethod], predictor: Any, table: Table
) -> Sequence[TabularFaithfulness]:
    """Raise TypeError or ValueError unless they are distinct and score `predictor` on `table`."""
    if benchmarkers is None:
        return ()
    if not isinstance(benchmarkers, (list, tuple)):
        raise TypeError(f"`benchmarkers` must be a list, got {type(benchmarkers).__name__}")
    for metric in benchmarkers:
        if not isinstance(metric, TabularFaithfulness):
            raise TypeError(
                "`benchmarkers` must hold TabularFaithfulness, got "
                f"{type(metric).__name__}; a metric is an instance"
            )
        _check_made_for("benchmarkers", metric, predictor, table)
    repeated = [n for n, count in Counter(m.name for m in benchmarkers).items() if count > 1]
    if repeated:
        raise ValueError(f"`benchmarkers` must be of distinct kinds, got {repeated[0]} twice")
    if benchmarkers and all(isinstance(explainer, PseudoLinearCoef) for explainer in explainers):
        raise ValueError(
            "`benchmarkers` score what is said of single rows, `explainers` must hold one that "
            "explains them, got PseudoLinearCoef only"
        )
    return list(benchmarkers)


def feature_infos(
    names: Sequence[str] | None,
    table: Table,
    explainers: Sequence[TabularMethod],
    categories: Mapping[int, Any],
) -> list[FeatureInfo]:
    """Features by the names given, else the columns', else those that an explainer was given."""
    chosen = names or table.rows.names
    local = [each for each in explainers if not isinstance(each, PseudoLinearCoef)]
    for explainer in local:
        found, width = explainer.feature_names(), explainer.num_features
        if chosen is None and found != list(map(explainer.default_name, range(width))):
            chosen = found
    if chosen is None and local:
        chosen = local[0].feature_names()
    if chosen is None:
        chosen = [f"feature {k}" for k in range(table.rows.values.shape[1])]
    repeated = [name for name, count in Counter(chosen).items() if count > 1]
    if repeated:
        raise ValueError(f"`feature_names` must be distinct, got {repeated[0]!r} more than once")
    return [FeatureInfo(name, _by_code(categories.get(k))) for k, name in enumerate(chosen)]


def describe(predictor: Any) -> str:
    """Name a predictor: a class, a method with its class, or a function."""
    owner = getattr(predictor, "__self__", None)
    if inspect.ismethod(predictor) and owner is not None:
        return f"{type(owner).__name__}.{predictor.__name__}"
    return str(getattr(predictor, "__qualname__", type(predictor).__qualname__))


def _check_method(explainer: Any, predictor: Any, table: Table, answers: Answers) -> None:
    if not isinstance(explainer, METHODS):
        raise TypeError(
            "`explainers` must hold LIMETabular, SHAPKernel, SHAPGradient or PseudoLinearCoef, "
            f"got {type(explainer).__name__}; an explainer is an instance"
        )
    _check_made_for("explainers", explainer, predictor, table)
    if isinstance(explainer, PseudoLinearCoef):
        if explainer.num_classes != answers.num_outputs:
            raise ValueError(
                f"`explainers` must explain the {answers.num_outputs} outputs of the predictor, "
                f"{explainer.name} was made for {explainer.num_classes} classes"
            )


def _check_made_for(argument: str, made: Any, predictor: Any, table: Table) -> None:
    """Raise ValueError unless something was made for `predictor` and as wide a table."""
    own, asked = answering(made.predictor), answering(predictor)
    # A bound method is made anew each time it is looked up.
    if own is not asked and not (inspect.ismethod(own) and own == asked):
        verb = "explain" if argument == "explainers" else "score"
        raise ValueError(
            f"`{argument}` must {verb} the runner's own predictor, {made.name} was made for "
            "another one"
        )
    width = table.rows.values.shape[1]
    if not isinstance(made, PseudoLinearCoef) and made.num_features != width:
        raise ValueError(
            f"`{argument}` must be made for the {width} columns of `data`, {made.name} was "
            f"made for {made.num_features}"
        )


def _by_code(names: Any) -> dict[int, str] | None:
    if names is None:
        return None
    pairs = names.items() if isinstance(names, Mapping) else enumerate(names)
    return {int(code): str(name) for code, name in pairs}
