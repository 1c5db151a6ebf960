"""Jobs with counterfactuals, written by the real writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy.store import (
    CounterfactualRecord,
    Edit,
    Inference,
    Kind,
    Outcome,
    Sample,
    Uncertainty,
)
from tests.viewer.sample_job import open_job, pictures

PAGE = "j/regions/counterfactual"
NUM_SAMPLES = 40
SIZE = (120, 100)  # width and height of the network's input
KINDS: tuple[Kind | None, ...] = ("TP", "FN", "FP", None)
REASONS = (
    "below threshold", "mask is enough", "mask changes nothing", "no region", "not finite",
    "unfit image", "<i>unheard of</i>",
)  # fmt: skip

# Two large boxes; three small ones in place of the first, of which one is not needed.
STEPS = (
    Edit(0, None, 0, 0, 60, 50, 0.30, 0.25, False),
    Edit(0, None, 60, 40, 60, 50, 0.70, 0.40, True),
    Edit(1, 0, 10, 5, 20, 20, 0.20, 0.15, True),
    Edit(1, 0, 20, 15, 20, 20, 0.25, 0.05, False),
    Edit(1, 0, 35, 30, 20, 20, 0.32, 0.07, True),
)
B = [step.box for step in STEPS]
MOMENTS = [
    ("step=0", "Start: all is covered", []),
    ("step=1", "Step 1 of 5", [B[0]]),
    ("step=2", "Step 2 of 5", [B[0], B[1]]),
    ("layer=1", "Outcome of layer 1 of 2", [B[0], B[1]]),
    ("step=3", "Step 3 of 5", [B[2]]),
    ("step=4", "Step 4 of 5", [B[2], B[3]]),
    ("step=5", "Step 5 of 5", [B[2], B[3], B[4]]),
    ("layer=2", "Outcome of layer 2 of 2", [B[1], B[2], B[3], B[4]]),
    ("", "The region", [B[1], B[2], B[4]]),
]


def record(number: int, label: int, **changes: Any) -> CounterfactualRecord:
    """A search that found the region of `STEPS`."""
    return CounterfactualRecord(
        sample_id=number,
        label=label,
        direction="reveal",
        mask="gaussian:4",
        width=SIZE[0],
        height=SIZE[1],
        output=0.9,
        target=0.5,
        reason=None,
        start=0.05,
        region=Outcome(0.55, 0.31),
        images=77,
        layers=(Outcome(0.70, 0.5), Outcome(0.60, 0.34)),
        steps=STEPS,
    )._replace(**changes)


def nothing(number: int, label: int, reason: str, **changes: Any) -> CounterfactualRecord:
    """A search that found no region."""
    empty: dict[str, Any] = {"start": None, "region": None, "layers": (), "steps": ()}
    return record(number, label, reason=reason, **(empty | changes))


def searches(number: int) -> list[tuple[CounterfactualRecord, Kind | None]]:
    """Up to three searches of a sample, of all kinds, with and without regions."""
    made: list[tuple[CounterfactualRecord, Kind | None]] = []
    for place in range(1 + number % 3):
        label, kind = (number + place) % 7, KINDS[(number + place) % 4]
        output = 0.3 + ((number * 7 + place * 3) % 20) / 30
        if (number + 2 * place) % 3 == 2:
            reason = REASONS[(number + place) % len(REASONS)]
            made.append((nothing(number, label, reason, output=output), kind))
            continue
        many = 2 + (number + place) % 4
        steps = STEPS[:2] if many == 2 else STEPS[:many]
        region = Outcome(0.55, ((number * 5 + place) % 12 + 1) / 13)
        layers = (Outcome(0.7, 0.5), Outcome(0.6, 0.34))[: 1 + (many > 2)]
        made.append(
            (
                record(number, label, output=output, region=region, steps=steps, layers=layers),
                kind,
            )
        )
    return made


def gradient(width: int, height: int) -> Image.Image:
    """A colourful picture without noise, which a JPEG keeps."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    waves = [0.5 + 0.5 * np.sin(k * x + j * y) for k, j in ((9, 3), (4, 11), (14, 7))]
    return Image.fromarray((np.stack(waves, axis=-1) * 200 + 55).astype(np.uint8))


def write_regions(directory: Path) -> None:
    """The job "regions": samples of all kinds under hostile names."""
    photographs = pictures()
    settings = {"direction": "reveal", "threshold": 0.5, "relative": False}
    with open_job(directory, "regions", total=NUM_SAMPLES, hierarchical_occlusion=settings) as job:
        for number in range(NUM_SAMPLES):
            found = searches(number)
            spread = Uncertainty(0.5, 0.05, 0.4, 0.6) if number % 2 else None
            inferences = [Inference(one.label, one.output, kind, spread) for one, kind in found]
            if number == 4:
                inferences.append(Inference(6, 0.25, "TP"))  # never searched
            name, image = photographs[number % len(photographs)]
            truth = tuple(one.label for one, kind in found if kind in ("TP", "FN"))
            job.add_sample(Sample(number, name, str(number), image, truth, (), tuple(inferences)))
            job.add_counterfactuals(one for one, _ in found)


def write_one(directory: Path, name: str, *records: CounterfactualRecord, **changes: Any) -> None:
    """A job of one sample, a wide picture."""
    settings = {"direction": "reveal", "threshold": 0.5}
    with open_job(directory, name, hierarchical_occlusion=settings, **changes) as job:
        found = tuple(Inference(one.label, one.output, "TP") for one in records)
        job.add_sample(Sample(0, "waves", "", gradient(360, 200), (0,), (), found))
        job.add_counterfactuals(records)
