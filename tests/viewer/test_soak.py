"""Many people look while a run writes."""

from __future__ import annotations

import random
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from seewhy.store import Inference, SaliencyMap, Sample
from seewhy.viewer import create_app
from tests.viewer.sample_job import open_job, serving

CLIENTS, SAMPLES = 12, 240
PAGES = (
    *("", "jobs/live", "jobs.json", "j/animals/saliency", "j/animals/saliency?sort=-prob&n=96"),
    *(
        "j/animals/saliency.json?label=dog",
        "j/animals/live?seen=0",
        "j/animals/saliency.csv?kind=TP",
    ),
)


def test_many_look_while_a_run_writes(tmp_path: Path) -> None:
    done = threading.Event()
    seen: list[int] = []

    def look(address: str, seed: int) -> int:
        rng, asked = random.Random(seed), 0
        while not done.is_set():
            with urllib.request.urlopen(address + rng.choice(PAGES), timeout=60) as answer:
                assert answer.status == 200
                answer.read()
            asked += 1
        return asked

    with (
        open_job(tmp_path, total=SAMPLES) as writer,
        serving(create_app(tmp_path)) as address,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        looking = [pool.submit(look, address, seed) for seed in range(CLIENTS)]
        try:
            for number in range(SAMPLES):
                image, found = Image.new("L", (32, 32)), (Inference(number % 3, 0.5, "TP"),)
                writer.add_sample(Sample(number, f"no. {number}", "", image, (0,), (), found))
                writer.add_maps([SaliencyMap(number, number % 3, "GradCAM", np.ones((7, 7)))])
                if number % 20 == 0:
                    writer.flush()
                    with urllib.request.urlopen(f"{address}j/animals/live?seen=0") as answer:
                        seen.append(answer.read().count(b"new sample"))
                time.sleep(0.005)
        finally:
            done.set()
        asked = [each.result() for each in looking]
    assert min(asked) > 0
    # What is written is seen at once.
    assert seen == [1] * len(seen)
    with serving(create_app(tmp_path)) as address:
        with urllib.request.urlopen(f"{address}j/animals/saliency.json") as answer:
            assert f'"matching": {SAMPLES}'.encode() in answer.read()
