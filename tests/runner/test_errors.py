"""A mistake is told before any work."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import GradCAM, Gradient, ImageClassificationRunner
from seewhy.network.logits import NotFiniteError
from tests.networks import Spec, library, make, tensor
from tests.runner.helpers import NAMES, SPEC, labelled, pictures, runner, sigmoid, stored
from tests.runner.test_results import Counter

IMAGE = pictures(1)[0]


def build(framework: str, folder: Path, **changes: Any) -> ImageClassificationRunner:
    arguments: dict[str, Any] = {
        "summary_dir": folder,
        "data": ([IMAGE], NAMES),
        "network": make(framework, SPEC),
        "activation_fn": sigmoid(framework),
    }
    return ImageClassificationRunner(**{**arguments, **changes})


def check(
    framework: str, folder: Path, error: type[Exception], message: str, **changes: Any
) -> None:
    with pytest.raises(error, match=message) as caught:
        build(framework, folder, **changes)
    assert type(caught.value) in (error, NotFiniteError)
    assert not list(folder.rglob("*.db"))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"summary_dir": 3}, TypeError, "`summary_dir` must be a str or Path, got int"),
        ({"summary_dir": None}, TypeError, "`summary_dir` must be a str or Path, got NoneType"),
        ({"data": [[IMAGE], NAMES]}, TypeError, "`data` must be a tuple .*, got list"),
        ({"data": ([IMAGE],)}, ValueError, "`data` must be a tuple .*, got 1 elements"),
        ({"data": ([IMAGE], NAMES, 3)}, ValueError, "got 3 elements"),
        ({"data": ([IMAGE], tuple(NAMES))}, TypeError, "list of class names, got tuple"),
        ({"data": ([IMAGE], "abcde")}, TypeError, "list of class names, got str"),
        ({"data": ([IMAGE], [])}, ValueError, "class names, got an empty list"),
        ({"data": ([IMAGE], [*NAMES[:4], 5])}, ValueError, "must be strings, got 5 at 4"),
        ({"data": ([IMAGE], ["", *NAMES[:4]])}, ValueError, "not be blank, got '' at 0"),
        ({"data": ([IMAGE], ["a", "b", " \t", "c", "d"])}, ValueError, "not be blank, got .* at 2"),
        ({"data": ([IMAGE], ["a", "b", "c", "d", "b"])}, ValueError, "distinct, got 'b' more than"),
        ({"data": (7, NAMES)}, TypeError, "`data` must start with a MindSpore dataset, .* got int"),
        ({"data": ("photos", NAMES)}, TypeError, "`data` must start with .*, got str"),
        ({"data": ({0: IMAGE}, NAMES)}, TypeError, "`data` must start with .*, got dict"),
        ({"network": lambda x: x}, TypeError, "`network` must be a torch.nn.Module or a mindspore"),
        ({"network": None}, TypeError, "got builtins.NoneType"),
        ({"activation_fn": None}, TypeError, "`activation_fn` must be callable, got NoneType"),
        ({"activation_fn": "softmax"}, TypeError, "`activation_fn` must be callable, got str"),
        (
            {"activation_fn": Counter},
            TypeError,
            r"must be an instance, got the class Counter: .*\(\)",
        ),
        ({"output": 1}, TypeError, "`output` must be callable, got int"),
        ({"threshold": "0.5"}, TypeError, "`threshold` must be a number, got str"),
        ({"threshold": True}, TypeError, "`threshold` must be a number, got bool"),
        ({"threshold": 1.5}, ValueError, r"`threshold` must be in \[0, 1\], got 1.5"),
        ({"threshold": float("nan")}, ValueError, r"`threshold` must be in \[0, 1\], got nan"),
        ({"display": 3}, TypeError, "`display` must be callable, got int"),
        ({"display": lambda x: "?"}, TypeError, "`display` must return a PIL image"),
        ({"names": "photo"}, TypeError, "`names` must be a list of strings, got str"),
        ({"names": [1]}, TypeError, "`names` must hold strings only"),
        ({"names": ["a", "b"]}, ValueError, "a name for each of the 1 samples, got 2"),
        ({"job": ""}, ValueError, "`job` must be a file name"),
        ({"job": "a/b"}, ValueError, "`job` must be a file name"),
        ({"job": 3}, TypeError, "`job` must be a str, got int"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be positive, got 0"),
        ({"batch_size": 2.0}, TypeError, "`batch_size` must be an int, got float"),
        ({"batch_size": True}, TypeError, "`batch_size` must be an int, got bool"),
        ({"progress": 1}, TypeError, "`progress` must be a bool or None, got int"),
    ],
)
def test_arguments(
    change: dict[str, Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    check("torch", tmp_path, error, message, **change)


class SameIterator:
    """Looks as if it could be iterated again."""

    def __init__(self) -> None:
        self.iterator = iter([IMAGE, IMAGE])

    def __iter__(self) -> Any:
        return self.iterator


@pytest.mark.torch
@pytest.mark.parametrize(
    ("make_data", "kind"),
    [
        (lambda: (image for image in [IMAGE]), "generator"),
        (lambda: iter([IMAGE]), "list_iterator"),
        (lambda: map(np.array, [IMAGE]), "map"),
        (SameIterator, "SameIterator"),
    ],
)
def test_data_that_one_pass_uses_up(make_data: Any, kind: str, tmp_path: Path) -> None:
    message = f"`data` must be readable more than once, got a {kind}, .* a list or a Dataset"
    check("torch", tmp_path, TypeError, message, data=(make_data(), NAMES))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([], ValueError, "at least one sample, got an empty data set"),
        (np.zeros((0, 3, 8, 8)), ValueError, "got an empty data set"),
        ([np.zeros((0, 3, 8, 8))], ValueError, "got an empty data set"),
        ([()], ValueError, r"item 0 of `data` must have the columns .*, got 0"),
        ([(IMAGE, 1, [], [], 5)], ValueError, r"item 0 of `data` must have the columns .*, got 5"),
        ([np.zeros((12, 9))], ValueError, r"CHW or NCHW, got shape \(12, 9\) in item 0 of `data`"),
        ([np.zeros((1, 1, 3, 12, 9))], ValueError, "CHW or NCHW"),
        ([np.zeros((2, 12, 9))], ValueError, r"1, 3 or 4 channels, got \(2, 12, 9\) \(C, H, W\)"),
        ([np.zeros((12, 9, 3))], ValueError, "in item 0 of `data`; these look like HWC, transpose"),
        ([np.zeros((3, 0, 9))], ValueError, r"at least one pixel, got \(3, 0, 9\) in item 0"),
        ([np.full((3, 8, 8), np.nan)], ValueError, "finite, got NaN or infinity in item 0"),
        ([np.zeros((3, 8, 8), complex)], TypeError, "real numbers, got complex128 in item 0"),
        (["photo.jpg"], TypeError, "item 0 of `data` must hold arrays or tensors, got str"),
        ([{"image": IMAGE}], TypeError, "must hold arrays or tensors, got dict"),
        ([(IMAGE, None)], TypeError, "must hold arrays or tensors, got NoneType"),
        ([(IMAGE, "cat")], TypeError, "must hold arrays or tensors, got str"),
        ([(IMAGE, [[1], [2, 3]])], ValueError, "got a list of uneven parts"),
        ([(IMAGE, 5)], ValueError, r"labels must be in 0\.\.4 \(-1 pads\), got 5 in item 0"),
        ([(IMAGE, np.zeros((2, 2), int))], ValueError, "labels must have at most two axes"),
        ([(IMAGE, 1, [1, 2, 3])], ValueError, "x, y, w, h on the last axis"),
        ([(pictures(3), [1, 2])], ValueError, "one row for each of the 3 images, got shape"),
        ([(pictures(3), 1)], ValueError, r"labels must hold one row for each .* got shape \(\)"),
        ([(pictures(2), [1, 2], [1, 1, 2, 2])], ValueError, "boxes or masks must hold one row"),
        ([(pictures(2), [1, 7])], ValueError, "got 7 in sample 1 of item 0"),
        ((pictures(3), np.array([1, 2])), ValueError, "got columns of 3, 2"),
    ],
)
def test_first_items(data: Any, error: type[Exception], message: str, tmp_path: Path) -> None:
    if "sample 1 of" in message:  # the first sample is in order
        with pytest.raises(error, match=message):
            runner("torch", tmp_path, data).run()
    else:
        check("torch", tmp_path, error, message, data=(data, NAMES))


@pytest.mark.mindspore
def test_an_empty_mindspore_dataset(tmp_path: Path) -> None:
    slices = library("mindspore.dataset").NumpySlicesDataset(list(pictures(2)), ["image"])
    dataset = slices.skip(2)
    check("mindspore", tmp_path, ValueError, "empty data set", data=(dataset, NAMES))


# ---- a network and an activation that do not fit


def test_outputs_that_do_not_match_the_labels(framework: str, tmp_path: Path) -> None:
    message = "`network` must have an output for each of the 4 class names of `data`, it has 5"
    check(framework, tmp_path, ValueError, message, data=([IMAGE], NAMES[:4]))


def test_an_activation_that_gives_no_probabilities(framework: str, tmp_path: Path) -> None:
    for activation in (lambda logits: logits, lambda logits: logits.exp() + 2):
        message = (
            r"`activation_fn` must turn the logits into probabilities in \[0, 1\], got values in \["
        )
        check(framework, tmp_path, ValueError, message, activation_fn=activation)


def test_an_activation_that_returns_nan_or_no_tensor(framework: str, tmp_path: Path) -> None:
    message = "`activation_fn` returned NaN or infinite values"
    check(framework, tmp_path, ValueError, message, activation_fn=lambda x: x * float("nan"))
    check(framework, tmp_path, TypeError, "must", activation_fn=lambda logits: None)


def test_nan_logits(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    values = np.full(5, np.nan, np.float32)
    if framework == "torch":
        network.fc.bias.data = tensor(framework, values)
    else:
        network.fc.bias.set_data(tensor(framework, values))
    check(framework, tmp_path, ValueError, "`network` returned NaN or infinite", network=network)


def test_a_network_that_returns_a_tuple(framework: str, tmp_path: Path) -> None:
    native = library(framework).nn
    base = native.Module if framework == "torch" else native.Cell

    class Two(base):  # type: ignore[misc,valid-type]
        def forward(self, x: Any) -> Any:
            return x, x

        construct = forward

    message = "pick them with `output=lambda answer: answer"
    check(framework, tmp_path, TypeError, message, network=Two())


# ---- registering


def test_registering(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    job = build(framework, tmp_path, network=network)
    other = Gradient(make(framework, SPEC))
    wrong: list[tuple[Any, type[Exception], str]] = [
        ("Gradient", TypeError, "`explainers` must be a list, got str"),
        (Gradient(network), TypeError, "`explainers` must be a list, got Gradient"),
        (None, TypeError, "`explainers` must be a list, got NoneType"),
        ([], ValueError, "at least one explainer, got an empty list"),
        ([3], TypeError, "must hold explainers, got int"),
        ([Gradient], TypeError, r"an explainer is an instance, for instance Gradient\(network\)"),
        ([Gradient(network), other], ValueError, "the runner's own network object"),
        (
            [GradCAM(network, layer="conv"), GradCAM(network)],
            ValueError,
            "distinct classes, got GradCAM twice",
        ),
    ]
    for explainers, error, message in wrong:
        with pytest.raises(error, match=message):
            job.register_saliency(explainers)
    for benchmarkers in ("Faithfulness", [object()]):
        with pytest.raises(TypeError, match="`benchmarkers` must"):
            job.register_saliency([Gradient(network)], benchmarkers)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="`register_saliency` must be called before `run`"):
        job.run()
    # None of that counts as having registered.
    job.register_saliency([Gradient(network)])
    with pytest.raises(RuntimeError, match="must be called once"):
        job.register_saliency([GradCAM(network)])
    assert len(stored(job.run())) == 1


@pytest.mark.torch
def test_two_networks_that_are_equal_are_not_the_same(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Gradient\(SmallCNN\) was made for another one"):
        runner(
            "torch", tmp_path, [IMAGE], make_explainers=lambda _: [Gradient(make("torch", SPEC))]
        )


# ---- a folder or a store that does not serve


def refuse(folder: Path, error: type[Exception], message: str) -> None:
    """Refused before any forward."""
    network = make("torch", SPEC)
    job = runner("torch", folder, labelled(2), network)
    counter = Counter(network)
    with pytest.raises(error, match=message):
        job.run()
    assert counter.samples == 0


@pytest.mark.torch
def test_summary_dir_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refuse(tmp_path / "file", OSError, "`summary_dir` is not writable")
    refuse(tmp_path / "file" / "below", OSError, "`summary_dir` is not writable")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.torch
def test_summary_dir_that_may_not_be_written() -> None:
    refuse(Path("/proc/self/seewhy"), OSError, "`summary_dir` is not writable")


@pytest.mark.torch
def test_a_corrupt_store_and_a_file_that_is_none(tmp_path: Path) -> None:
    for content in (b"not a store at all" * 100, b"SQLite format 3\0" + b"\1" * 5000):
        path = tmp_path / "explanations.seewhy.db"
        path.write_bytes(content)
        refuse(
            tmp_path, ValueError, "corrupt or not a SeeWhy store|cannot be read as a SeeWhy store"
        )
        assert path.read_bytes() == content


@pytest.mark.torch
def test_a_store_of_a_newer_version(tmp_path: Path) -> None:
    path = runner("torch", tmp_path, labelled(1)).run()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute(
            "UPDATE meta SET value = ? WHERE key = 'schema_version'", (json.dumps(99),)
        )
        connection.commit()
    before = path.read_bytes()
    refuse(tmp_path, ValueError, "99")
    assert path.read_bytes() == before


FULL = """
import resource, sys
from pathlib import Path
from tests.runner.helpers import labelled, pictures, runner
import numpy as np
folder = Path(sys.argv[1])
data = list(np.random.default_rng(0).random((60, 3, 200, 200), np.float32))
job = runner("torch", folder, data, batch_size=4)
resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, 800_000))
try:
    job.run()
except OSError as error:
    print(error)
    sys.exit(7)
"""


@pytest.mark.torch
def test_a_full_disk_keeps_what_was_written(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FULL, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 7, done.stderr
    assert "samples and" in done.stdout
    assert "are safe in the store: make room and run again to go on" in done.stdout
    number = len(stored(tmp_path / "explanations.seewhy.db"))
    assert f"{number} samples" in done.stdout
    data = list(np.random.default_rng(0).random((60, 3, 200, 200), np.float32))
    again = stored(runner("torch", tmp_path, data, batch_size=4).run())
    assert len(again) == 60


@pytest.mark.torch
def test_the_labels_of_a_wider_network(tmp_path: Path) -> None:
    """The message for a wrong number of names says both numbers."""
    network = make("torch", Spec(classes=7))
    with pytest.raises(ValueError, match="5 class names of `data`, it has 7"):
        build("torch", tmp_path, network=network)
