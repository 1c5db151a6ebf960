"""What the runner checks before any work."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seewhy.benchmark import LabelSensitiveMetric, Metric
from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.explainer import Explainer
from seewhy.uncertainty import EpistemicUncertainty


def check_summary_dir(summary_dir: Any) -> Path:
    """Raise TypeError unless `summary_dir` is a path."""
    if not isinstance(summary_dir, (str, Path)):
        raise TypeError(f"`summary_dir` must be a str or Path, got {type(summary_dir).__name__}")
    return Path(summary_dir)


def check_data(data: Any) -> tuple[Any, list[str]]:
    """Raise TypeError or ValueError unless `data` is (dataset, class names)."""
    if not isinstance(data, tuple):
        raise TypeError(f"`data` must be a tuple (dataset, labels), got {type(data).__name__}")
    if len(data) != 2:
        raise ValueError(f"`data` must be a tuple (dataset, labels), got {len(data)} elements")
    dataset, labels = data
    if not isinstance(labels, list):
        raise TypeError(f"`data` must end with a list of class names, got {type(labels).__name__}")
    if not labels:
        raise ValueError("`data` must end with a list of class names, got an empty list")
    for index, label in enumerate(labels):
        if not isinstance(label, str):
            raise ValueError(f"class names must be strings, got {label!r} at {index}")
        if not label.strip():
            raise ValueError(f"class names must not be blank, got {label!r} at {index}")
    repeated = [label for label, count in Counter(labels).items() if count > 1]
    if repeated:
        raise ValueError(f"class names must be distinct, got {repeated[0]!r} more than once")
    return dataset, list(labels)


def check_activation_fn(activation_fn: Any) -> None:
    """Raise TypeError unless `activation_fn` can turn logits into probabilities."""
    if inspect.isclass(activation_fn):
        raise TypeError(
            f"`activation_fn` must be an instance, got the class {activation_fn.__name__}: "
            f"write {activation_fn.__name__}()"
        )
    if not callable(activation_fn):
        raise TypeError(f"`activation_fn` must be callable, got {type(activation_fn).__name__}")


def check_display(display: Any) -> None:
    """Raise TypeError unless `display` is None or callable."""
    if display is not None and not callable(display):
        raise TypeError(f"`display` must be callable, got {type(display).__name__}")


def check_threshold(threshold: Any) -> float:
    """Raise TypeError or ValueError unless `threshold` is a number in [0, 1]."""
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)):
        raise TypeError(f"`threshold` must be a number, got {type(threshold).__name__}")
    if not 0 <= threshold <= 1:
        raise ValueError(f"`threshold` must be in [0, 1], got {threshold}")
    return float(threshold)


def check_names(names: Any, num_samples: int | None) -> Sequence[str]:
    """Raise unless `names` is None or a sequence of strings, one for each sample."""
    if names is None:
        return ()
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"`names` must be a list of strings, got {type(names).__name__}")
    if not all(isinstance(name, str) for name in names):
        raise TypeError("`names` must hold strings only")
    if num_samples is not None and len(names) != num_samples:
        raise ValueError(
            f"`names` must hold a name for each of the {num_samples} samples, got {len(names)}"
        )
    return names


def check_batch_size(batch_size: Any) -> int:
    """Raise TypeError or ValueError unless `batch_size` is a positive int."""
    if isinstance(batch_size, bool) or not isinstance(batch_size, int):
        raise TypeError(f"`batch_size` must be an int, got {type(batch_size).__name__}")
    if batch_size < 1:
        raise ValueError(f"`batch_size` must be positive, got {batch_size}")
    return batch_size


def check_progress(progress: Any) -> bool | None:
    """Raise TypeError unless `progress` is a bool or None."""
    if progress is not None and not isinstance(progress, bool):
        raise TypeError(f"`progress` must be a bool or None, got {type(progress).__name__}")
    return progress


def check_benchmarkers(benchmarkers: Any, num_labels: int) -> Sequence[Metric]:
    """Raise TypeError or ValueError unless they are distinct metrics for so many labels."""
    if benchmarkers is None:
        return ()
    if not isinstance(benchmarkers, (list, tuple)):
        raise TypeError(f"`benchmarkers` must be a list, got {type(benchmarkers).__name__}")
    for metric in benchmarkers:
        if not isinstance(metric, Metric):
            raise TypeError(
                f"`benchmarkers` must hold metrics, got {type(metric).__name__}; a metric is an "
                "instance, for instance Faithfulness(num_labels, activation_fn)"
            )
        if isinstance(metric, LabelSensitiveMetric) and metric.num_labels != num_labels:
            raise ValueError(
                f"`benchmarkers` must be made for the {num_labels} class names of `data`, "
                f"{metric.name} was made for {metric.num_labels}"
            )
    repeated = [n for n, count in Counter(m.name for m in benchmarkers).items() if count > 1]
    if repeated:
        raise ValueError(f"`benchmarkers` must be of distinct names, got {repeated[0]} twice")
    return list(benchmarkers)


def check_explainers(explainers: Any, network: Any) -> Sequence[Explainer]:
    """Raise TypeError or ValueError unless `explainers` are distinct and explain `network`."""
    if not isinstance(explainers, (list, tuple)):
        raise TypeError(f"`explainers` must be a list, got {type(explainers).__name__}")
    if not explainers:
        raise ValueError("`explainers` must hold at least one explainer, got an empty list")
    for explainer in explainers:
        if not isinstance(explainer, Explainer):
            raise TypeError(
                f"`explainers` must hold explainers, got {type(explainer).__name__}; "
                "an explainer is an instance, for instance Gradient(network)"
            )
        if explainer.network is not network:
            raise ValueError(
                f"`explainers` must explain the runner's own network object, {explainer!r} "
                "was made for another one"
            )
    repeated = [n for n, count in Counter(e.name for e in explainers).items() if count > 1]
    if repeated:
        raise ValueError(f"`explainers` must be of distinct classes, got {repeated[0]} twice")
    return list(explainers)


def check_hierarchical_occlusion(search: Any, network: Any) -> None:
    """Raise TypeError or ValueError unless `search` is made for `network`."""
    if not isinstance(search, HierarchicalOcclusion):
        raise TypeError(f"`search` must be a HierarchicalOcclusion, got {type(search).__name__}")
    if search.network is not network:
        raise ValueError(
            "`search` must be made for the runner's own network object, it was made for another one"
        )


def check_uncertainty(uncertainty: Any, network: Any) -> None:
    """Raise TypeError or ValueError unless `uncertainty` is made for `network`."""
    if not isinstance(uncertainty, EpistemicUncertainty):
        raise TypeError(
            f"`uncertainty` must be an EpistemicUncertainty, got {type(uncertainty).__name__}"
        )
    if not any(one is network for one in uncertainty.networks):
        raise ValueError(
            "`uncertainty` must be made for the runner's own network object, it was made for "
            "another one"
        )
