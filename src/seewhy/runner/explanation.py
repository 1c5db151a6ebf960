"""Explaining a batch of samples and storing what is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.benchmark import Metric, boxes_to_mask, evaluate_together
from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.explainer import Explainer
from seewhy.network import Network
from seewhy.runner.counterfactuals import store_counterfactuals
from seewhy.runner.display import Display, to_picture
from seewhy.runner.interrupt import let_ctrl_c_raise
from seewhy.runner.resume import Numbered
from seewhy.runner.verdict import inferences
from seewhy.store import JobWriter, SaliencyMap, Sample, Score, Uncertainty
from seewhy.uncertainty import EpistemicUncertainty

# Activations in half precision overshoot 1 by so much.
ROUNDING = 1e-3

Pattern: TypeAlias = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Explanation:
    """What is done with each batch; see `ImageClassificationRunner` for the fields."""

    network: Network
    num_labels: int
    explainers: Sequence[Explainer]
    baselines: Sequence[Explainer]
    """Scored, but not stored."""
    metrics: Sequence[Metric]
    threshold: float
    exclusive: bool
    """Whether the probabilities are those of a softmax."""
    display: Display | None
    names: Sequence[str]
    uncertainty: EpistemicUncertainty | None = None
    """Estimates how sure the network is of each probability."""
    search: HierarchicalOcclusion | None = None
    """Finds the region that decides each prediction."""

    def store(self, batch: Sequence[Numbered], writer: JobWriter) -> None:
        """Explain samples of one shape; what the store holds already is not done again."""
        try:
            labels = self._explained_labels(batch, writer)
            if self.uncertainty is not None:
                self._estimate(self.uncertainty, batch, labels, writer)
            for group in groups(batch, labels, (*self.explainers, *self.baselines)):
                self._explain_group(group, writer)
            if self.search is not None:
                store_counterfactuals(self.search, self.network, batch, labels, writer)
        except ValueError as error:
            first, last = batch[0].sample.item, batch[-1].sample.item
            items = f"item {first}" if first == last else f"items {first} to {last}"
            raise ValueError(f"{error} ({items} of `data` were being explained)") from error

    def _explained_labels(
        self, batch: Sequence[Numbered], writer: JobWriter
    ) -> dict[int, list[int]]:
        """Labels to explain by sample number; samples that are new are stored on the way."""
        labels = {n.number: sorted(n.known_labels) for n in batch if n.known_labels is not None}
        new = [numbered for numbered in batch if numbered.known_labels is None]
        if new:
            rows = probabilities(self.network, [n.sample.image for n in new], self.num_labels)
            for numbered, row in zip(new, rows, strict=True):
                sample = self._to_store(numbered, row)
                writer.add_sample(sample)
                labels[numbered.number] = [inference.label for inference in sample.inferences]
        return labels

    def _estimate(
        self,
        uncertainty: EpistemicUncertainty,
        batch: Sequence[Numbered],
        labels: Mapping[int, list[int]],
        writer: JobWriter,
    ) -> None:
        """Store how sure the network is of the labels of which that is not stored yet."""
        left = [n for n in batch if set(labels[n.number]) - n.known_uncertain]
        if not left:
            return
        x = self.network.as_input(np.stack([n.sample.image for n in left]))
        most = max(len(labels[n.number]) for n in left)
        # A label more costs next to nothing, so that rows are filled up by repeating one.
        rows = [(labels[n.number] * most)[:most] for n in left]
        found = uncertainty(x, rows)
        let_ctrl_c_raise()
        parts = [self.network.ops.numpy(part).astype(np.float64) for part in found[1:]]
        for place, numbered in enumerate(left):
            writer.add_uncertainties(
                (numbered.number, label, Uncertainty(*(float(part[place, k]) for part in parts)))
                for k, label in enumerate(labels[numbered.number])
            )

    def _explain_group(self, group: Group, writer: JobWriter) -> None:
        x = self.network.as_input(np.stack([n.sample.image for n in group.samples]))
        for explainers, labels in group.left:
            saliency = {}
            for explainer in explainers:
                maps = explainer.native(x, labels)
                let_ctrl_c_raise()
                if explainer not in self.baselines:
                    writer.add_maps(self._maps(explainer, group, labels, maps))
                if self.metrics:
                    saliency[explainer.name] = explainer.enlarged(maps, x)
            if self.metrics:
                mask = np.stack([masks(*pair) for pair in zip(group.samples, labels, strict=True)])
                scores = evaluate_together(self.metrics, explainers, x, labels, saliency, mask)
                let_ctrl_c_raise()
                writer.add_scores(_scores(group, labels, scores))

    def _maps(
        self, explainer: Explainer, group: Group, labels: list[list[int]], maps: Any
    ) -> Iterator[SaliencyMap]:
        arrays = self.network.ops.numpy(maps)
        for numbered, row, values in zip(group.samples, labels, arrays, strict=True):
            for label, value in zip(row, values, strict=True):
                yield SaliencyMap(numbered.number, label, explainer.name, value)

    def _to_store(self, numbered: Numbered, row: npt.NDArray[np.float64]) -> Sample:
        sample, position = numbered.sample, numbered.position
        picture = to_picture(sample.image, self.display)
        across = picture.width / sample.image.shape[2]
        down = picture.height / sample.image.shape[1]
        return Sample(
            id=numbered.number,
            name=self.names[position] if position < len(self.names) else str(numbered.number),
            digest=numbered.digest,
            image=picture,
            ground_truth=sample.labels,
            boxes=tuple(
                (box.label, box.x * across, box.y * down, box.w * across, box.h * down)
                for box in sample.boxes
            ),
            inferences=inferences(row, sample.labels, self.threshold, self.exclusive),
        )


def probabilities(
    network: Network, images: Sequence[npt.NDArray[np.float32]], num_labels: int
) -> npt.NDArray[np.float64]:
    """Probabilities (N, K) of images of one shape; ValueError if they are not that."""
    x = network.as_input(np.stack(images))
    made = network.ops.numpy(network.probabilities(x)).astype(np.float64)
    let_ctrl_c_raise()
    if made.shape[1] != num_labels:
        raise ValueError(
            f"`network` must have an output for each of the {num_labels} class names of `data`, "
            f"it has {made.shape[1]}"
        )
    low, high = made.min(), made.max()
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise ValueError(
            "`activation_fn` must turn the logits into probabilities in [0, 1], got values in "
            f"[{low:.4g}, {high:.4g}]"
        )
    return made.clip(0, 1)


def masks(numbered: Numbered, labels: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Where the object of each label is, by its mask or else by its boxes: (L, H, W)."""
    sample = numbered.sample
    size = sample.image.shape[1], sample.image.shape[2]
    boxes = [[box[1:] for box in sample.boxes if box.label == label] for label in labels]
    made = boxes_to_mask(boxes, size)[:, 0]
    given = dict(sample.masks)
    for place, label in enumerate(labels):
        if label in given:
            made[place] = given[label]
    return made


def _scores(
    group: Group,
    labels: list[list[int]],
    scores: Mapping[tuple[str, str], npt.NDArray[np.float64]],
) -> Iterator[Score]:
    """Scores to store; NaN says that a label has neither mask nor box."""
    for (metric, explainer), values in scores.items():
        for numbered, row, value in zip(group.samples, labels, values, strict=True):
            named = [(None, value)] if values.ndim == 1 else zip(row, value, strict=True)
            for label, number in named:
                if not np.isnan(number):
                    yield Score(numbered.number, label, explainer, metric, float(number))


@dataclass(frozen=True)
class Group:
    """Samples of which the same is left to do, so that nothing is done to fill up a batch."""

    samples: list[Numbered]
    left: list[tuple[list[Explainer], list[list[int]]]]
    """Explainers, and for each sample the labels that all of them have left."""


def groups(
    batch: Sequence[Numbered], labels: dict[int, list[int]], explainers: Sequence[Explainer]
) -> Iterator[Group]:
    """Put samples of one shape into groups; a sample with nothing left is in none."""
    patterns: dict[Pattern, list[Numbered]] = defaultdict(list)
    for numbered in batch:
        patterns[_pattern(numbered, labels[numbered.number], explainers)].append(numbered)
    for pattern, samples in patterns.items():
        alike: dict[tuple[int, ...], list[Explainer]] = defaultdict(list)
        for explainer, places in zip(explainers, pattern, strict=True):
            alike[places].append(explainer)
        yield Group(
            samples,
            [
                (these, [[labels[numbered.number][k] for k in places] for numbered in samples])
                for places, these in alike.items()
                if places
            ],
        )


def _pattern(numbered: Numbered, labels: Sequence[int], explainers: Sequence[Explainer]) -> Pattern:
    """Positions of the labels that each explainer has left."""
    return tuple(
        tuple(
            place
            for place, label in enumerate(labels)
            if (label, explainer.name) not in numbered.known_maps
        )
        for explainer in explainers
    )
