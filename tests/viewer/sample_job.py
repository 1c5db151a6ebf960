"""A job written by the real writer with real photographs, and a server for tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_images

from seewhy.store import ExplainerInfo, Inference, JobWriter, Kind, SaliencyMap, Sample
from seewhy.viewer.sockets import listen, url

LABELS = (
    "dog",
    "cat",
    "<script>window.hacked = 1</script>",
    "\"quotes' & ampersand / slash",
    "חתול שחור",
    "🐈 emoji",
    "a label with a name so long that it would break a layout that was made without any care " * 2,
    "never seen",
)
EXPLAINERS = (
    ExplainerInfo("GradCAM", False, {"layer": "features.8"}),
    ExplainerInfo("Gradient", False, {}),
    ExplainerInfo("Occlusion", True, {"window": 32}),
)
NUM_SAMPLES = 60


def pictures() -> list[tuple[str, Image.Image]]:
    arrays = dict(zip(("china.jpg", "flower.jpg"), load_sample_images().images, strict=True))
    arrays |= {"astronaut": data.astronaut(), "camera": data.camera()}
    # Taller than any layout expects, and with a name that it does not expect either.
    arrays["<b>a tall picture</b> " + "with_a_name_without_blanks_" * 6] = data.coins()[:, :60]
    return [(name, Image.fromarray(array)) for name, array in arrays.items()]


def inferences(number: int) -> tuple[Inference, ...]:
    """Up to three labels; the first is right, the others wrong in turns."""
    kinds: tuple[Kind, ...] = ("FP", "FN")
    found = [Inference(number % 7, 0.5 + number / 200, "TP")]
    for step in range(1, 1 + number % 3):
        found.append(Inference((number + step) % 7, number / 150 + step / 10, kinds[step - 1]))
    return tuple(found)


def sample(number: int, picture: tuple[str, Image.Image]) -> Sample:
    name, image = picture
    found = inferences(number)
    width, height = image.size
    box = (number % 7, width * 0.25, height * 0.25, width * 0.5, height * 0.5)
    truth = tuple(inference.label for inference in found if inference.kind != "FP")
    return Sample(number, name, str(number), image, truth, (box,), found)


def maps(number: int) -> list[SaliencyMap]:
    rng = np.random.default_rng(number)
    return [
        saliency
        for inference in inferences(number)
        for saliency in (
            SaliencyMap(number, inference.label, "GradCAM", rng.random((7, 7))),
            SaliencyMap(number, inference.label, "Gradient", rng.random((56, 56)) ** 8),
            SaliencyMap(number, inference.label, "Occlusion", rng.standard_normal((14, 14))),
        )
    ]


def open_job(directory: Path, job: str = "animals", **changes: Any) -> JobWriter:
    arguments: dict[str, Any] = {
        "settings": {"network": "EfficientNet-Lite0", "threshold": 0.5},
        "labels": LABELS,
        "explainers": EXPLAINERS,
        "total": NUM_SAMPLES,
    }
    return JobWriter(directory, job, **(arguments | changes))


@contextmanager
def serving(app: Any) -> Iterator[str]:
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield url(listener)
        finally:
            server.should_exit = True
            thread.join()
