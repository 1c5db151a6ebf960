"""Summaries as the old runner of MindSpore wrote them, and as nobody should."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from seewhy.store.export.frames import frame
from seewhy.store.export.messages import (
    Benchmark,
    Event,
    Explain,
    Explanation,
    Hoc,
    HocLayer,
    Inference,
    Metadata,
)
from seewhy.store.export.wire import encode

STAMP = 1617000000
LABELS = ["dog", "cat", "owl"]
EXPLAINERS = ["GradCAM", "RISE"]
SIZE = 112, 84


def metadata() -> Explain:
    return Explain(metadata=Metadata(LABELS, EXPLAINERS, ["Faithfulness", "Localization"]))


def picture(folder: Path, path: str, seed: int, mode: str = "RGB") -> str:
    """Write a picture of random colours or greys below a folder; its path."""
    shape = (SIZE[1], SIZE[0], 3) if mode == "RGB" else (SIZE[1], SIZE[0])
    values = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(folder / path)
    return path


def sample_events(folder: Path, number: int) -> list[Explain]:
    """Picture, then probabilities, then the counterfactual; "dog" is right, "cat" is wrong."""
    images = f"_explain_{STAMP}/origin_images/0/{number}.jpg"
    inference = Inference(
        ground_truth_prob=[0.75],
        predicted_label=[0, 1],
        predicted_prob=[0.75, 0.625],
        ground_truth_prob_sd=[0.125],
        ground_truth_prob_itl95_low=[0.5],
        ground_truth_prob_itl95_hi=[0.875],
        predicted_prob_sd=[0.125, 0.25],
        predicted_prob_itl95_low=[0.5, 0.25],
        predicted_prob_itl95_hi=[0.875, 1.0],
    )
    layers = [
        HocLayer(0.5625, [0, 0, 42, 42, 60, 30, 42, 42]),
        HocLayer(0.6875, [3, 5, 21, 21, 18, 20, 21, 21, 60, 30, 42, 42]),
    ]
    return [
        Explain(sample_id=number, image_path=picture(folder, images, number)),
        Explain(sample_id=number, ground_truth_label=[0], inference=inference),
        Explain(sample_id=number, hoc=[Hoc(0, "gaussian:3", layers)]),
    ]


def explainer_events(folder: Path, explainer: str, samples: int) -> list[Explain]:
    """Maps of all samples, then the scores: Localization gives none for "cat"."""
    made = []
    for number in range(samples):
        maps = []
        for label in (0, 1):
            path = f"_explain_{STAMP}/heatmap/{explainer}/0/{number}_{label}.png"
            picture(folder, path, 100 * number + label, "L")
            maps.append(Explanation(explainer, label, path))
        made.append(Explain(sample_id=number, explanation=maps))
    scores = [
        Benchmark("Faithfulness", explainer, 0.5, [0.25, 0.75, float("nan")]),
        Benchmark("Localization", explainer, float("nan"), []),
    ]
    return [*made, Explain(benchmark=scores)]


def events(folder: Path, samples: int = 3) -> list[Explain]:
    """All events in the order of the old runner."""
    made = [metadata()]
    for number in range(samples):
        made += sample_events(folder, number)
    for explainer in EXPLAINERS:
        made += explainer_events(folder, explainer, samples)
    return made


def records(explains: Iterable[Explain]) -> list[bytes]:
    return [frame(encode(Event(wall_time=1.0, step=1, explain=explain))) for explain in explains]


def write(folder: Path, content: Iterable[bytes], manifest: bool = True) -> Path:
    """Write the event file, and the manifest that ends a run."""
    (folder / f"_explain_{STAMP}").mkdir(parents=True, exist_ok=True)
    if manifest:
        path = folder / f"_explain_{STAMP}" / "manifest.json"
        path.write_text(json.dumps({"saliency_map": True, "hierarchical_occlusion": True}))
    file = folder / f"events.out.events.summary.{STAMP}.0.somewhere_explain"
    file.write_bytes(b"".join(content))
    return file
