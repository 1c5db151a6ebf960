"""What LIME works with but warns of."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np

from seewhy.explainer.tabular.features import Feature
from seewhy.explainer.tabular.rows import Array


def warn_of_unseen(rows: Array, features: Sequence[Feature], names: list[str]) -> None:
    """Warn of categories that the training data do not have."""
    for k in (k for k, feature in enumerate(features) if feature.is_categorical):
        unseen = np.unique(rows[~np.isin(rows[:, k], features[k].codes), k])
        if unseen.size:
            warnings.warn(
                f"`inputs` has the category {int(unseen[0])} of feature {names[k]!r}, which "
                "was not in the training data: no perturbed row has it, and its weight means "
                "little",
                UserWarning,
                stacklevel=4,
            )


def warn_of_repeated(names: list[str]) -> None:
    """Warn of features that share a name."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        warnings.warn(
            f"several features are called {repeated[0]!r}, and rules cannot tell them apart; give "
            "distinct `feature_names`",
            UserWarning,
            stacklevel=4,
        )


def warn_of_constants(features: Sequence[Feature]) -> None:
    """Warn of features that have one bin or category only."""
    constant = [k for k, feature in enumerate(features) if len(feature.codes) == 1]
    if constant:
        warnings.warn(
            f"`train_feat_stats` has one value only of the columns {constant}: no perturbed row "
            "has another, and their weights are 0; leave them out",
            UserWarning,
            stacklevel=3,
        )
