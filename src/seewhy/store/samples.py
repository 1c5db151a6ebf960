"""Samples with all that belongs to them, a page at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from seewhy.store.sample_records import Box, Inference, MapRecord, SampleRecord, Uncertainty
from seewhy.store.score_records import Score


def fetch_samples(
    connection: sqlite3.Connection, sample_ids: Sequence[int]
) -> tuple[SampleRecord, ...]:
    """Read samples in the order of `sample_ids`; unknown ones are left out.

    Inferences come with the most probable first, maps in the order of the explainers.
    """
    where = f"WHERE sample_id IN ({','.join('?' * len(sample_ids))})"
    inferences: dict[int, list[Inference]] = {}
    for number, label, prob, kind, *values in connection.execute(
        f"SELECT sample_id, label_id, prob, kind, mean, std, low, high FROM inference {where} "
        "ORDER BY prob DESC, label_id",
        sample_ids,
    ):
        uncertainty = None if None in values else Uncertainty(*values)
        inferences.setdefault(number, []).append(Inference(label, prob, kind, uncertainty))
    boxes: dict[int, list[Box]] = {}
    for number, *values in connection.execute(
        f"SELECT sample_id, label_id, x, y, w, h FROM box {where} ORDER BY position", sample_ids
    ):
        boxes.setdefault(number, []).append(Box(*values))
    maps: dict[int, list[MapRecord]] = {}
    for number, *values in connection.execute(
        "SELECT sample_id, map.id, label_id, explainer.name, width, height, vmin, vmax, p99 "
        f"FROM map JOIN explainer ON explainer.id = explainer_id {where} "
        "ORDER BY explainer_id, label_id",
        sample_ids,
    ):
        maps.setdefault(number, []).append(MapRecord(*values))
    found = {
        number: SampleRecord(
            number,
            name,
            digest,
            width,
            height,
            None if truth is None else tuple(json.loads(truth)),
            tuple(boxes.get(number, ())),
            tuple(inferences.get(number, ())),
            tuple(maps.get(number, ())),
        )
        for number, name, digest, width, height, truth in connection.execute(
            "SELECT id, name, digest, width, height, ground_truth FROM sample "
            f"{where.replace('sample_id', 'id')}",
            sample_ids,
        )
    }
    return tuple(found[number] for number in sample_ids if number in found)


def fetch_scores(connection: sqlite3.Connection, sample_id: int) -> tuple[Score, ...]:
    """Read what every metric says of every explanation of a sample."""
    scores = " UNION ALL ".join(
        f"SELECT metric_id, explainer_id, {label}, value FROM {table} WHERE sample_id = :id"
        for table, label in (("score", "label_id"), ("sample_score", "NULL"))
    )
    rows = connection.execute(
        f"SELECT label_id, explainer.name, metric.name, value FROM ({scores}) "
        "JOIN explainer ON explainer.id = explainer_id JOIN metric ON metric.id = metric_id "
        "ORDER BY metric_id, explainer_id, label_id",
        {"id": sample_id},
    )
    return tuple(Score(sample_id, *row) for row in rows)
