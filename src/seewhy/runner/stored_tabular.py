"""Stored explanations of rows as the objects that draw and summarise them."""

from __future__ import annotations

import numpy as np

from seewhy.explainer import GlobalImportance, ShapleyExplanation, global_importance
from seewhy.store import TabularReader


def stored_explanation(
    job: TabularReader, explainer: str, label: str | int = 0
) -> ShapleyExplanation:
    """Read what an explainer said of one output, for waterfalls and beeswarms.

    Parameters
    ----------
    job
        An open job (`seewhy.store.read_tabular`).
    explainer
        Its name. LIME's values do not lead from the base value to the output.
    label
        Class name or index; 0 for a regression.

    Returns
    -------
    The rows for which this output was explained, by row id, with L = 1.

    Raises
    ------
    KeyError
        If the job holds nothing of it.
    ValueError
        If there is no such label.
    """
    found = job.attributions(explainer, label)
    index = job.labels.index(label) if isinstance(label, str) else label
    number = len(found.row_ids)
    return ShapleyExplanation(
        values=found.values[:, None],
        base_values=found.base_values[:, None],
        outputs=found.outputs[:, None],
        rows=found.rows,
        targets=np.full((number, 1), index, np.int64),
        feature_names=job.feature_names,
        class_names=[[job.labels[index]]] * number,
    )


def stored_importance(job: TabularReader, explainer: str, label: str | int = 0) -> GlobalImportance:
    """Mean |value| of each feature over the stored rows for which one output was explained.

    Run with `targets="all"` if all rows should count: otherwise those count for which the class was
    predicted or true. Parameters and errors are those of `stored_explanation`.
    """
    return global_importance(stored_explanation(job, explainer, label))
