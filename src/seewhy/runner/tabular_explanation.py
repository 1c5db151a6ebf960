"""Explaining a batch of rows and storing what is found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.benchmark import RandomRanking, TabularFaithfulness
from seewhy.explainer import LIMETabular, SHAPGradient
from seewhy.explainer.shapley.base import ShapleyExplainer
from seewhy.explainer.tabular import Predictor
from seewhy.runner.interrupt import let_ctrl_c_raise
from seewhy.runner.tabular_answers import Answers
from seewhy.runner.tabular_data import Table
from seewhy.runner.tabular_resume import NumberedRow
from seewhy.store import Attribution, Rule, Score, TabularRow, TabularWriter

LocalExplainer: TypeAlias = LIMETabular | ShapleyExplainer
Floats: TypeAlias = npt.NDArray[np.float64]
Targets = Literal["predicted", "all"]

Left: TypeAlias = list[tuple[NumberedRow, list[int]]]
"""Rows with the labels that are left to explain."""


Found: TypeAlias = frozenset[int]
"""Labels of a row that are predicted or true: those that are scored."""

Values: TypeAlias = dict[tuple[int, int], Floats]
"""What each feature contributes, by row number and label."""


@dataclass(frozen=True)
class TabularExplanation:
    """What is done with each batch; see `TabularRunner` for the fields."""

    table: Table
    truth: Sequence[float | None]
    names: Sequence[str]
    predictor: Predictor
    answers: Answers
    explainers: Sequence[LocalExplainer]
    metrics: Sequence[TabularFaithfulness]
    targets: Targets
    threshold: float

    def is_finished(self, row: NumberedRow) -> bool:
        """Whether nothing is left to do for a row."""
        if row.known is None:
            return False
        found = row.known.labels
        names = [explainer.name for explainer in self.explainers]
        return not any(
            self._left(row, explainer, found) for explainer in self.explainers
        ) and not any(self._unscored(row, name, found) for name in (*names, RandomRanking.name))

    def store(self, batch: Sequence[NumberedRow], writer: TabularWriter) -> None:
        """Explain rows; what the store holds already is not done again."""
        try:
            found = self._found(batch, writer)
            for explainer in self.explainers:
                left = [(row, self._left(row, explainer, found[row.number])) for row in batch]
                values: Values = {}
                for group in alike([pair for pair in left if pair[1]], explainer):
                    attributions = list(self._attributions(explainer, group))
                    writer.add_attributions(attributions)
                    values |= {(each.row_id, each.label): each.values for each in attributions}
                self._score(explainer.name, batch, found, values, writer)
            self._score(RandomRanking.name, batch, found, {}, writer)
        except ValueError as error:
            first, last = batch[0].position, batch[-1].position
            rows = f"row {first}" if first == last else f"rows {first} to {last}"
            raise ValueError(f"{error} ({rows} of `data` were being explained)") from error

    def _found(self, batch: Sequence[NumberedRow], writer: TabularWriter) -> dict[int, Found]:
        """Labels predicted or true by row number; rows that are new are stored on the way."""
        labels: dict[int, Found] = {r.number: r.known.labels for r in batch if r.known is not None}
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
                labels[row.number] = frozenset(inference.label for inference in found)
        return labels

    def _left(self, row: NumberedRow, explainer: LocalExplainer, found: Found) -> list[int]:
        """Labels to explain: those without an attribution, and those that are not scored yet."""
        known = frozenset() if row.known is None else row.known.attributions
        unscored = self._unscored(row, explainer.name, found)
        labels = range(self.answers.num_outputs) if self.targets == "all" else sorted(found)
        return [
            label for label in labels if (label, explainer.name) not in known or label in unscored
        ]

    def _unscored(self, row: NumberedRow, explainer: str, found: Found) -> dict[int, list[str]]:
        """Metrics that have not scored an explainer yet, by label; none for other labels."""
        known = frozenset() if row.known is None else row.known.scores
        left = {
            label: [m.name for m in self.metrics if (label, explainer, m.name) not in known]
            for label in sorted(found)
        }
        return {label: metrics for label, metrics in left.items() if metrics}

    def _score(
        self,
        explainer: str,
        batch: Sequence[NumberedRow],
        found: Mapping[int, Found],
        values: Values,
        writer: TabularWriter,
    ) -> None:
        """Score the values of an explainer, or of the baseline, by all metrics that have not."""
        left = {row.number: self._unscored(row, explainer, found[row.number]) for row in batch}
        for metric in self.metrics:
            # Rows with as many labels go together: none has to be filled up.
            groups: dict[int, Left] = defaultdict(list)
            for row in batch:
                labels = [k for k, metrics in left[row.number].items() if metric.name in metrics]
                groups[len(labels)].append((row, labels))
            groups.pop(0, None)
            for group in groups.values():
                writer.add_scores(self._scores(explainer, metric, group, values))

    def _scores(
        self, explainer: str, metric: TabularFaithfulness, group: Left, values: Values
    ) -> Iterator[Score]:
        positions = np.array([row.position for row, _ in group])
        ids = np.array([labels for _, labels in group])
        if explainer == RandomRanking.name:
            scored = RandomRanking()(self.table.rows.values[positions], ids)
        else:
            scored = np.array([[values[row.number, k] for k in labels] for row, labels in group])
        made = metric.evaluate(self.table.native(positions), ids, scored)
        let_ctrl_c_raise()
        for (row, labels), scores in zip(group, made, strict=True):
            for label, score in zip(labels, scores, strict=True):
                yield Score(row.number, label, explainer, metric.name, float(score))

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
