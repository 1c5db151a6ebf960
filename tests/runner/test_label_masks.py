"""Masks of one sample in every accepted form, and in a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import Gradient
from seewhy.benchmark import Localization, RelevanceMass
from seewhy.runner.annotations import Box
from seewhy.runner.samples import LabelledImage, unpack
from seewhy.store import read_job
from tests.networks import make, tensor
from tests.runner.helpers import NAMES, SIZE, SPEC, all_scores, explainers, pictures, runner
from tests.runner.test_data_forms import FORMS, MINDSPORE, TORCH, read
from tests.runner.test_results import Counter

IMAGE = pictures(1)[0]


def disc(row: float, column: float, radius: float) -> np.ndarray:
    """No box could say it."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    made: np.ndarray = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return made


A, B = disc(4, 3, 2.5), disc(8, 5, 3)
NONE = np.zeros(SIZE, bool)


def sample(*columns: Any) -> LabelledImage:
    (made,) = unpack((IMAGE, *columns), 0, len(NAMES))
    return made


@pytest.mark.parametrize(
    ("labels", "masks", "expected"),
    [
        (2, A, {2: A}),
        (2, A.astype(np.float32), {2: A}),
        (2, A[None].astype(np.uint8), {2: A}),
        (2, [A, B], {2: A | B}),
        ([3, 1], [A, B], {3: A, 1: B}),
        ([3, 3, 1], [A, B, B], {3: A | B, 1: B}),
        ([-1, 3, -1], [NONE, A, NONE], {3: A}),
        ([3, 1], [np.full(SIZE, -1), B.astype(int)], {1: B}),
        ([False, True, False, True, False], [A, B], {1: A, 3: B}),
        ([False, True, False, True, False], [A, B, NONE], {1: A, 3: B}),
        ([0.0, 0, 0, 0, 1], B, {4: B}),
        ([-1, -1], [NONE, NONE], {}),
        (2, ~NONE, {2: ~NONE}),
    ],
)
def test_a_mask_belongs_to_the_label_beside_it(labels: Any, masks: Any, expected: Any) -> None:
    found = dict(sample(labels, np.array(masks)).masks)
    assert set(found) == set(expected)
    assert all(np.array_equal(found[label], expected[label]) for label in expected)


def test_the_box_around_a_mask_stands_in_for_a_missing_one() -> None:
    assert sample(2, A).boxes == (Box(2, 1, 2, 5, 5),)
    given = sample([2, 1], [[0, 0, 3, 3], [0, 0, 0, 0]], np.array([A, B]))
    assert given.boxes == (Box(2, 0, 0, 3, 3), Box(1, 2, 5, 7, 7))
    assert [mask.label for mask in given.masks] == [2, 1]
    outside = sample(2, [[-5, 0, 5, 3]], A)
    assert outside.boxes == (Box(2, -5, 0, 5, 3), Box(2, 1, 2, 5, 5))


def test_boxes_and_masks_are_told_apart() -> None:
    assert sample([2, 1], [[0, 0, 3, 3], [1, 1, 2, 2]]).masks == ()
    narrow = np.zeros((3, 2, 4), np.float32)
    (boxes,) = unpack((narrow, [2, 1], [[0, 0, 3, 1], [1, 1, 2, 1]]), 0, 5)
    assert len(boxes.boxes) == 2
    assert boxes.masks == ()
    (masks,) = unpack((narrow, 2, np.ones((1, 2, 4), bool)), 0, 5)
    assert masks.boxes == (Box(2, 0, 0, 4, 2),)
    assert len(masks.masks) == 1


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((2, NONE), r"at least one pixel \(all -1 .*\), got an empty one of label 2 in item 0"),
        (([2, 1], [A, NONE]), "got an empty one of label 1 in item 0"),
        ((2, A * 255), "nothing but 0 and 1, or booleans, got 255 in item 0"),
        ((2, A * 0.5), "nothing but 0 and 1, or booleans, got 0.5"),
        ((2, np.where(A, np.nan, 1)), "nothing but 0 and 1, or booleans, got nan"),
        (([2, 1], [np.full(SIZE, -1), A * -1]), "nothing but 0 and 1, or booleans, got -1"),
        (([2, 1], A), "masks must be one for each of the 2 labels, got 1 in item 0"),
        (([2, 1, 0], [A, B]), "masks must be one for each of the 3 labels, got 2"),
        (([2, 1], [A, B, B]), "masks must stand beside a label, one has none in item 0"),
        (([2, -1, 1], [A, B, B]), "masks must stand beside a label"),
        ((2, A.T), r"x, y, w, h on the last axis \(and masks as large as the image\), got bool"),
        ((2, A[1:]), r"masks as large as the image\), got bool of shape \(11, 9\) in item 0"),
        ((2, [], A.T), r"masks must be as large as the image, \(12, 9\) or \(labels, 12, 9\), got"),
        ((2, [], [[[A]]]), r"got shape \(1, 1, 1, 12, 9\)"),
        ((2, [1, 1, 2, 2], [1, 1, 2, 2]), r"masks must be as large .* got shape \(4,\)"),
    ],
)
def test_refuses_other_masks(columns: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sample(*[np.array(column) for column in columns])


def test_other_masks_are_other_samples() -> None:
    forms = [sample(2), sample(2, A), sample(2, B), sample(2, [[1, 2, 5, 5]])]
    shifted = sample(2, [[1, 2, 5, 5]], disc(4, 3, 2))
    assert len({one.digest() for one in (*forms, shifted)}) == 5


IDS = np.array([[3, -1], [0, 2], [2, -1], [4, 1], [-1, -1], [1, 3]], np.int32)
MASKS = np.array([[A, B]] * 6) & (IDS >= 0)[..., None, None]
BOXES = np.zeros((6, 2, 4), np.float32)
BOXES[1, 0] = [1, 2, 3, 4]
ROWS = {
    "masks": list(zip(pictures(6), IDS, MASKS, strict=True)),
    "boxes and masks": list(zip(pictures(6), IDS, BOXES, MASKS.astype(np.uint8), strict=True)),
}


def check(form: Any, columns: str) -> None:
    found = read(form(ROWS[columns]))
    for one, ids in zip(found, IDS, strict=True):
        assert [mask.label for mask in one.masks] == [label for label in ids if label >= 0]
        for mask, expected in zip(one.masks, (A, B), strict=False):
            assert np.array_equal(mask.pixels, expected)
    assert (Box(0, 1, 2, 3, 4) in found[1].boxes) == (columns == "boxes and masks")


@pytest.mark.parametrize("columns", ROWS)
@pytest.mark.parametrize("form", FORMS)
def test_framework_free_forms(form: str, columns: str) -> None:
    check(FORMS[form], columns)


@pytest.mark.torch
@pytest.mark.parametrize("columns", ROWS)
@pytest.mark.parametrize("form", ["torch Dataset", "torch tuple of tensors", "DataLoader, 4"])
def test_torch_forms(form: str, columns: str) -> None:
    check(TORCH[form], columns)


@pytest.mark.mindspore
@pytest.mark.parametrize("form", MINDSPORE)
def test_mindspore_forms(form: str) -> None:
    check(MINDSPORE[form], "masks")


def test_a_run_scores_by_the_masks_and_resumes(framework: str, tmp_path: Path) -> None:
    rows = ROWS["masks"]
    network = make(framework, SPEC)

    def run(folder: str, metrics: list[Any] | None, data: Any = rows) -> Path:
        job = runner(framework, tmp_path / folder, data, network, make_explainers=None)
        job.register_saliency(explainers(network), metrics)
        return job.run()

    metrics = [Localization(len(NAMES)), RelevanceMass(len(NAMES))]
    path = run("whole", metrics)
    got = all_scores(path)
    with read_job(path) as reader:
        explained = {(s.id, i.label) for s in reader.samples() for i in s.inferences}
        boxes = {s.id: s.boxes for s in reader.samples()}
    masked = {(n, k) for n, ids in enumerate(IDS.tolist()) for k in ids if k >= 0} & explained
    assert {key[2:] for key in got if key[1] == "Gradient"} == masked
    assert boxes[1] == ((0, 1, 2, 5, 5), (2, 2, 5, 7, 7))
    for number, label in masked:
        image, ids, masks = rows[number]
        mask = masks[ids.tolist().index(label)][None, None]
        x = tensor(framework, image[None])
        for metric in metrics:
            by_hand = metric.evaluate(Gradient(network), x, label, mask=mask)[0]
            found = got[metric.name, "Gradient", number, label]
            np.testing.assert_allclose(found, by_hand, rtol=1e-3, atol=1e-5)

    # Some samples first, the scores later: the masks are those of the data again.
    run("parts", None, rows[:3])
    run("parts", metrics, rows[:4])
    assert all_scores(run("parts", metrics)) == pytest.approx(got, rel=1e-3, abs=1e-5)
    again = runner(framework, tmp_path / "parts", rows, network, make_explainers=None)
    again.register_saliency(explainers(network), metrics)
    counter = Counter(network)
    again.run()
    assert counter.samples == 0  # nothing is left to do
