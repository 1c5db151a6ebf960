"""What metrics ask the network and the explainers; what several want alike is asked once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.benchmark.explanations import MapQuestion, explain
from seewhy.network.protocol import Network, Tensor
from seewhy.perturb.evaluate import chunk_sizes, evaluate

Scores: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Question:
    """Images whose probabilities a metric wants.

    Attributes
    ----------
    keys
        One for each image: images with equal keys are equal, whoever asks.
    make
        Makes the images (n, C, H, W) of n indices into `keys`.
    ids
        For each image the class (n,) whose probability is wanted; the answer is (n,). `None` wants
        all of them; the answer is (n, K).
    at_once
        Images that may go through the network together.
    """

    keys: Sequence[Hashable]
    make: Callable[[Indices], Tensor]
    ids: Indices | None
    at_once: int


Asking: TypeAlias = Generator[Question | MapQuestion, Scores, Scores]
"""A generator that yields questions and is sent the answers; that to a `MapQuestion` is empty."""

Judging: TypeAlias = Scores | Asking
"""The scores, or a generator that asks and returns the scores."""


@dataclass
class Hearing:
    """Answers the questions that judgings ask of one network with one `activation_fn`.

    Parameters
    ----------
    network
        Answers with its probabilities.
    classes
        The classes that questions may name; of other classes nothing is kept.
    check
        Is told the number of outputs before the first answer is given.
    """

    network: Network
    classes: Indices
    check: Callable[[int], None] = lambda outputs: None
    _named: dict[Hashable, Scores] = field(default_factory=dict)
    _whole: dict[Hashable, Scores] = field(default_factory=dict)

    def settle(self, judgings: Sequence[Judging]) -> list[Scores]:
        """Run all judgings to their end; return their scores in order."""
        scores: list[Any] = list(judgings)
        waiting: dict[int, tuple[Asking, Question | MapQuestion]] = {}

        def go_on(place: int, judging: Asking, answer: Any) -> None:
            try:
                waiting[place] = judging, judging.send(answer)
            except StopIteration as end:
                waiting.pop(place, None)
                scores[place] = end.value

        for place, judging in enumerate(judgings):
            if isinstance(judging, Generator):
                go_on(place, judging, None)
        while waiting:
            asked = [question for _, question in waiting.values()]
            self._ask([question for question in asked if isinstance(question, Question)])
            explain([question for question in asked if isinstance(question, MapQuestion)])
            for place, (judging, question) in list(waiting.items()):
                go_on(place, judging, self._answer(question))
        return scores

    def _ask(self, questions: Sequence[Question]) -> None:
        """Put what is not yet known to the network, in one stream."""
        with closing(evaluate(self.network, self._batches(questions))) as answers:
            for (question, part), probabilities in answers:
                rows = self.network.ops.numpy(probabilities).astype(np.float64)
                self.check(rows.shape[1])
                rows = rows if question.ids is None else rows[:, self.classes]
                known = self._known(question)
                known.update((question.keys[k], row) for k, row in zip(part, rows, strict=True))

    def _batches(
        self, questions: Sequence[Question]
    ) -> Iterator[tuple[tuple[Question, Indices], Tensor]]:
        asked: dict[bool, set[Hashable]] = {True: set(self._whole), False: set(self._named)}
        # Those that want all outputs come first: the others find theirs among them.
        for question in sorted(questions, key=lambda question: question.ids is not None):
            whole = question.ids is None
            new = []
            for index, key in enumerate(question.keys):
                if key not in asked[True] and (whole or key not in asked[False]):
                    asked[whole].add(key)
                    new.append(index)
            start = 0
            for number in chunk_sizes(len(new), question.at_once):
                part = np.array(new[start : start + number])
                yield (question, part), question.make(part)
                start += number

    def _known(self, question: Question) -> dict[Hashable, Scores]:
        return self._whole if question.ids is None else self._named

    def _answer(self, question: Question | MapQuestion) -> Scores:
        if isinstance(question, MapQuestion):
            return np.empty(0)
        if question.ids is None:
            return np.stack([self._whole[key] for key in question.keys])
        rows = np.stack(
            [
                self._whole[key][self.classes] if key in self._whole else self._named[key]
                for key in question.keys
            ]
        )
        column = np.searchsorted(self.classes, question.ids)
        picked: Scores = np.take_along_axis(rows, column[:, None], axis=1)[:, 0]
        return picked
