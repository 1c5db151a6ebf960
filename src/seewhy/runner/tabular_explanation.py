"""Explaining a batch of rows and storing what is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from seewhy.explainer import LIMETabular, SHAPGradient
from seewhy.explainer.shapley.base import ShapleyExplainer
from seewhy.explainer.tabular import Predictor
from seewhy.runner.interrupt import let_ctrl_c_raise
from seewhy.runner.tabular_answers import Answers
from seewhy.runner.tabular_data import Table
from seewhy.runner.tabular_resume import NumberedRow
from seewhy.store import Attribution, Rule, TabularRow, TabularWriter

LocalExplainer: TypeAlias = LIMETabular | ShapleyExplainer
Targets = Literal["predicted", "all"]

Left: TypeAlias = list[tuple[NumberedRow, list[int]]]
"""Rows with the labels that are left to explain."""


@dataclass(frozen=True)
class TabularExplanation:
    """What is done with each batch; see `TabularRunner` for the fields."""

    table: Table
    truth: Sequence[float | None]
    names: Sequence[str]
    predictor: Predictor
    answers: Answers
    explainers: Sequence[LocalExplainer]
    targets: Targets
    threshold: float

    def is_finished(self, row: NumberedRow) -> bool:
        """Whether nothing is left to do for a row."""
        return row.known is not None and not any(
            self._left(row, explainer, self._wanted(row.known.labels))
            for explainer in self.explainers
        )

    def store(self, batch: Sequence[NumberedRow], writer: TabularWriter) -> None:
        """Explain rows; what the store holds already is not done again."""
        try:
            labels = self._labels(batch, writer)
            for explainer in self.explainers:
                left = [(row, self._left(row, explainer, labels[row.number])) for row in batch]
                for group in alike([pair for pair in left if pair[1]], explainer):
                    writer.add_attributions(self._attributions(explainer, group))
        except ValueError as error:
            first, last = batch[0].position, batch[-1].position
            rows = f"row {first}" if first == last else f"rows {first} to {last}"
            raise ValueError(f"{error} ({rows} of `data` were being explained)") from error

    def _labels(self, batch: Sequence[NumberedRow], writer: TabularWriter) -> dict[int, list[int]]:
        """Labels to explain by row number; rows that are new are stored on the way."""
        labels = {r.number: self._wanted(r.known.labels) for r in batch if r.known is not None}
        new = [row for row in batch if row.known is None]
        if new:
            features = self.table.rows.values[[row.position for row in new]]
            outputs = self.predictor(features, self.table.rows.kind)
            let_ctrl_c_raise()
            for row, cells, answer in zip(new, features, outputs, strict=True):
                truth = self.truth[row.position]
                found = self.answers.inferences(answer, truth, self.threshold)
                writer.add_row(
                    TabularRow(
                        row.number,
                        self.names[row.position] if self.names else str(row.number),
                        row.digest,
                        cells,
                        answer,
                        truth,
                        found,
                    )
                )
                labels[row.number] = self._wanted({inference.label for inference in found})
        return labels

    def _wanted(self, found: set[int] | frozenset[int]) -> list[int]:
        """Labels to explain, given those that are predicted or true."""
        return list(range(self.answers.num_outputs)) if self.targets == "all" else sorted(found)

    @staticmethod
    def _left(row: NumberedRow, explainer: LocalExplainer, labels: list[int]) -> list[int]:
        known = frozenset() if row.known is None else row.known.attributions
        return [label for label in labels if (label, explainer.name) not in known]

    def _attributions(self, explainer: LocalExplainer, group: Left) -> Iterator[Attribution]:
        native = self.table.native(np.array([row.position for row, _ in group]))
        most = max(len(labels) for _, labels in group)
        # Rows with fewer labels are filled up by repeating them.
        ids = [(labels * most)[:most] for _, labels in group]
        if isinstance(explainer, LIMETabular):
            made = _of_rules(explainer, native, ids)
        else:
            made = _of_values(explainer, native, ids)
        let_ctrl_c_raise()
        for n, (row, labels) in enumerate(group):
            for place, label in enumerate(labels):
                yield Attribution(row.number, label, explainer.name, **made(n, place))


def alike(left: Left, explainer: LocalExplainer) -> Iterator[Left]:
    """Groups of rows to be explained in one call.

    A label more costs those who ask for answers next to nothing, and all rows share the answers of
    a call. Gradients cost as much for a label as for a row: there, rows have the same number.
    """
    if not isinstance(explainer, SHAPGradient):
        yield from [left] if left else []
        return
    groups: dict[int, Left] = defaultdict(list)
    for pair in left:
        groups[len(pair[1])].append(pair)
    yield from groups.values()


def _of_values(explainer: ShapleyExplainer, native: Any, ids: list[list[int]]) -> Any:
    found = explainer.explain(native, ids)

    def made(n: int, place: int) -> dict[str, Any]:
        return {
            "base": float(found.base_values[n, place]),
            "output": float(found.outputs[n, place]),
            "values": found.values[n, place],
        }

    return made


def _of_rules(explainer: LIMETabular, native: Any, ids: list[list[int]]) -> Any:
    rules, models = explainer.explain(native, ids)
    dense = models.dense(explainer.num_features)

    def made(n: int, place: int) -> dict[str, Any]:
        return {
            "base": float(models.intercepts[n, place]),
            "output": float(models.outputs[n, place]),
            "values": dense[n, place],
            "rules": tuple(
                Rule(int(feature), *rule)
                for feature, rule in zip(models.features[n, place], rules[n][place], strict=True)
            ),
            "fit": float(models.scores[n, place]),
        }

    return made
