"""What the assessment page shows, as plain data: templates draw it, and the JSON twin is it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from seewhy.store import JobInfo, JobReader, ScoredSample
from seewhy.viewer.assessment.labels import NAMED, LabelTable, label_table
from seewhy.viewer.assessment.ranking import metric_list, metric_scale, ranking
from seewhy.viewer.assessment.state import FEW, AssessmentState
from seewhy.viewer.assessment.summary import Summary
from seewhy.viewer.assessment.words import comparisons
from seewhy.viewer.assessment.worth import WEIGHTINGS
from seewhy.viewer.charts import Scale
from seewhy.viewer.job_data import Data, job_data
from seewhy.viewer.query_string import BadQuery

UNIT = Scale(0, 1, (0, 0.5, 1))
COLUMNS = ("explainer", "metric", "label", "mean", "low", "high", "n")


class AssessmentPage(NamedTuple):
    """The assessment page; `state` is `given` with the names that it left out."""

    job: Data
    given: AssessmentState
    state: AssessmentState
    metrics: list[Data]
    explainers: list[str]
    baselines: list[str]
    ranking: list[Data]
    scales: dict[str, Scale]
    comparisons: Data
    labels: LabelTable | None
    samples: list[Data]
    unit: Scale = UNIT
    weightings: int = WEIGHTINGS

    @property
    def browse(self) -> str:
        """Address of the page that shows samples."""
        return "rows" if self.job["tabular"] else "saliency"

    def metric(self, name: str) -> Data:
        """A metric by name."""
        return next(metric for metric in self.metrics if metric["name"] == name)

    def of_labels(self, name: str) -> Data:
        """A metric without its best baseline, whose mean over all labels says nothing of one."""
        return self.metric(name) | {"best_baseline": None}

    def order(self) -> str:
        """Order of the labels, in words."""
        by = self.state.sort.removeprefix("-")
        turned = by != self.state.sort
        if by == "n":
            return f"those with the {'fewest' if turned else 'most'} explanations first"
        if by == "name":
            return f"by name{', backwards' if turned else ''}"
        return f"those with the {'worst' if turned else 'best'} score in {by[2:]} first"

    def twin(self) -> Data:
        """The page as JSON."""
        labels = self.labels
        return {
            "job": self.job,
            "metrics": self.metrics,
            "explainers": self.ranking,
            "comparisons": self.comparisons,
            "looking_at": {
                "across": self.state.across,
                "metric": self.state.metric,
                "explainer": self.state.explainer,
                "label": self.state.label or None,
                "end": self.state.end,
            },
            "columns": [c["name"] for c in labels.columns if not c["hidden"]] if labels else [],
            "labels": labels.rows if labels else [],
            "labels_found": labels.found if labels else 0,
            "labels_without_score": labels.unscored if labels else [],
            "samples": self.samples,
        }

    def rows(self) -> list[tuple[object, ...]]:
        """The page as a table: means of all samples, then those of the labels shown."""
        names = [metric["name"] for metric in self.metrics if metric["scored"]]
        made = [
            _line(row["explainer"], metric, "", cell)
            for row in self.ranking
            for metric, cell in zip(names, row["cells"], strict=True)
        ]
        if self.labels:
            across = self.state.across == "explainers"
            shown = [column["name"] for column in self.labels.columns if not column["hidden"]]
            for row in self.labels.rows:
                for name, cell in zip(shown, row["cells"], strict=True):
                    explainer = name if across else self.state.explainer
                    metric = self.state.metric if across else name
                    made.append(_line(explainer, metric, row["label"], cell))
        return made


def assessment_page(
    identifier: str, job: JobReader, info: JobInfo, summary: Summary, given: AssessmentState
) -> AssessmentPage:
    """Fetch all that the assessment page shows.

    Raises
    ------
    BadQuery
        If the state names a metric, explainer or label that the job does not have.
    """
    _check(given, job, summary)
    metrics = metric_list(summary, given)
    state = _complete(given, metrics, summary)
    labels = None
    if state.metric in summary.by_label or (summary.by_label and state.across == "metrics"):
        labels = label_table(job, summary, metrics, state)
    return AssessmentPage(
        job=job_data(identifier, info),
        given=given,
        state=state,
        metrics=metrics,
        explainers=list(summary.explainers),
        baselines=list(summary.baselines),
        ranking=ranking(summary, given),
        scales={metric["name"]: metric_scale(summary, metric) for metric in metrics},
        comparisons=summary.keep("comparisons", lambda: comparisons(summary)),
        labels=labels,
        samples=_samples(job, info, state),
    )


def unscored_words(names: Sequence[str]) -> str:
    """The first few names, and how many there are besides."""
    rest = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def _check(state: AssessmentState, job: JobReader, summary: Summary) -> None:
    metrics = [metric.name for metric in summary.metrics]
    explainers = (*summary.explainers, *summary.baselines)
    columns = explainers if state.across == "explainers" else metrics
    for kind, name, known in (
        *(("metric", name, metrics) for name, _ in state.weights),
        ("metric", state.metric, metrics),
        ("explainer", state.explainer, explainers),
        ("label", state.label, job.labels),
        ("metric with scores", state.rank.partition("m.")[2], [m.name for m in summary.scored()]),
        ("column", state.sort.partition("c.")[2], columns),
    ):
        if name and name not in known:
            raise BadQuery(f"this job has no {kind} {name[:100]!r}")


def _complete(state: AssessmentState, metrics: list[Data], summary: Summary) -> AssessmentState:
    """Name the metric and the explainer that are looked at where nobody has chosen."""
    scored = [metric["name"] for metric in metrics if metric["scored"]]
    by_label = [metric["name"] for metric in metrics if metric["by_label"]]
    metric = state.metric or next(iter([*by_label, *scored]), "")
    explainer = state.explainer or next(iter((*summary.explainers, *summary.baselines)), "")
    return replace(state, metric=metric, explainer=explainer)


def _samples(job: JobReader, info: JobInfo, state: AssessmentState) -> list[Data]:
    if not (state.metric and state.explainer):
        return []
    version = f"?v={int(info.created * 1000):x}"
    label = job.labels.index(state.label) if state.label else None
    found = job.extreme_scores(
        state.metric, state.explainer, label, state.end == "highest", limit=FEW
    )
    return [
        {
            "id": scored.sample_id,
            "name": scored.name,
            "index": scored.label,
            "label": None if scored.label is None else job.labels[scored.label],
            "score": scored.value,
            "prob": scored.prob,
            "kind": scored.kind,
            "href": _link(info, scored),
            "thumbnail": None if info.is_tabular else f"thumbnail/{scored.sample_id}.jpeg{version}",
        }
        for scored in found
    ]


def _link(info: JobInfo, scored: ScoredSample) -> str:
    """Address of what was explained, with the maps or values of the label."""
    if not info.is_tabular:
        return f"saliency?zoom={scored.sample_id}.{scored.label or 0}"
    target = "" if scored.label is None else f"&target={scored.label}"
    return f"rows?row={scored.sample_id}{target}"


def _line(explainer: str, metric: str, label: str, cell: Data | None) -> tuple[object, ...]:
    values = (None,) * 4 if cell is None else (cell[key] for key in ("mean", "low", "high", "n"))
    return (explainer, metric, label, *values)
