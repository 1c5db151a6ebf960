"""What goes wrong in the middle of a run: the message says where, and what was done is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import Explainer, Gradient, GuidedBackprop
from seewhy.store import read_job
from tests.networks import library, make
from tests.runner.helpers import (
    SPEC,
    assert_same,
    labelled,
    pictures,
    runner,
    stored,
)
from tests.runner.test_errors import IMAGE


def broken_at_7(item: Any) -> list[Any]:
    rows: list[Any] = labelled(10)
    rows[7] = item
    return rows


NAN = IMAGE.copy()
NAN[1, 3, 4] = np.nan


@pytest.mark.parametrize("batch_size", [1, 4, 8])
@pytest.mark.parametrize(
    ("item", "error", "message"),
    [
        ((NAN, 1), ValueError, "images must be finite, got NaN or infinity in item 7 of `data`"),
        (IMAGE[:2], ValueError, r"1, 3 or 4 channels, got \(2, 12, 9\) .* in item 7 of `data`"),
        (
            (IMAGE, 9),
            ValueError,
            r"labels must be in 0\.\.4 \(-1 pads\), got 9 in item 7 of `data`",
        ),
        ("photo.jpg", TypeError, "item 7 of `data` must hold arrays or tensors, got str"),
    ],
)
@pytest.mark.torch
def test_a_bad_item(
    item: Any, error: type[Exception], message: str, batch_size: int, tmp_path: Path
) -> None:
    """Everything before it is stored, whatever the batches; without it the run goes on."""
    with pytest.raises(error, match=message):
        runner("torch", tmp_path, broken_at_7(item), batch_size=batch_size).run()
    path = tmp_path / "explanations.seewhy.db"
    straight = stored(runner("torch", tmp_path / "straight", labelled(10)).run())
    kept = stored(path)
    assert_same(kept, {i: straight[i] for i in range(7)})
    with read_job(path) as job:
        assert (job.info().state, job.info().done) == ("failed", 7)
    runner("torch", tmp_path, labelled(10)).run()
    assert_same(stored(path), straight)


def test_a_nan_image_keeps_earlier_results(framework: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="item 7 of `data`"):
        runner(framework, tmp_path, broken_at_7((NAN, 1)), batch_size=4).run()
    kept = stored(tmp_path / "explanations.seewhy.db")
    assert sorted(kept) == list(range(7))
    assert all(len(s.maps) == 2 * len(s.kinds) for s in kept.values())


@pytest.mark.torch
def test_a_bad_sample_in_a_batch_of_the_data(tmp_path: Path) -> None:
    batch = np.concatenate([pictures(3), NAN[None], pictures(2)])
    with pytest.raises(ValueError, match="in sample 3 of item 1 of `data`"):
        runner("torch", tmp_path, [pictures(2), batch]).run()
    assert len(stored(tmp_path / "explanations.seewhy.db")) == 5


def nan_for_bright(framework: str) -> Any:
    """A network that returns NaN for bright images."""
    inner = make(framework, SPEC)
    native = library(framework).nn
    base = native.Module if framework == "torch" else native.Cell

    class Fragile(base):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Any) -> Any:
            bright = x.mean((1, 2, 3)) > 50
            return self.inner(x) / (1 - bright.float())[:, None]

        construct = forward

    return Fragile()


def test_nan_logits_in_the_middle(framework: str, tmp_path: Path) -> None:
    rows = labelled(6)
    rows[5] = (rows[5][0] + 100, rows[5][1])
    job = runner(
        framework, tmp_path, rows, nan_for_bright(framework), batch_size=2,
        make_explainers=lambda n: [Gradient(n)],
    )  # fmt: skip
    message = r"returned NaN or infinite .* \(items 4 to 5 of `data` were being explained\)"
    with pytest.raises(ValueError, match=message):
        job.run()
    assert sorted(stored(tmp_path / "explanations.seewhy.db")) == [0, 1, 2, 3]


class Broken(Exception):
    pass


@pytest.mark.torch
def test_an_error_of_the_users_data_comes_through_as_it_is(tmp_path: Path) -> None:
    class Data(list):  # type: ignore[type-arg]
        def __getitem__(self, index: Any) -> Any:
            if index == 5:
                raise Broken("photo 5 is missing")
            return super().__getitem__(index)

    with pytest.raises(Broken, match="photo 5 is missing"):
        runner("torch", tmp_path, Data(labelled(8)), batch_size=4).run()
    assert sorted(stored(tmp_path / "explanations.seewhy.db")) == [0, 1, 2, 3, 4]


@pytest.mark.torch
def test_an_error_of_display_names_the_items(tmp_path: Path) -> None:
    calls = 0

    def display(image: np.ndarray) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:  # the first call is the check
            raise ValueError("cannot show that")
        return np.zeros((4, 4), np.uint8)

    job = runner("torch", tmp_path, labelled(6), batch_size=2, display=display)
    with pytest.raises(ValueError, match=r"cannot show that \(items 2 to 3 of `data`"):
        job.run()


@pytest.mark.torch
def test_maps_that_are_not_finite_name_the_sample(tmp_path: Path) -> None:
    class Careless(Explainer):
        """An explainer of a third party."""

        def _explain(self, x: Any, targets: Any) -> Any:
            return x[:, :1].repeat(1, targets.shape[1], 1, 1) * float("nan")

    job = runner("torch", tmp_path, labelled(3), make_explainers=lambda n: [Careless(n)])
    message = r"NaN or infinity in the Careless map of sample 1, label . \(items 0 to 2"
    with pytest.raises(ValueError, match=message):
        job.run()


def test_no_relu_to_modify(framework: str, tmp_path: Path) -> None:
    from tests.networks import Spec, images

    network = make(framework, Spec(kind="dense"))
    data = [(image, 0) for image in images(2, 1, (4, 4))]
    job = runner(framework, tmp_path, data, network, make_explainers=lambda n: [GuidedBackprop(n)])
    with pytest.raises(ValueError, match="at least one"):
        job.run()


@pytest.mark.mindspore
def test_graph_mode_says_what_to_do(tmp_path: Path) -> None:
    mindspore = library("mindspore")
    job = runner("mindspore", tmp_path, labelled(2))
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    try:
        with pytest.raises(RuntimeError, match="PYNATIVE_MODE"):
            job.run()
    finally:
        mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
    assert all(s.maps for s in stored(job.run()).values() if s.kinds)
