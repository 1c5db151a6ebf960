"""What the zoom dialog shows of one sample beyond its row."""

from __future__ import annotations

from seewhy.store import JobInfo, JobReader, SampleQuery, SampleRecord
from seewhy.viewer.job_data import Data
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.saliency.agreement import agreement
from seewhy.viewer.saliency.sample_data import active_label, sample_data


def zoom_data(job: JobReader, info: JobInfo, target: tuple[int, int], query: SampleQuery) -> Data:
    """Describe the sample and label of `target`, among those that `query` lists.

    Raises
    ------
    BadQuery
        If the job has no such sample.
    """
    try:
        record = job.sample(target[0])
    except KeyError:
        raise BadQuery(f"this job has no sample {target[0]}") from None
    label = active_label(record, SampleQuery(), target[1])
    before, after = job.neighbours(query, record.id)
    return sample_data(record, job.labels, info, label) | {
        "previous": _link(before, query),
        "next": _link(after, query),
        "scores": _scores(job, info, record, label),
        "agreement": agreement(job, record, label),
    }


def _link(record: SampleRecord | None, query: SampleQuery) -> tuple[int, int] | None:
    """The sample and the label that it would show in the list."""
    label = None if record is None else active_label(record, query)
    return None if record is None or label is None else (record.id, label)


def _scores(job: JobReader, info: JobInfo, record: SampleRecord, label: int | None) -> list[Data]:
    """What each metric says of each explainer's map, explainers in the order of the job."""
    found = {
        (score.metric, score.explainer): score.value
        for score in job.sample_scores(record.id)
        if score.label in (None, label)
    }
    return [
        {
            "metric": metric.name,
            "higher_is_better": metric.higher_is_better,
            "values": [found.get((metric.name, explainer.name)) for explainer in info.explainers],
        }
        for metric in job.metrics()
        if any(name == metric.name for name, _ in found)
    ]
