"""Scores, as they are put into a store and as they come out of it."""

from __future__ import annotations

from typing import NamedTuple

from seewhy.store.sample_records import Kind


class Score(NamedTuple):
    """What a metric says of one explanation.

    Attributes
    ----------
    sample_id, label : int
        What was explained; label None: the score is of the sample, whatever the label.
    explainer, metric : str
        Names of `ExplainerInfo` and `MetricInfo`.
    value : float
        Finite.
    """

    sample_id: int
    label: int | None
    explainer: str
    metric: str
    value: float


class SummaryScore(NamedTuple):
    """A mean score of which nothing else is known.

    Attributes
    ----------
    explainer, metric : str
        Names of `ExplainerInfo` and `MetricInfo`.
    label : int or None
        Class index; None: over all labels.
    value : float
        Finite.
    """

    explainer: str
    metric: str
    label: int | None
    value: float


class ScoreSummary(NamedTuple):
    """Mean score of an explainer under a metric.

    Attributes
    ----------
    explainer, metric : str
        Names.
    label : int or None
        Class index, or None for all labels together.
    mean : float
        Over n explanations.
    n : int
        Number of explanations; 0 if only the mean is known, as in an imported summary.
    low, high : float
        95 % interval of the mean, by a bootstrap over samples; NaN for a single sample, and for
        n = 0.
    """

    explainer: str
    metric: str
    label: int | None
    mean: float
    n: int
    low: float
    high: float


class ScoredSample(NamedTuple):
    """An explanation with its score.

    Attributes
    ----------
    sample_id : int
        Sample.
    name : str
        Its name.
    label : int or None
        Class index of what was explained. Of a score that holds whatever the label, the sample's
        most probable label; None if it has none.
    value : float
        Score.
    prob : float or None
        Probability of the label.
    kind : {"TP", "FN", "FP"} or None
        Of the label.
    """

    sample_id: int
    name: str
    label: int | None
    value: float
    prob: float | None
    kind: Kind | None
