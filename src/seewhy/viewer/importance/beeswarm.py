"""Beeswarms: a point for each row and feature, where its value is, in the colour of the cell."""

from __future__ import annotations

from collections.abc import Sequence

from seewhy.store import Attributions, TabularReader
from seewhy.viewer.attribution_charts import shades, signed
from seewhy.viewer.charts import Scale, make_scale, swarm
from seewhy.viewer.job_data import Data

HEIGHT = 36


def beeswarm(job: TabularReader, found: Attributions, features: Sequence[int], label: int) -> Data:
    """The points of each feature, on one axis for all of them."""
    values = found.values[:, list(features)]
    scale = make_scale([0.0, float(values.min()), float(values.max())])
    names = job.row_names(found.row_ids.tolist())
    return {
        "rows": len(found.row_ids),
        "height": HEIGHT,
        "scale": scale,
        "points": {
            job.features[feature].name: _points(job, found, feature, names, scale, label)
            for feature in features
        },
    }


def _points(
    job: TabularReader,
    found: Attributions,
    feature: int,
    names: dict[int, str],
    scale: Scale,
    label: int,
) -> list[Data]:
    # Where no rule names the feature nothing is said of it.
    said = found.values[:, feature] != 0 if found.has_rules else slice(None)
    info, ids = job.features[feature], found.row_ids[said].tolist()
    values, cells = found.values[said, feature], found.rows[said, feature]
    heights = swarm([scale.at(value) for value in values.tolist()], HEIGHT)
    made = []
    for row, height, shade, value, cell in zip(
        ids, heights, shades(cells).tolist(), values.tolist(), cells, strict=True
    ):
        what = f"{info.name} = {info.describe(cell)}, {signed(scale, value)}"
        made.append(
            {
                "row": row,
                "href": f"rows?row={row}&target={label}",
                "height": height,
                "shade": shade,
                "value": value,
                "cell": float(cell),
                "text": f"{names[row]}: {what}",
            }
        )
    return made
