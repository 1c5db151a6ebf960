"""Explain a small network on the breast cancer data, in PyTorch or in MindSpore.

    python examples/tabular_network.py torch [FOLDER]
    python examples/tabular_network.py mindspore [FOLDER]

The same call on both: gradients of the network give Shapley values of 30 features. Takes a few
seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from seewhy import LIMETabular, SHAPGradient, TabularRunner
from seewhy.runner import stored_importance
from seewhy.store import read_tabular

STEPS = 60


def trained_in_torch(x: Any, y: Any) -> Any:
    """Two layers and a softmax, trained on all rows at once."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(x.shape[1], 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    rows, classes = torch.from_numpy(x), torch.from_numpy(y)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(rows), classes).backward()
        optimizer.step()
    return nn.Sequential(network, nn.Softmax(-1))


def trained_in_mindspore(x: Any, y: Any) -> Any:
    """The same."""
    import mindspore as ms
    from mindspore import nn

    ms.set_seed(0)
    network = nn.SequentialCell(nn.Dense(x.shape[1], 16), nn.ReLU(), nn.Dense(16, 2))
    optimizer = nn.Adam(network.trainable_params(), 0.02)
    loss = nn.CrossEntropyLoss()
    rows, classes = ms.Tensor(x), ms.Tensor(y.astype(np.int32))
    step = ms.value_and_grad(lambda: loss(network(rows), classes), None, optimizer.parameters)
    for _ in range(STEPS):
        optimizer(step()[1])
    return nn.SequentialCell(network, nn.Softmax())


def main(framework: str = "torch", folder: str | Path = "explanations") -> None:
    """Train, explain 50 tumours that were not trained on, and print what matters."""
    data = load_breast_cancer()
    names, classes = list(data.feature_names), list(data.target_names)
    scaled = StandardScaler().fit_transform(data.data).astype(np.float32)
    train, test, train_truth, truth = train_test_split(scaled, data.target, random_state=0)
    make = {"torch": trained_in_torch, "mindspore": trained_in_mindspore}[framework]
    network = make(train, train_truth)

    runner = TabularRunner(
        folder,
        (test[:50], classes),
        network,
        ground_truth=truth[:50],
        feature_names=names,
        targets="all",
        job=f"tumours-{framework}",
    )
    runner.register_explainers(
        [
            SHAPGradient(network, train, names, classes, summarise=50),
            LIMETabular(network, LIMETabular.to_feat_stats(train), names, None, classes),
        ]
    )
    with read_tabular(runner.run()) as job:
        right = sum(row.inferences[0].kind == "TP" for row in job.rows())
        print(f"Right about {right} of {job.info().samples} tumours")
        for name, size in stored_importance(job, "SHAPGradient", "malignant").ranking()[:8]:
            print(f"  {size:.3f}  {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
