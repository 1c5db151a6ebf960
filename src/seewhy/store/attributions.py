"""What explainers said of rows, and of the model as a whole, out of the store."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from seewhy.store.tabular_records import Attribution, Attributions, Floats, Rule

OF_ONE_OUTPUT = (
    "JOIN explainer ON explainer.id = explainer_id WHERE explainer.name = ? AND label_id = ?"
)
# Fibonacci hashing: spreads ids evenly, is the same everywhere, and the sample of a growing job
# keeps most of what it had.
SHUFFLED = "((sample_id % 2147483648) * 2654435761) & 4294967295"


def fetch_attributions_of(
    connection: sqlite3.Connection, row_id: int, width: int
) -> tuple[Attribution, ...]:
    """All that is said of one row with `width` features, by explainer, then by label."""
    found = connection.execute(
        "SELECT label_id, name, base, output, fit, weights FROM attribution "
        "JOIN explainer ON explainer.id = explainer_id WHERE sample_id = ? "
        "ORDER BY explainer_id, label_id",
        (row_id,),
    ).fetchall()
    rules: dict[tuple[int, str], list[Rule]] = defaultdict(list)
    for label, name, *rule in connection.execute(
        "SELECT label_id, name, feature_id, description, weight FROM rule "
        "JOIN explainer ON explainer.id = explainer_id WHERE sample_id = ? "
        "ORDER BY position",
        (row_id,),
    ):
        rules[label, name].append(Rule(*rule))
    return tuple(
        Attribution(
            row_id,
            label,
            name,
            base,
            output,
            _dense(weights, rules[label, name], width),
            tuple(rules[label, name]),
            fit,
        )
        for label, name, base, output, fit, weights in found
    )


def fetch_attributions(
    connection: sqlite3.Connection, explainer: str, label: int, width: int, limit: int | None
) -> Attributions | None:
    """All that an explainer says of one output; of at most `limit` rows. None: nothing."""
    chosen, values = OF_ONE_OUTPUT, [explainer, label]
    if limit is not None:
        chosen += (
            f" AND sample_id IN (SELECT sample_id FROM attribution {OF_ONE_OUTPUT} "
            f"ORDER BY {SHUFFLED} LIMIT {int(limit)})"
        )
        values *= 2
    found = connection.execute(
        "SELECT sample_id, base, output, weights, features FROM attribution "
        f"JOIN tabular_row USING (sample_id) {chosen} ORDER BY sample_id",
        values,
    ).fetchall()
    if not found:
        return None
    rules: dict[int, list[Rule]] = defaultdict(list)
    has_rules = any(row[3] is None for row in found)
    if has_rules:
        for row_id, *rule in connection.execute(
            f"SELECT sample_id, feature_id, description, weight FROM rule {chosen}", values
        ):
            rules[row_id].append(Rule(*rule))
    return Attributions(
        row_ids=np.array([row[0] for row in found], dtype=np.int64),
        values=np.stack([_dense(row[3], rules[row[0]], width) for row in found]),
        base_values=np.array([row[1] for row in found]),
        outputs=np.array([row[2] for row in found]),
        rows=np.array([json.loads(row[4]) for row in found], dtype=np.float64),
        has_rules=has_rules,
    )


def count_attributions(connection: sqlite3.Connection, explainer: str, label: int) -> int:
    """Count the rows for which an explainer says something of one output."""
    sql = f"SELECT count(*) FROM attribution {OF_ONE_OUTPUT}"
    return int(connection.execute(sql, (explainer, label)).fetchone()[0])


def fetch_coefficient(
    connection: sqlite3.Connection, explainer: str, label: int, view: int | None
) -> Floats | None:
    """What an explainer says of one class, seen from another or from all; None: nothing."""
    row = connection.execute(
        f"SELECT weights FROM coefficient {OF_ONE_OUTPUT} AND view_id IS ?",
        (explainer, label, view),
    ).fetchone()
    return None if row is None else np.array(json.loads(row[0]), dtype=np.float64)


def fetch_explained_labels(connection: sqlite3.Connection) -> tuple[int, ...]:
    """Labels of which any explainer says something, of a row or of the model."""
    rows = connection.execute(
        "SELECT id FROM label WHERE EXISTS (SELECT 1 FROM explainer, attribution "
        "WHERE explainer_id = explainer.id AND label_id = label.id) "
        "OR EXISTS (SELECT 1 FROM explainer, coefficient "
        "WHERE explainer_id = explainer.id AND label_id = label.id) ORDER BY id"
    )
    return tuple(label for (label,) in rows)


def _dense(weights: str | None, rules: Sequence[Rule], width: int) -> Floats:
    if weights is not None:
        return np.array(json.loads(weights), dtype=np.float64)
    made = np.zeros(width)
    for rule in rules:
        made[rule.feature] = rule.weight
    return made
