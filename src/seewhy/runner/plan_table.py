"""The runner of a plan that describes a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seewhy.runner.plan_words import TABLE_REQUIRED, PlanError
from seewhy.runner.tabular import TabularRunner

OPTIONS = (
    "ground_truth", "feature_names", "categorical_names", "targets", "threshold", "names", "job",
    "batch_size",
)  # fmt: skip


def is_table(plan: Mapping[str, Any], file: Path) -> bool:
    """Whether a plan describes a table: it has a predictor, and no network with its activation.

    Raises
    ------
    PlanError
        If it has both.
    """
    if "predictor" not in plan:
        return False
    images = [key for key in ("network", "activation_fn") if key in plan]
    if len(images) == 2 or (images and file.suffix == ".toml"):
        raise PlanError(
            f"{file} must define `predictor` for a table, or `network` and `activation_fn` for "
            "images, got both"
        )
    return True


def table_runner(
    file: Path, plan: Mapping[str, Any], summary_dir: str | None, progress: bool | None
) -> TabularRunner:
    """Runner of a plan of objects, its explainers and metrics registered."""
    missing = [key for key in TABLE_REQUIRED if key not in plan]
    if missing:
        raise PlanError(f"{file} must define {', '.join(missing)}; see `seewhy run --help`")
    data = plan["data"]
    if "labels" in plan:
        data = (data, list(plan["labels"]))
    runner = TabularRunner(
        summary_dir or plan.get("summary_dir", "explanations"),
        data,
        plan["predictor"],
        progress=progress,
        **{key: plan[key] for key in OPTIONS if key in plan},
    )
    runner.register_explainers(plan["explainers"], plan.get("benchmarkers"))
    return runner
