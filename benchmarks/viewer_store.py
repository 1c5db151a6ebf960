"""A store as large as the aims: written with a few statements, as no run is that quick."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from seewhy.store import ExplainerInfo, Inference, JobWriter, SaliencyMap, Sample

LABELS = 1000
EXPLAINERS = ("GradCAM", "RISE", "Occlusion", "Gradient", "GuidedBackprop")
PER_SAMPLE = 3
GRIDS = (7, 56, 28, 56, 56)
SQL = """
INSERT INTO sample (id, name, digest, width, height, ground_truth, max_prob, min_prob, kinds)
    WITH RECURSIVE n(id) AS (SELECT :pattern UNION ALL SELECT id + 1 FROM n WHERE id < :last)
    SELECT id, 'no. ' || id, '', 224, 224, '[0]', 0, 0, 0 FROM n;
INSERT INTO inference (sample_id, label_id, prob, kind)
    SELECT id, (id * 7 + k * 333) % :labels, abs(random() % 1000003) / 1000003.0,
           substr('TPFNFP', 1 + 2 * abs(random() % 3), 2)
    FROM sample, (SELECT 0 AS k UNION SELECT 1 UNION SELECT 2) WHERE id >= :pattern;
UPDATE inference SET mean = prob, low = prob * 0.9, high = prob, std = abs(random() % 300007) / 1e6
    WHERE sample_id >= :pattern;
INSERT INTO map (sample_id, label_id, explainer_id, width, height, vmin, vmax, p99, png)
    SELECT i.sample_id, i.label_id, m.explainer_id, m.width, m.height, m.vmin, m.vmax, m.p99,
           CASE WHEN i.sample_id < 2000 THEN m.png ELSE small.png END
    FROM inference AS i
    JOIN map AS m
        ON m.sample_id = i.sample_id % :pattern AND m.label_id = m.sample_id * 3 + i.label_id % 3
    JOIN map AS small ON small.id = 1
    WHERE i.sample_id >= :pattern;
INSERT INTO image SELECT s.id, jpeg, thumbnail FROM sample AS s JOIN image AS i
    ON i.sample_id = s.id % :pattern WHERE s.id >= :pattern AND (s.id % 97 = 0 OR s.id < 2000);
"""


def write_store(folder: Path, samples: int) -> Path:
    """Write a job of `samples` samples x 3 labels x 5 explainers, with uncertainties.

    Photographs and maps repeat themselves. From the 2,000th sample on, for the disk's sake, most
    have no photograph and all maps are of 7 x 7.
    """
    pattern = 8
    infos = [ExplainerInfo(name, name == "Occlusion", {}) for name in EXPLAINERS]
    with JobWriter(
        folder,
        "large",
        settings={"network": "none", "threshold": 0.5},
        labels=[f"label {number}" for number in range(LABELS)],
        explainers=infos,
        total=samples,
        uncertainty={"passes": 50},
    ) as writer:
        for number in range(pattern):
            writer.add_sample(_sample(number))
            writer.add_maps(_maps(number))
        path = writer.path
    with sqlite3.connect(path) as connection:
        connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
        values = {"pattern": pattern, "last": samples - 1, "labels": LABELS}
        for statement in SQL.split(";\n"):
            if statement.strip():
                connection.execute(
                    statement, {k: v for k, v in values.items() if f":{k}" in statement}
                )
    connection.close()
    return path


def _sample(number: int) -> Sample:
    picture = Image.fromarray((data.astronaut(), data.coffee(), data.chelsea())[number % 3])
    found = tuple(Inference(number * 3 + k, 0.2 + 0.2 * k, "TP") for k in range(PER_SAMPLE))
    return Sample(number, f"no. {number}", "", picture.resize((224, 224)), (0,), (), found)


def _maps(number: int) -> list[SaliencyMap]:
    rng = np.random.default_rng(number)
    made = []
    for label in range(number * 3, number * 3 + PER_SAMPLE):
        for explainer, grid in zip(EXPLAINERS, GRIDS, strict=True):
            rough = Image.fromarray(rng.standard_normal((7, 7)).astype(np.float32))
            values = np.asarray(rough.resize((grid, grid), Image.Resampling.BICUBIC))
            values = values if explainer == "Occlusion" else np.maximum(values, 0)
            made.append(SaliencyMap(number, label, explainer, values))
    return made
