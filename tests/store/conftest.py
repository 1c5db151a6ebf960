from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seewhy.store import ExplainerInfo, Inference, JobWriter, SaliencyMap, Sample

LABELS = ("dog", "cat", "owl")
GRADCAM = ExplainerInfo("GradCAM", False, {"layer": "features.8"})
GRADIENT = ExplainerInfo("Gradient", True, {})


@pytest.fixture
def open_writer(tmp_path: Path) -> Callable[..., JobWriter]:
    def open_writer(**changes: Any) -> JobWriter:
        arguments: dict[str, Any] = {
            "summary_dir": tmp_path,
            "job": "job",
            "settings": {"min_confidence": 0.5, "network": "lite0"},
            "labels": LABELS,
            "explainers": [GRADCAM, GRADIENT],
            "total": None,
        }
        arguments.update(changes)
        return JobWriter(arguments.pop("summary_dir"), arguments.pop("job"), **arguments)

    return open_writer


@pytest.fixture
def make_sample() -> Callable[..., Sample]:
    def make_sample(number: int, **changes: Any) -> Sample:
        values: dict[str, Any] = {
            "id": number,
            "name": f"photo {number}",
            "digest": f"digest {number}",
            "image": Image.new("RGB", (64, 48), (number % 256, 99, 12)),
            "ground_truth": (0,),
            "boxes": ((0, 1.5, 2.0, 30.0, 40.0),),
            "inferences": (Inference(0, 0.9, "TP"), Inference(1, 0.6, "FP")),
        }
        return Sample(**(values | changes))

    return make_sample


@pytest.fixture
def make_map() -> Callable[..., SaliencyMap]:
    def make_map(number: int, label: int = 0, explainer: str = "GradCAM") -> SaliencyMap:
        values = np.random.default_rng(number).random((7, 9), dtype=np.float32)
        return SaliencyMap(number, label, explainer, values)

    return make_map
