"""Samples and maps, as they are put into a store and as they come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

Kind = Literal["TP", "FN", "FP"]
KINDS: tuple[Kind, ...] = ("TP", "FN", "FP")


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
