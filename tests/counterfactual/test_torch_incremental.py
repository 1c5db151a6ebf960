"""Searches that compute only what a box changes find what whole forwards find (PyTorch)."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.network import adapt


def network() -> nn.Module:
    torch.manual_seed(3)
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU()]
    for _ in range(3):
        layers += [nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4)).eval()


def test_what_only_a_box_changes_is_enough() -> None:
    net, softmax = network(), nn.Softmax(-1)
    with torch.no_grad():
        # The answers of an untrained network hardly depend on the image; make them.
        net[-1].weight *= 200
    x = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 3, 80, 96)).astype(np.float32))
    x[:, :, 20:50, 30:70] *= 3
    targets = adapt(net, softmax).probabilities(x).argmax(1)
    made = []
    for incremental in (True, False):
        search = HierarchicalOcclusion(
            net, softmax, incremental=incremental, threshold=0.9, relative=True
        )
        made.append([row[0] for row in search(x, targets)])
        if incremental:
            assert "incremental: boxes of 40 x 40" in adapt(net).engine
    for one, other in zip(*made, strict=True):
        assert one.reason is None
        assert other.reason is None
        assert [step.box for step in one.tree] == [step.box for step in other.tree]
        assert one.region.boxes == other.region.boxes
        np.testing.assert_allclose(one.region.output, other.region.output, atol=1e-4)
        assert one.images == other.images
