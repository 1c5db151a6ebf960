"""Explaining a batch of samples and storing what is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seewhy.benchmark import LabelSensitiveMetric
from seewhy.explainer import Explainer
from seewhy.network import Network
from seewhy.runner.display import Display, to_picture
from seewhy.runner.interrupt import let_ctrl_c_raise
from seewhy.runner.resume import Numbered
from seewhy.runner.verdict import inferences
from seewhy.store import JobWriter, SaliencyMap, Sample, Score

# Activations in half precision overshoot 1 by so much.
ROUNDING = 1e-3


@dataclass(frozen=True)
class Explanation:
    """What is done with each batch; see `ImageClassificationRunner` for the fields."""

    network: Network
    num_labels: int
    explainers: Sequence[Explainer]
    metrics: Sequence[LabelSensitiveMetric]
    threshold: float
    exclusive: bool
    """Whether the probabilities are those of a softmax."""
    display: Display | None
    names: Sequence[str]

    def store(self, batch: Sequence[Numbered], writer: JobWriter) -> None:
        """Explain samples of one shape; what the store holds already is not done again."""
        try:
            labels = self._explained_labels(batch, writer)
            for explainer in self.explainers:
                for group in _groups(batch, labels, explainer.name):
                    self._explain_group(explainer, group, writer)
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

    def _explain_group(
        self, explainer: Explainer, group: list[tuple[Numbered, list[int]]], writer: JobWriter
    ) -> None:
        numbers = [numbered.number for numbered, _ in group]
        labels = [row for _, row in group]
        x = self.network.as_input(np.stack([numbered.sample.image for numbered, _ in group]))
        maps = explainer.native(x, labels)
        let_ctrl_c_raise()
        writer.add_maps(
            SaliencyMap(number, label, explainer.name, values)
            for number, row, rows in zip(numbers, labels, self.network.ops.numpy(maps), strict=True)
            for label, values in zip(row, rows, strict=True)
        )
        if not self.metrics:
            return
        enlarged = explainer.enlarged(maps, x)
        for position, targets in enumerate(zip(*labels, strict=True)):
            saliency = enlarged[:, position : position + 1]
            for metric in self.metrics:
                values = metric.evaluate(explainer, x, targets, saliency)
                let_ctrl_c_raise()
                writer.add_scores(
                    Score(number, label, explainer.name, metric.name, float(value))
                    for number, label, value in zip(numbers, targets, values, strict=True)
                )

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


def _groups(
    batch: Sequence[Numbered], labels: dict[int, list[int]], explainer: str
) -> list[list[tuple[Numbered, list[int]]]]:
    """Samples with the labels still to explain, those with equally many together.

    So nothing is explained in vain to fill up a batch.
    """
    groups: dict[int, list[tuple[Numbered, list[int]]]] = defaultdict(list)
    for numbered in batch:
        left = [k for k in labels[numbered.number] if (k, explainer) not in numbered.known_maps]
        if left:
            groups[len(left)].append((numbered, left))
    return list(groups.values())
