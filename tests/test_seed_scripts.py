"""Scripts written for the predecessor run here after changing their imports (and their data).

Positions and names of the arguments are those of its manual.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Faithfulness
from seewhy.explainer import GradCAM, Gradient, GuidedBackprop
from seewhy.runner import ImageClassificationRunner
from seewhy.store import JobReader, read_job
from tests.networks import library

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def resnet(framework: str, num_classes: int) -> Any:
    """A small network with the layer names of a ResNet."""
    native = library(framework)
    nn = native.nn
    if framework == "torch":
        native.manual_seed(1)
        options, dense, sequential = {}, nn.Linear, nn.Sequential
    else:
        native.set_seed(1)
        options, dense, sequential = {"pad_mode": "valid"}, nn.Dense, nn.SequentialCell
    return sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, 4, 3, stride=2, **options),
            relu=nn.ReLU(),
            layer4=nn.Conv2d(4, 6, 3, **options),
            relu4=nn.ReLU(),
            pool=nn.AvgPool2d(3, 3),
            flatten=nn.Flatten(),
            end_point=dense(24, num_classes),
        )
    )


def dataset(framework: str, labels: str) -> Any:
    """Six photographs of 18 x 18 in batches of two, with one or with several labels."""
    random = np.random.default_rng(3)
    images = random.normal(size=(6, 3, 18, 18)).astype(np.float32)
    ids = np.array([3, 0, 9, 5, 5, 1], np.int32)
    several = np.array([[3, -1], [0, 7], [9, 2], [5, -1], [5, 6], [1, 0]], np.int32)
    column = ids if labels == "one" else several
    if framework == "torch":
        torch = library("torch")
        data = torch.utils.data.TensorDataset(torch.from_numpy(images), torch.from_numpy(column))
        return torch.utils.data.DataLoader(data, batch_size=2)
    rows = list(zip(images, column, strict=True))
    generator = library("mindspore.dataset").GeneratorDataset(
        rows, ["image", "label"], shuffle=False
    )
    return generator.batch(2)


def only_store(folder: Path) -> JobReader:
    (path,) = folder.glob("*.seewhy.db")
    return read_job(path)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_script_of_the_manual(framework: str) -> None:
    """`mindspore.explainer`: single-label classification, arguments by position."""
    net = resnet(framework, 10)
    data = dataset(framework, "one")
    labels = NAMES

    activation_fn = library(framework).nn.Softmax(1)
    gbp = GuidedBackprop(net)
    gradient = Gradient(net)
    explainers = [gbp, gradient]
    faithfulness = Faithfulness(len(labels), activation_fn, "NaiveFaithfulness")
    benchmarkers = [faithfulness]

    runner = ImageClassificationRunner("./summary_dir", (data, labels), net, activation_fn)
    runner.register_saliency(explainers=explainers, benchmarkers=benchmarkers)
    runner.run()

    with only_store(Path("summary_dir")) as job:
        samples = list(job.samples())
        assert [e.name for e in job.explainers] == ["GuidedBackprop", "Gradient"]
        overall = {s.explainer: s.mean for s in job.scores() if s.label is None}
    assert sorted(overall) == ["EdgeDetector", "Gradient", "GuidedBackprop", "RandomMap"]
    assert all(0 <= score <= 1 for score in overall.values())
    assert [s.ground_truth for s in samples] == [(3,), (0,), (9,), (5,), (5,), (1,)]
    for sample in samples:
        assert set(sample.ground_truth or ()) <= {i.label for i in sample.inferences}
        assert len(sample.maps) == 2 * len(sample.inferences)


@pytest.mark.filterwarnings("ignore:neutral score")  # untrained, it explains some labels by nothing
def test_the_script_of_the_tutorial(framework: str) -> None:
    """`mindspore_xai`: multi-label classification, arguments by name in another order."""
    num_classes = 10
    net = resnet(framework, num_classes)
    gradcam = GradCAM(net, layer="layer4")
    guidedbackprop = GuidedBackprop(net)
    activation_fn = library(framework).nn.Sigmoid()
    data = (dataset(framework, "several"), NAMES)
    explainers = [gradcam, guidedbackprop]
    faithfulness = Faithfulness(
        num_labels=num_classes, metric="InsertionAUC", activation_fn=activation_fn
    )
    benchmarkers = [faithfulness]

    runner = ImageClassificationRunner(
        summary_dir="./summary_dir", network=net, activation_fn=activation_fn, data=data
    )
    runner.register_saliency(explainers, benchmarkers)
    runner.run()

    with only_store(Path("summary_dir")) as job:
        assert job.info().settings["activation_fn"] == "Sigmoid"
        for sample in job.samples():
            for inference in sample.inferences:
                true = inference.label in (sample.ground_truth or ())
                predicted = inference.prob > 0.5
                assert inference.kind == {
                    (True, True): "TP", (True, False): "FN", (False, True): "FP",
                }[true, predicted]  # fmt: skip
                assert job.saliency(sample.id, inference.label, "GradCAM").shape == (6, 6)


def test_explainers_may_be_used_again(framework: str) -> None:
    """What the tutorial warns of: one instance for two runners."""
    net = resnet(framework, 10)
    gradcam, guidedbackprop = GradCAM(net, layer="layer4"), GuidedBackprop(net)
    activation_fn = library(framework).nn.Sigmoid()
    data = (dataset(framework, "several"), NAMES)

    runner = ImageClassificationRunner(
        summary_dir="./summary_dir_1", network=net, activation_fn=activation_fn, data=data
    )
    runner.register_saliency(explainers=[gradcam, guidedbackprop])
    runner.run()

    runner2 = ImageClassificationRunner(
        summary_dir="./summary_dir_2", network=net, activation_fn=activation_fn, data=data
    )
    runner2.register_saliency(explainers=[gradcam])
    runner2.run()

    with only_store(Path("summary_dir_1")) as one, only_store(Path("summary_dir_2")) as two:
        for sample in two.samples():
            for label in (inference.label for inference in sample.inferences):
                a, b = (job.saliency(sample.id, label, "GradCAM") for job in (one, two))
                assert np.array_equal(a, b)
