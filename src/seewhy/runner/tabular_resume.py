"""Knowing the rows of an interrupted run again."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.explainer.tabular import Kind, Predictor
from seewhy.store import KnownRow, TabularWriter
from seewhy.store.resume import CURE

logger = logging.getLogger("seewhy")

LOOK_UP = 500
CHECKED_ROWS = 64

# Answers of the same model differ by rounding, on another device a little more.
RELATIVE = 1e-3
ABSOLUTE = 1e-5


@dataclass(frozen=True)
class NumberedRow:
    """A row of the data, its number in the store, and what the store already holds of it."""

    number: int
    position: int
    """Position in the data."""
    digest: str
    known: KnownRow | None
    """None if the row is new."""


def number_rows(digests: Sequence[str], writer: TabularWriter) -> Iterator[NumberedRow]:
    """Give each row the number that it has in the store, or a free one: its position, if it can be.

    Rows are known by their content; the k-th of several equal rows is the k-th of those stored.
    Stored rows that did not come are warned of.
    """
    stored = writer.digests()
    waiting: dict[str, list[int]] = defaultdict(list)
    for number, digest in reversed(stored):
        waiting[digest].append(number)
    if stored:
        logger.info("%s holds %d rows: going on with it", writer.path, len(stored))
    found = [waiting[d].pop() if waiting.get(d) else None for d in digests]
    strangers = sum(map(len, waiting.values()))
    if strangers:
        logger.warning("%s also holds %d rows that `data` does not have", writer.path, strangers)
    numbers = _numbers(found, {number for number, _ in stored})
    for start in range(0, len(digests), LOOK_UP):
        part = range(start, min(start + LOOK_UP, len(digests)))
        known = writer.known([numbers[i] for i in part if found[i] is not None])
        for i in part:
            yield NumberedRow(numbers[i], i, digests[i], known.get(numbers[i]))


def _numbers(found: Sequence[int | None], taken: set[int]) -> list[int]:
    """Numbers of all rows, given those of the rows that are stored."""
    new = [i for i, number in enumerate(found) if number is None]
    in_place = {i for i in new if i not in taken}
    free = (n for n in range(len(found) + len(taken)) if n not in taken and n not in in_place)
    return [
        number if number is not None else i if i in in_place else next(free)
        for i, number in enumerate(found)
    ]


def check_same_answers(writer: TabularWriter, predictor: Predictor, kind: Kind) -> None:
    """Raise ValueError unless the predictor answers for stored rows as it did when it was stored.

    No digest can tell whether two callables are the same; their answers can.
    """
    rows, stored = writer.first_rows(CHECKED_ROWS)
    if not len(rows):
        return
    answers = predictor(rows, kind)
    wrong = ~np.isclose(answers, stored, rtol=RELATIVE, atol=ABSOLUTE)
    if wrong.any():
        row, output = np.argwhere(wrong)[0]
        raise ValueError(
            f"{writer.path} was written with another `predictor`: output {output} of a stored row "
            f"is {stored[row, output]:.6g}, this one answers {answers[row, output]:.6g}: {CURE}"
        )
