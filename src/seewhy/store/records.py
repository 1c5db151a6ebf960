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
    """

    name: str
    signed: bool
    params: Mapping[str, JSON]


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
    """

    name: str
    higher_is_better: bool
    low: float
    high: float
    params: Mapping[str, JSON]


class Score(NamedTuple):
    """What a metric says of one explanation.

    Attributes
    ----------
    sample_id, label : int
        What was explained.
    explainer, metric : str
        Names of `ExplainerInfo` and `MetricInfo`.
    value : float
        Finite.
    """

    sample_id: int
    label: int
    explainer: str
    metric: str
    value: float


class ScoreSummary(NamedTuple):
    """Mean score of an explainer under a metric, over n explanations.

    `label` is a class index, or None for all labels together.
    """

    explainer: str
    metric: str
    label: int | None
    mean: float
    n: int


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
    """

    label: int
    prob: float
    kind: Kind | None


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
    scores : frozenset of (int, str, str)
        (label, explainer name, metric name) of every stored score.
    """

    digest: str
    labels: frozenset[int]
    maps: frozenset[tuple[int, str]]
    scores: frozenset[tuple[int, str, str]] = frozenset()


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
