"""The search against a tree worked out by hand, a slow definition, and exhaustive search."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seewhy.counterfactual import Box, Counterfactual, EditStep, HierarchicalOcclusion
from seewhy.counterfactual.covers import make_cover
from seewhy.network import adapt
from tests.counterfactual.oracles import slow_search
from tests.networks import Spec, images, make, numpy, tensor
from tests.perturb.linear import identity, linear
from tests.perturb.networks import one_by_one, slow_probabilities, softmax

Array = npt.NDArray[np.float32]


def blocks(evidence: Any, side: int) -> Array:
    """Weights (1, 3, H, W) of a network that counts evidence[y][x] for each block of ones."""
    weight = np.kron(np.array(evidence, np.float32), np.ones((side, side), np.float32)) / side**2
    return np.stack([weight, 0 * weight, 0 * weight])[None]


def search(framework: str, network: Any, x: Array, **settings: Any) -> list[Counterfactual]:
    activation, label = settings.pop("activation_fn", identity), settings.pop("label", 0)
    made = HierarchicalOcclusion(network, activation, **settings)(tensor(framework, x), label)
    return [row[0] for row in made]


def plain(step: EditStep) -> Any:
    side = step.box.width if step.layer >= 0 else 0
    return ((step.box.x, step.box.y), side, [plain(child) for child in step.children])


def test_a_tree_worked_out_by_hand(framework: str) -> None:
    # In 64ths; the covered image gives 6, the image itself 6 + 16 + 12 + 0 - 6 = 28.
    evidence = np.array([[16, 3, 0, 6], [0, -3, 6, 0], [0, 0, 0, -6], [0, 0, 0, 0]]) / 64
    network = linear(framework, blocks(evidence, 2), np.array([6 / 64], np.float32))
    x = np.ones((1, 3, 8, 8), np.float32)
    settings = {"windows": [4, 2], "strides": [4, 2], "threshold": 26 / 64, "mask": 0.0}
    (found,) = search(framework, network, x, **settings)
    assert found.reason is None
    assert found.output == 28 / 64
    assert found.target == 26 / 64
    # The left upper quarter is best (22), then the right upper one (34). Of the left one a single
    # block does (22); on top of that two blocks of the right one are alike (28): the first counts.
    quarters = [
        EditStep(0, Box(0, 0, 4, 4), 22 / 64, 16 / 64),
        EditStep(0, Box(4, 0, 4, 4), 34 / 64, 12 / 64),
    ]
    quarters[0].children = [EditStep(1, Box(0, 0, 2, 2), 22 / 64, 16 / 64)]
    quarters[1].children = [EditStep(1, Box(4, 2, 2, 2), 28 / 64, 6 / 64)]
    assert found.tree == EditStep(-1, Box(0, 0, 8, 8), 6 / 64, 0.0, quarters)
    assert [(layer.output, layer.area) for layer in found.layers] == [
        (34 / 64, 0.5),
        (28 / 64, 0.125),
    ]
    assert found.region == found.layers[1]
    # Covered: 1; quarters: 4, then 3; blocks: 4 and 4; without the first block: 1.
    assert found.images == 17


def test_the_predecessors_documented_example(framework: str) -> None:
    weight = np.zeros((1, 3, 10, 10), np.float32)
    weight[:, :, 0:2, 0:4] = weight[:, :, 8:10, 6:10] = 1 / 48
    (found,) = search(
        framework,
        linear(framework, weight),
        np.ones((1, 3, 10, 10), np.float32),
        windows=[5, 2],
        strides=[2, 1],
        threshold=0.01,
        mask=0.0,
        direction="hide",
    )
    assert found.tree is not None
    boxes = sorted(step.box for step in found.tree.layer_steps(1))
    assert boxes == [(0, 0, 2, 2), (2, 0, 2, 2), (6, 8, 2, 2), (8, 8, 2, 2)]
    assert sorted(found.region.boxes) == boxes


# The small network gives its class 4 about 0.95 on such images, and 0.5 where they are covered.
LABEL = 4
HIDE: dict[str, Any] = {"direction": "hide", "threshold": 0.65}
SETTINGS: dict[str, dict[str, Any]] = {
    "reveal": {},
    "hide": HIDE,
    "three layers": {"windows": [4, 2, 1], "strides": [2, 2, 1]},
    "colour": {**HIDE, "mask": [0.1, -0.2, 0.3]},
    "relative": {"relative": True, "threshold": 0.9},
    "image": {"mask": images(1, size=(8, 10), seed=5)[0] / 4},
    "images": {**HIDE, "mask": images(2, size=(8, 10), seed=5) / 9},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_against_the_slow_definition(framework: str, name: str) -> None:
    settings: dict[str, Any] = {"windows": [4, 2], "strides": [2, 2], "threshold": 0.85}
    settings |= {"mask": "gaussian:2", "prune": False, **SETTINGS[name]}
    spec, x = Spec(), images(2, size=(8, 10), seed=2)
    network = make(framework, spec)
    settings |= {"activation_fn": softmax(framework), "label": LABEL}
    made = search(framework, network, x, **settings)
    native = tensor(framework, x)
    covers = numpy(make_cover(settings["mask"], native, adapt(network).ops))
    slow = slow_probabilities(spec)
    searched = 0
    for image, cover, found in zip(x, covers, made, strict=True):

        def answer(shown: Any) -> float:
            return float(slow(shown[None])[0, LABEL])

        original = answer(image)
        assert found.output == pytest.approx(original, abs=1e-5)
        target = settings["threshold"] * (original if settings.get("relative") else 1)
        assert found.target == pytest.approx(target, abs=1e-5)
        if original <= target:
            assert found.reason == "below threshold"
            continue
        arguments = (settings["windows"], settings["strides"], target)
        tree, outputs = slow_search(answer, image, cover, *arguments, found.direction == "hide")
        assert (found.reason is None) == bool(outputs)
        if found.tree is None:
            continue
        searched += len(found.tree.layer_steps(1)) > 0
        assert plain(found.tree) == tree.plain()
        np.testing.assert_allclose([layer.output for layer in found.layers], outputs, atol=1e-5)
        for step, node in zip(found.tree, sorted(tree.all(), key=lambda n: n.layer), strict=True):
            assert step.network_output == pytest.approx(node.output, abs=1e-5)
            assert step.step_change == pytest.approx(node.change, abs=1e-5)
    assert searched


AIMS = [{"direction": "reveal", "threshold": 0.85}, {"direction": "hide", "threshold": 0.65}]


@pytest.mark.parametrize("aim", AIMS, ids=str)
def test_the_story_of_the_search_is_true(framework: str, aim: Any) -> None:
    network, x = make(framework), images(2, size=(8, 10), seed=3)
    settings = {"windows": [4, 2, 1], "strides": [2, 2, 1], "mask": 0.0, "label": LABEL, **aim}
    answers = one_by_one(framework, network, softmax(framework))
    made = search(framework, network, x, activation_fn=softmax(framework), **settings)
    told = 0
    for image, found in zip(x, made, strict=True):
        if found.tree is None:
            continue
        for step, boxes in found.tree.process():
            assert boxes[-1] == step.box
            output = answers(edited(image, boxes, aim)[None])[0, LABEL]
            assert step.network_output == pytest.approx(output, abs=1e-5)
            told += 1
        for layer in (*found.layers, found.region):
            output = answers(edited(image, layer.boxes, aim)[None])[0, LABEL]
            assert layer.output == pytest.approx(output, abs=1e-5)
            if layer in (found.layers[-1], found.region):
                assert reached(output, aim)
            assert layer.area == pytest.approx(shown(0 * image, 0 * image + 1, layer.boxes).mean())
    assert told > 8


@pytest.mark.parametrize("aim", AIMS, ids=str)
def test_no_box_of_a_pruned_region_can_be_left_out(framework: str, aim: Any) -> None:
    network, x = make(framework), images(2, size=(8, 10), seed=1)
    answers = one_by_one(framework, network, softmax(framework))
    settings = {"windows": [4, 2], "strides": [2, 2], "mask": 0.0, "label": LABEL, **aim}
    settings |= {"activation_fn": softmax(framework)}
    made = search(framework, network, x, **settings)
    greedy = search(framework, network, x, prune=False, **settings)
    pruned = 0
    for image, found, before in zip(x, made, greedy, strict=True):
        if before.region is None:
            continue
        assert found.region is not None
        assert [one.boxes for one in found.layers] == [one.boxes for one in before.layers]
        assert before.region == before.layers[-1]
        assert set(found.region.boxes) <= set(before.region.boxes)
        pruned += len(found.region.boxes) < len(before.region.boxes)
        boxes = found.region.boxes
        for rest in combinations(boxes, len(boxes) - 1):
            assert not reached(answers(edited(image, rest, aim)[None])[0, LABEL], aim)
    assert pruned


def reached(output: float, aim: Any) -> bool:
    if aim["direction"] == "reveal":
        return output >= aim["threshold"] - 1e-5
    return output <= aim["threshold"] + 1e-5


def edited(image: Array, boxes: Any, aim: Any) -> Array:
    sides = (image * 0, image) if aim["direction"] == "reveal" else (image, image * 0)
    return shown(*sides, boxes)


def shown(before: Array, after: Array, boxes: Any) -> Array:
    made = before.copy()
    for x, y, width, height in boxes:
        made[:, y : y + height, x : x + width] = after[:, y : y + height, x : x + width]
    return made


def test_the_region_of_a_network_that_only_counts_is_the_smallest_of_all(framework: str) -> None:
    evidence = np.array([[3, 1, 2], [5, 0, 7], [1, 2, 4]], np.float32) / 32
    network = linear(framework, blocks(evidence, 2))
    x = np.ones((1, 3, 6, 6), np.float32)
    (found,) = search(framework, network, x, windows=[2], strides=[2], mask=0.0, threshold=15 / 32)
    values = evidence.ravel()
    fewest = next(
        number
        for number in range(10)
        if max(sum(some) for some in combinations(values, number)) >= 15 / 32
    )
    assert len(found.region.boxes) == fewest == 3
    assert sorted(found.region.boxes) == [(0, 2, 2, 2), (4, 2, 2, 2), (4, 4, 2, 2)]


def test_more_than_64_windows_on_a_wide_image(framework: str) -> None:
    weight = np.zeros((1, 3, 112, 448), np.float32)
    weight[0, 1, 40:60, 400:420] = 1 / 400
    (found,) = search(
        framework, linear(framework, weight), np.ones((1, 3, 112, 448), np.float32), mask=0.0
    )
    assert found.tree is not None
    (large,) = found.tree.children
    assert large.box == (374, 11, 56, 56)
    assert large.network_output == pytest.approx(1, abs=1e-5)
    (small,) = large.children
    assert small.box == (394, 36, 28, 28)
    assert found.region.boxes == (small.box,)


@pytest.mark.torch
@pytest.mark.mindspore
def test_both_frameworks_find_the_same() -> None:
    x, targets = images(2, size=(8, 10), seed=1), [[4, 1], [4, 0]]
    made = []
    for framework in ("torch", "mindspore"):
        network = make(framework)
        hoc = HierarchicalOcclusion(
            network, softmax(framework), windows=[4, 2], threshold=0.9, relative=True, mask=0.0
        )
        made.append([one for row in hoc(tensor(framework, x), targets) for one in row])
    found = 0
    for torch, mindspore in zip(*made, strict=True):
        assert torch.reason == mindspore.reason
        assert torch.images == mindspore.images
        if torch.tree is not None:
            found += 1
            assert plain(torch.tree) == plain(mindspore.tree)
            assert torch.region.boxes == mindspore.region.boxes
            assert torch.region.output == pytest.approx(mindspore.region.output, abs=1e-5)
    assert found >= 2
