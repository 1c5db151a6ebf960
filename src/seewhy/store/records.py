"""What is put into a store and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Kind = Literal["TP", "FN", "FP"]
KINDS: tuple[Kind, ...] = ("TP", "FN", "FP")
Status = Literal["running", "finished", "interrupted", "failed"]


class ExplainerInfo(NamedTuple):
    """An explainer of a job.

    Attributes
    ----------
    name : str
        Name shown to people; unique in a job.
    signed : bool
        Whether zero means "no influence" and negative values mean "against": such maps are
        stored over a range that is symmetric about zero.
    params : mapping of str to JSON
        Arguments it was built with.
    baseline : bool
        Whether it is only there for the scores of others to be compared with. Its maps are not
        stored.
    """

    name: str
    signed: bool
    params: Mapping[str, JSON]
    baseline: bool = False


class MetricInfo(NamedTuple):
    """A metric of a job.

    Attributes
    ----------
    name : str
        Name shown to people; unique in a job.
    higher_is_better : bool
        Direction.
    low, high : float
        Lowest and highest possible score; may be infinite.
    params : mapping of str to JSON
        Arguments it was built with.
    chance : float or None
        Expected score of a map that knows nothing; None if only a random map tells.
    needs_mask : bool
        Whether it scores only labels of which a box is known.
    """

    name: str
    higher_is_better: bool
    low: float
    high: float
    params: Mapping[str, JSON]
    chance: float | None = None
    needs_mask: bool = False


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


class Uncertainty(NamedTuple):
    """How far the probability of one label of one sample can be trusted.

    Attributes
    ----------
    mean, std : float
        Mean and standard deviation of the passes, in [0, 1] and [0, 0.5].
    low, high : float
        Ends of the 95 % interval, in [0, 1].
    """

    mean: float
    std: float
    low: float
    high: float


class Inference(NamedTuple):
    """Probability that the network gave to one label of one sample.

    Attributes
    ----------
    label : int
        Class index.
    prob : float
        In [0, 1].
    kind : {"TP", "FN", "FP"} or None
        True positive, false negative, false positive; None if the ground truth is not known.
    uncertainty : Uncertainty or None
        None if it was not estimated.
    """

    label: int
    prob: float
    kind: Kind | None
    uncertainty: Uncertainty | None = None


class Box(NamedTuple):
    """Ground-truth bounding box in pixels of the original image, top left corner and size."""

    label: int | None
    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as the runner hands it to the store.

    Attributes
    ----------
    id : int
        Position in the data set, from 0.
    name : str
        Name shown to people.
    digest : str
        Digest of the network's input; tells a resumed run that the data are still the same.
    image : PIL.Image.Image
        Display-ready original of true size; the store keeps a JPEG of at most 512 px.
    ground_truth : tuple of int or None
        Class indices; None if not known.
    boxes : tuple of Box
        May be plain tuples (label or None, x, y, w, h).
    inferences : tuple of Inference
        One for each explained label.
    """

    id: int
    name: str
    digest: str
    image: Image.Image
    ground_truth: tuple[int, ...] | None
    boxes: tuple[Box | tuple[int | None, float, float, float, float], ...]
    inferences: tuple[Inference, ...]


@dataclass(frozen=True, slots=True)
class SaliencyMap:
    """A saliency map as the runner hands it to the store.

    Attributes
    ----------
    sample_id : int
        `Sample.id`.
    label : int
        Explained class index.
    explainer : str
        `ExplainerInfo.name`.
    values : numpy.ndarray of shape (h, w)
        Finite floats at the method's own grid, not resized to the image.
    """

    sample_id: int
    label: int
    explainer: str
    values: npt.NDArray[np.floating[Any]]


class KnownSample(NamedTuple):
    """What a store already holds of a sample.

    Attributes
    ----------
    digest : str
        `Sample.digest`.
    labels : frozenset of int
        Labels with a stored inference.
    maps : frozenset of (int, str)
        (label, explainer name) of every stored map.
    scores : frozenset of (int or None, str, str)
        (label, explainer name, metric name) of every stored score.
    boxed : frozenset of int
        Labels of which a box within the picture is stored.
    uncertain : frozenset of int
        Labels with a stored uncertainty.
    searched : frozenset of int
        Labels with a stored counterfactual, or a reason why there is none.
    """

    digest: str
    labels: frozenset[int]
    maps: frozenset[tuple[int, str]]
    scores: frozenset[tuple[int | None, str, str]] = frozenset()
    boxed: frozenset[int] = frozenset()
    uncertain: frozenset[int] = frozenset()
    searched: frozenset[int] = frozenset()


class MapRecord(NamedTuple):
    """A stored map without its pixels; `JobReader.saliency` gives those.

    Attributes
    ----------
    id, label, explainer
        Its id in the store, and what it explains how.
    width, height : int
        Of the method's own grid.
    vmin, vmax : float
        Range over which it is stored; symmetric about zero for a signed explainer.
    p99 : float
        99 % of the values, or of the magnitudes if signed, are lower. Few pixels of a gradient
        map outshine all others; a picture that ends here shows the others too.
    """

    id: int
    label: int
    explainer: str
    width: int
    height: int
    vmin: float
    vmax: float
    p99: float


class SampleRecord(NamedTuple):
    """A stored sample without its pictures."""

    id: int
    name: str
    digest: str
    width: int
    height: int
    ground_truth: tuple[int, ...] | None
    boxes: tuple[Box, ...]
    inferences: tuple[Inference, ...]
    maps: tuple[MapRecord, ...]


class JobInfo(NamedTuple):
    """Summary of a job.

    Attributes
    ----------
    name : str
        Job name.
    status : str
        What the writer last said: running, finished, interrupted, failed.
    state : str
        `status`, or "stalled" if the status says running but no process holds the job.
    created, updated : float
        Seconds since the epoch; `updated` is the last time anything was written.
    done, total : int, int or None
        Samples the run has dealt with, of how many.
    samples : int
        Samples stored.
    revision : int
        Grows with every batch written.
    size : int
        Bytes on disk.
    labels : int
        Number of classes.
    explainers : tuple of ExplainerInfo
        In the order in which they were registered.
    settings : mapping
        Settings the run was started with.
    versions : mapping
        Versions of the software that wrote it.
    forwards : str
        What ran the network's forwards, and why, in words; "" if that was not noted.
    uncertainty : mapping or None
        Settings with which uncertainties are estimated; None if they are not.
    hierarchical_occlusion : mapping or None
        Settings with which counterfactuals are searched; None if they are not.
    counterfactuals : (int, int)
        Labels with a region that decides the prediction, and all that were searched.
    rate : float or None
        Samples a second since the run was last started; None before the first ones.
    metrics : int
        Number of metrics that score the explanations.
    """

    name: str
    status: Status
    state: str
    created: float
    updated: float
    done: int
    total: int | None
    samples: int
    revision: int
    size: int
    labels: int
    explainers: tuple[ExplainerInfo, ...]
    settings: Mapping[str, JSON]
    versions: Mapping[str, str]
    forwards: str = ""
    uncertainty: Mapping[str, JSON] | None = None

    @property
    def kind(self) -> str:
        """What was explained, as "image classification" or "tabular regression"."""
        return str(self.settings.get("kind", ""))

    @property
    def is_tabular(self) -> bool:
        """Whether the samples are rows of a table; `TabularReader` reads them."""
        return self.kind.startswith("tabular")

    hierarchical_occlusion: Mapping[str, JSON] | None = None
    counterfactuals: tuple[int, int] = (0, 0)
    rate: float | None = None
    metrics: int = 0

    @property
    def remaining(self) -> float | None:
        """Seconds that a running job still needs at this rate; None if that cannot be said."""
        if self.state != "running" or self.total is None or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate
