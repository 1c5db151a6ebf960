"""Boxes replaced patch by patch give what whole forwards of the same images give."""

from __future__ import annotations

import logging
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks import networks
from seewhy.network import adapt
from seewhy.network.torch.adapter import TorchNetwork
from seewhy.network.torch.engine import engine_of
from seewhy.network.torch.fused import FusedGraph, fuse_or_reason
from seewhy.network.torch.incremental import Plans, difference
from seewhy.network.torch.incremental_batches import batches
from seewhy.network.torch.incremental_plan import KEPT_BYTES, Plan
from seewhy.network.torch.incremental_run import Kept, run
from seewhy.network.torch.incremental_stream import stream_boxes
from seewhy.network.torch.incremental_values import values_of
from tests.network.torch.fusable import NETWORKS, conv, images, pooled, seeded
from tests.network.torch.local_networks import LOCAL
from tests.snapshots import snapshot

SIZE = (17, 19)
BOXES = {(4, 4): (2, 3), (3, 6): (1, 4), (1, 1): (5, 5), SIZE: (1, 1)}


def built(network: nn.Module, x: Tensor) -> FusedGraph:
    graph, reason = fuse_or_reason(network, x)
    assert graph is not None, reason
    return graph


def network_of(name: str, x: Tensor) -> nn.Module:
    def build() -> nn.Module:
        made = LOCAL[name]()
        made.eval()(x)  # lazy layers take their size
        return made

    return seeded(build)


def planned(graph: FusedGraph, x: Tensor, box: tuple[int, int], share: float | None = 1) -> Plan:
    return Plan(graph._program, values_of(graph._program, x[:1]), box, share)


def corners_of(size: tuple[int, int], box: tuple[int, int], step: tuple[int, int]) -> Any:
    """Boxes each `step`, and those at the lower and right edge."""
    along = [
        sorted({*range(0, n - b + 1, s), n - b}) for n, b, s in zip(size, box, step, strict=True)
    ]
    return np.stack(np.meshgrid(*along, indexing="ij"), -1).reshape(-1, 2)


def boxes_of(corners: Any, box: tuple[int, int]) -> Any:
    return np.concatenate([corners, np.broadcast_to(box, corners.shape)], 1)


def replaced(x: Tensor, other: Tensor, corners: Any, box: tuple[int, int]) -> Tensor:
    """All images (b, C, H, W) that come of one image."""
    made = x.repeat(len(corners), 1, 1, 1)
    for image, (top, left) in zip(made, corners.tolist(), strict=True):
        rows, columns = slice(top, top + box[0]), slice(left, left + box[1])
        image[:, rows, columns] = other[0, :, rows, columns]
    return made


def by_patches(plan: Plan, x: Tensor, other: Tensor, corners: Any, most: int = 7) -> Tensor:
    kept = Kept(plan, x, other)
    made: dict[int, Tensor] = {}
    for batch in batches(plan, corners, most):
        assert len(batch) <= most
        made.update(zip(batch.indices.tolist(), run(plan, kept, batch), strict=True))
    assert len(made) == len(corners)
    return torch.stack([made[index] for index in range(len(corners))])


def same(got: Tensor, expected: Tensor) -> None:
    assert (got - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert (expected - expected[:1]).abs().max() > 0 or len(expected) == 1


@pytest.mark.parametrize("share", [0.35, 1.0])
@pytest.mark.parametrize("box", BOXES, ids=str)
@pytest.mark.parametrize("name", LOCAL)
def test_same_answers(name: str, box: tuple[int, int], share: float) -> None:
    x, other = images(2, SIZE).split(1)
    graph = built(network_of(name, x), x)
    corners = corners_of(SIZE, box, BOXES[box])
    with torch.no_grad():
        expected = graph._program.run(replaced(x, other, corners, box))
    same(by_patches(planned(graph, x, box, share), x, other, corners), expected)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "norm of the batch"])
def test_same_answers_of_all_that_is_fused(name: str) -> None:
    x, other = images(2, (16, 20)).split(1)
    graph = built(seeded(NETWORKS[name]), x)
    corners = corners_of((16, 20), (5, 3), (3, 4))
    with torch.no_grad():
        expected = graph._program.run(replaced(x, other, corners, (5, 3)))
    same(by_patches(planned(graph, x, (5, 3)), x, other, corners), expected)


WHOLE = {
    "average without padding": 2,
    "average up to the edge": 2,
    "padding modules": 2,
    "squeeze and excitation": 2,
    "positions": 3,
    "chunks": 4,
}
"""Maps that need the whole map before; all others of `LOCAL` are made patch by patch."""


@pytest.mark.parametrize("name", LOCAL)
def test_what_is_known_runs_on_patches(name: str) -> None:
    x = images(1, SIZE)
    plan = planned(built(network_of(name, x), x), x, (3, 4))
    nodes = [node for node in plan.nodes if node.op not in ("placeholder", "output")]
    maps = [node for node in nodes if plan.values.is_map(node)]
    assert len(maps) - len(plan.choice.local) == WHOLE.get(name, 0)
    assert plan.choice.local


@pytest.mark.parametrize("most", [1, 3, 32])
def test_the_batch_size_does_not_matter(most: int) -> None:
    x, other = images(2, SIZE).split(1)
    plan = planned(built(network_of("residual", x), x), x, (4, 5))
    corners = corners_of(SIZE, (4, 5), (1, 2))
    expected = by_patches(plan, x, other, corners, 7)
    torch.testing.assert_close(by_patches(plan, x, other, corners, most), expected)


def test_a_batch_can_be_sliced() -> None:
    x, other = images(2, SIZE).split(1)
    plan = planned(built(network_of("concatenation", x), x), x, (4, 5))
    kept = Kept(plan, x, other)
    for batch in batches(plan, corners_of(SIZE, (4, 5), (1, 2)), 32):
        whole = run(plan, kept, batch)
        for part in (slice(0, 5), slice(4, 11), slice(9, None)):
            torch.testing.assert_close(run(plan, kept, batch[part]), whole[part])


def test_alignments_get_patches_of_their_own_size() -> None:
    """A box of 4 at an even place reaches 2 outputs of a step of 2, at an odd place 3."""
    network = nn.Sequential(nn.Conv2d(3, 4, 2, 2), nn.Flatten(), nn.LazyLinear(2))
    x = images(1, (16, 16))
    network(x)
    plan = planned(built(network.eval(), x), x, (4, 4))
    corners = np.array([[y, x] for y in (0, 1, 4, 7) for x in (2, 8)])
    sizes = {}
    for batch in batches(plan, corners, 32):
        cuts = [(cut.height, cut.width) for part, cut in batch.cuts.items() if not part.whole]
        sizes[tuple(corners[batch.indices][:, 0] % 2)] = cuts
    # At an even place the box itself is all that is read.
    assert sizes == {(0, 0, 0, 0): [], (1, 1, 1, 1): [(6, 4)]}


class Wide(nn.Module):
    """A network large enough that patches pay."""

    def __init__(self, *before: nn.Module) -> None:
        super().__init__()
        self.before = nn.Sequential(nn.Identity(), *before)
        self.features = nn.Sequential(
            conv(3, 16), nn.ReLU(), conv(16, 16), nn.ReLU(), conv(16, 16), nn.ReLU()
        )
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(pooled(self.features(self.before(x))))


BOX = (8, 6)
LARGE = (48, 56)
CORNERS = corners_of(LARGE, BOX, (7, 9))


def answers(network: Any, x: Tensor, other: Tensor, limit: int | None = None) -> Tensor | None:
    """Probabilities (b, n, K) by the network's own way with boxes, if it takes that."""
    stream = network.replaced_boxes(x, other, boxes_of(CORNERS, BOX), limit)
    if stream is None:
        return None
    made: dict[tuple[int, int], Tensor] = {}
    for sample, indices, probabilities in stream:
        assert limit is None or len(indices) <= limit
        for index, row in zip(indices.tolist(), probabilities, strict=True):
            assert (index, sample) not in made
            made[index, sample] = row
    rows = [torch.stack([made[b, n] for n in range(len(x))]) for b in range(len(CORNERS))]
    return torch.stack(rows)


def whole_answers(network: nn.Module, x: Tensor, other: Tensor) -> Tensor:
    other = other.expand_as(x)
    with torch.no_grad():
        made = [
            network(replaced(x[n : n + 1], other[n : n + 1], CORNERS, BOX)).softmax(-1)
            for n in range(len(x))
        ]
    return torch.stack(made, 1)


def wide(*before: nn.Module) -> tuple[nn.Module, TorchNetwork]:
    module = seeded(lambda: Wide(*before))
    network = adapt(module, nn.Softmax(-1))
    assert isinstance(network, TorchNetwork)
    return module, network


@pytest.mark.parametrize("limit", [None, 1, 4])
@pytest.mark.parametrize("threads", [1, 2])
def test_several_samples(threads: int, limit: int | None) -> None:
    module, network = wide()
    x, before = images(3, LARGE), torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        for other in (images(3, LARGE, seed=5), torch.full((1, 3, 1, 1), 0.4), x.flip(3)):
            made = answers(network, x, other, limit)
            assert made is not None
            torch.testing.assert_close(made, whole_answers(module, x, other), rtol=1e-5, atol=1e-6)
    finally:
        torch.set_num_threads(before)
    assert engine_of(module).boxes_reason.startswith("incremental: boxes of 8 x 6: ")


def test_any_memory_layout() -> None:
    module, network = wide()
    x, other = images(2, (LARGE[1], LARGE[0])).transpose(2, 3), images(1, LARGE)[:, :, :1]
    made = answers(network, x.requires_grad_(), other)
    assert made is not None
    torch.testing.assert_close(made, whole_answers(module, x, other), rtol=1e-5, atol=1e-6)


def test_nothing_is_left_behind() -> None:
    module, network = wide()
    module.train()
    before, x = snapshot("torch", module), images(2, LARGE)
    pixels = x.clone()
    assert answers(network, x, x * 0) is not None
    stream = network.replaced_boxes(x, x * 0, boxes_of(CORNERS, BOX))
    assert stream is not None
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert snapshot("torch", module) == before
    assert torch.equal(x, pixels)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("seewhy")]


def test_new_weights_are_seen() -> None:
    module, network = wide()
    x, other = images(1, LARGE), torch.zeros(1, 3, 1, 1)
    first = answers(network, x, other)
    with torch.no_grad():
        module.features[2].weight.mul_(-2)
    for _ in range(2):
        made = answers(network, x, other)
        assert made is not None
        assert first is not None
        torch.testing.assert_close(made, whole_answers(module, x, other), rtol=1e-5, atol=1e-6)
        assert (made - first).abs().max() > 1e-3
    module.features[2].weight.data[0, 0] *= -1  # behind PyTorch's back
    made = answers(network, x, other)
    assert made is not None
    torch.testing.assert_close(made, whole_answers(module, x, other), rtol=1e-5, atol=1e-6)


def refusal(network: TorchNetwork, x: Tensor) -> str:
    assert answers(network, x, torch.zeros(1, 3, 1, 1, dtype=x.dtype)) is None
    return engine_of(network.original).boxes_reason


def test_where_whole_forwards_are_better(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "seewhy")
    x = images(1, LARGE)
    _, network = wide(nn.ReflectionPad2d(1))
    assert "0 operators on patches" in refusal(network, x)
    assert "0 operators on patches" in caplog.text
    _, network = wide()
    assert refusal(network, x.double()).startswith("whole forwards: plain network: inputs are")
    module, network = wide()
    module.fc.register_forward_hook(lambda *given: None)
    assert refusal(network, x).startswith("whole forwards: plain network: a hook")
    _, network = wide()
    few = network.replaced_boxes(x, x * 0, boxes_of(CORNERS[:2], BOX))
    assert few is None
    assert "saves too little for 2 boxes" in engine_of(network.original).boxes_reason
    with torch.autocast("cpu"):
        assert refusal(network, x) == "whole forwards: of the plain network"


def test_too_much_to_keep() -> None:
    x = images(1, LARGE)
    plan = planned(built(seeded(Wide), x), x, BOX, None)
    kept = sum(made.nbytes for made in Kept(plan, x, x).maps.values())
    assert plan.reason_against(100, kept) is None
    assert "MiB of maps would be kept" in str(plan.reason_against(100, kept - 1))
    assert plan.reason_against(100) is None
    assert kept < KEPT_BYTES


def test_an_answer_that_differs_is_not_used() -> None:
    x, other = images(2, LARGE).split(1)
    graph = built(seeded(Wide), x)
    plan, words = Plans(graph._program, tolerance=-1.0).find(x, other, BOX, CORNERS)
    assert plan is None
    assert words.startswith("whole forwards: answers by patches differ by ")


def test_a_wrong_plan_is_noticed() -> None:
    x, other = images(2, LARGE).split(1)
    plan = planned(built(seeded(Wide), x), x, BOX, None)
    assert difference(plan, x, other, CORNERS) <= 1e-6
    last = list(plan.choice.local)[-1]
    plan.spans[1].first[last] = plan.spans[1].first[last] + 3
    assert difference(plan, x, other, CORNERS) > 1e-4


def test_an_operation_that_fails_on_patches(caplog: pytest.LogCaptureFixture) -> None:
    x = images(1, LARGE)
    graph = built(seeded(Wide), x)
    plans = Plans(graph._program, 1e-5)
    plan, _ = plans.find(x, x * 0, BOX, CORNERS)
    assert plan is not None
    plans = Plans(graph._program, 1e-5)
    found, words = plans.find(x, x[..., :10], BOX, CORNERS)  # too small for the boxes
    assert found is None
    assert words.startswith("whole forwards: patches failed")


def test_out_of_memory_halves_the_batch(caplog: pytest.LogCaptureFixture) -> None:
    x, other = images(2, LARGE).split(1)
    graph = built(seeded(Wide), x)
    plan = planned(graph, x, BOX, None)
    sizes = []

    def checked(logits: Tensor, number: int) -> Tensor:
        sizes.append(number)
        if number > 3:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return logits

    ops = adapt(seeded(Wide)).ops
    made = list(stream_boxes(plan, x, other, CORNERS, None, checked, ops))
    rows = {k: row for _, boxes, logits in made for k, row in zip(boxes, logits, strict=True)}
    with torch.no_grad():
        expected = graph._program.run(replaced(x, other, CORNERS, BOX))
    same(torch.stack([rows[index] for index in range(len(CORNERS))]), expected)
    assert max(sizes) > 3
    assert max(sizes[-3:]) <= 3
    assert caplog.text.count("out of memory") == 1


def test_a_bad_answer_is_an_error() -> None:
    module, network = wide()
    x = images(1, LARGE)
    assert answers(network, x, x * 0) is not None
    with pytest.raises(ValueError, match="NaN or infinite"):
        answers(network, x, torch.full((1, 3, 1, 1), 3e38))
    with pytest.raises(ValueError, match="`activation_fn` must be given"):
        adapt(module).replaced_boxes(x, x * 0, boxes_of(CORNERS, BOX))


@pytest.mark.parametrize("box", [(32, 32), (40, 21)], ids=str)
def test_efficientnet(box: tuple[int, int]) -> None:
    """The network whose layers pad unevenly, with its real weights, on a map of 224 x 192."""
    network = networks.efficientnet_lite0()
    x, other = networks.noise_images(2)[..., :192].split(1)
    graph = built(network, x)
    every = corners_of((224, 192), box, (73, 90))
    plan, words = graph.box_plan(x, other, box, every)
    assert plan is not None, words
    with torch.no_grad():
        expected = network(replaced(x, other, every, box))
    same(by_patches(plan, x, other, every, 8), expected)
    assert plan.choice.cost < 0.7 * plan.cost_whole
