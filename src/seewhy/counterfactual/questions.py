"""What searches ask the network: many searches at once, in full batches, nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from seewhy.counterfactual.edit_tree import Box, Mask
from seewhy.network.logits import NotFiniteError
from seewhy.network.protocol import Network, Tensor
from seewhy.perturb.evaluate import chunk_sizes, evaluate

Found = TypeVar("Found")
Outputs: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Question:
    """Edited images whose output is wanted: image i is edited at `painted` and at `boxes[i]`.

    Attributes
    ----------
    painted
        (H, W).
    boxes
        None asks about `painted` alone: one image.
    """

    painted: Mask
    boxes: Sequence[Box] | None = None

    def __len__(self) -> int:
        return 1 if self.boxes is None else len(self.boxes)

    def mask(self, index: int) -> Mask:
        """Return where image `index` is edited: (H, W)."""
        if self.boxes is None:
            return self.painted
        x, y, width, height = self.boxes[index]
        made = self.painted.copy()
        made[y : y + height, x : x + width] = True
        return made

    def keys(self) -> list[bytes]:
        """One for each image: equal masks have equal keys."""
        masks = (np.packbits(self.mask(index)) for index in range(len(self)))
        return [blake2b(mask.tobytes(), digest_size=16).digest() for mask in masks]


Asking: TypeAlias = Generator[list[Question], Outputs, Found]
"""A generator that yields questions, is sent the outputs for all their images, and returns."""


@dataclass
class Search(Generic[Found]):
    """A search for one label of one sample; `asking` yields its questions.

    Attributes
    ----------
    seen
        Keys of the images that it asked about.
    """

    sample: int
    label: int
    asking: Asking[Found]
    unanswerable: Callable[[], Found]
    """Makes its end where the network's answer is not finite."""
    seen: set[bytes] = field(default_factory=set)


@dataclass(frozen=True)
class _Asked:
    """Questions of a search that waits for an answer, with the keys of their images."""

    search: Search[Any]
    questions: list[Question]
    keys: list[list[bytes]]


@dataclass
class Hearing:
    """Answers the questions of many searches about the same samples.

    Attributes
    ----------
    network
        Answers with its probabilities.
    before
        (N, 3, H, W): the samples before any edit.
    after
        (N, 3, H, W): what they show where they are edited.
    limit
        Images that go through the network together, at the most.
    incremental
        Whether the network may compute only what a box changes, where that is quicker.
    """

    network: Network
    before: Tensor
    after: Tensor
    limit: int | None
    incremental: bool
    _known: dict[tuple[int, bytes], Outputs] = field(default_factory=dict)
    _classes: Indices = field(default_factory=lambda: np.empty(0, np.int64))
    _too_few: dict[int, int] = field(default_factory=dict)
    """Boxes of a side that are too few for it to be quicker to compute only what they change."""
    _pairs: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # One sample each, before and after: indexing costs more than it seems.
        parts = [slice(sample, sample + 1) for sample in range(int(self.before.shape[0]))]
        self._pairs = [(self.before[part], self.after[part]) for part in parts]

    def settle(self, searches: Sequence[Search[Found]]) -> list[Found]:
        """Run all searches to their end; return what they found, in order."""
        self._classes = np.unique([search.label for search in searches])
        found: dict[int, Found] = {}
        waiting: dict[int, _Asked] = {}

        def go_on(place: int, search: Search[Found], outputs: Outputs | None) -> None:
            waiting.pop(place, None)
            try:
                # A generator that has not begun takes None only, whatever its type says.
                questions = search.asking.send(outputs)  # type: ignore[arg-type]
            except StopIteration as end:
                found[place] = end.value
                return
            keys = [question.keys() for question in questions]
            search.seen.update(key for some in keys for key in some)
            waiting[place] = _Asked(search, questions, keys)

        for place, search in enumerate(searches):
            go_on(place, search, None)
        while waiting:
            self._ask(list(waiting.values()))
            for place, asked in list(waiting.items()):
                outputs = self._outputs(asked)
                if np.isnan(outputs).any():
                    del waiting[place]
                    found[place] = asked.search.unanswerable()
                else:
                    go_on(place, asked.search, outputs)
        return [found[place] for place in range(len(searches))]

    def _outputs(self, asked: _Asked) -> Outputs:
        column, sample = np.searchsorted(self._classes, asked.search.label), asked.search.sample
        keys = [key for some in asked.keys for key in some]
        return np.array([self._known[sample, key][column] for key in keys])

    def _ask(self, waiting: Sequence[_Asked]) -> None:
        """Put what is not yet known to the network."""
        left: list[tuple[int, bytes, Question, int]] = []
        asked: set[tuple[int, bytes]] = set()
        for one in waiting:
            sample = one.search.sample
            for question, keys in zip(one.questions, one.keys, strict=True):
                new = []
                for index, key in enumerate(keys):
                    if (sample, key) not in self._known and (sample, key) not in asked:
                        asked.add((sample, key))
                        new.append(index)
                if not self._boxes_answered(sample, question, new, keys):
                    left += [(sample, keys[index], question, index) for index in new]
        # Images of one sample are made together.
        left.sort(key=lambda entry: entry[0])
        try:
            with closing(evaluate(self.network, self._batches(left))) as answers:
                for entries, probabilities in answers:
                    self._keep([(entry[0], entry[1]) for entry in entries], probabilities)
        except NotFiniteError:
            self._ask_one_by_one(left)

    def _boxes_answered(
        self, sample: int, question: Question, new: list[int], keys: list[bytes]
    ) -> bool:
        """Ask about the boxes by what they change, if the network can do that."""
        if not self.incremental or question.boxes is None or not new:
            return False
        side = question.boxes[0].width
        if len(new) <= self._too_few.get(side, 1):
            return False
        rest = [question.boxes[index] for index in new]
        corners = np.array([(y, x, height, width) for x, y, width, height in rest])
        image = self._images(sample, [question.painted])
        stream = self.network.replaced_boxes(image, self._pairs[sample][1], corners, self.limit)
        if stream is None:
            self._too_few[side] = len(new)
            return False
        try:
            for _, indices, probabilities in stream:
                self._keep([(sample, keys[new[index]]) for index in indices], probabilities)
        except NotFiniteError:
            return False
        finally:
            close = getattr(stream, "close", None)
            if close is not None:
                close()
        return True

    def _batches(
        self, left: list[tuple[int, bytes, Question, int]]
    ) -> Iterator[tuple[list[tuple[int, bytes, Question, int]], Tensor]]:
        if not left:
            return
        start = 0
        for number in chunk_sizes(len(left), self.network.batch_size(self.before, self.limit)):
            part = left[start : start + number]
            masks: dict[int, list[Mask]] = {}
            for sample, _, question, index in part:
                masks.setdefault(sample, []).append(question.mask(index))
            made = [self._images(sample, some) for sample, some in masks.items()]
            yield part, made[0] if len(made) == 1 else self.network.ops.concat(made)
            start += number

    def _ask_one_by_one(self, left: list[tuple[int, bytes, Question, int]]) -> None:
        """Find out for which of the images the network has no answer: theirs is NaN."""
        for sample, key, question, index in left:
            if (sample, key) in self._known:
                continue
            image = self._images(sample, [question.mask(index)])
            try:
                self._keep([(sample, key)], self.network.probabilities(image))
            except NotFiniteError:
                self._known[sample, key] = np.full(len(self._classes), np.nan)

    def _images(self, sample: int, masks: Sequence[Mask]) -> Tensor:
        """Return a sample edited at each of the masks: (b, 3, H, W)."""
        ops, (before, after) = self.network.ops, self._pairs[sample]
        return ops.where(ops.tensor(np.stack(masks)[:, None], like=self.before), after, before)

    def _keep(self, names: Sequence[tuple[int, bytes]], probabilities: Tensor) -> None:
        rows = self.network.ops.numpy(probabilities).astype(np.float64)[:, self._classes]
        self._known.update(zip(names, rows, strict=True))
