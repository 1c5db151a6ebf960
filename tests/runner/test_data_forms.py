"""Every accepted form of data gives the same samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy.runner.annotations import Box
from seewhy.runner.dataset import as_dataset, items, num_samples
from seewhy.runner.samples import LabelledImage, read_samples
from tests.networks import Spec, images, library, make, tensor
from tests.runner.helpers import assert_same, pictures, runner, stored

IDS = np.array([[3, -1], [0, 2], [2, -1], [4, 1], [-1, -1], [1, 3]], np.int32)
BOXES = np.zeros((6, 2, 4), np.float32)
BOXES[0, 0], BOXES[1, 0], BOXES[1, 1], BOXES[3, 1] = (
    [1, 2, 3, 4],
    [0, 0, 9, 12],
    [2, 6, 5, 3],
    [4, 1, 2, 7],
)
LABELS = [(3,), (0, 2), (2,), (4, 1), (), (1, 3)]
OWNED = [
    (Box(3, 1, 2, 3, 4),),
    (Box(0, 0, 0, 9, 12), Box(2, 2, 6, 5, 3)),
    (),
    (Box(1, 4, 1, 2, 7),),
    (),
    (),
]
ROWS = list(zip(pictures(6), IDS, BOXES, strict=True))

Rows = list[tuple[Any, ...]]


class Iterable:
    """Can be iterated again, and says neither its length nor its items."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


def in_batches(rows: Rows, size: int) -> Rows:
    parts = [rows[i : i + size] for i in range(0, len(rows), size)]
    return [tuple(np.stack(column) for column in zip(*part, strict=True)) for part in parts]


def columns(rows: Rows) -> tuple[np.ndarray, ...]:
    return in_batches(rows, len(rows))[0]


def torch_dataset(rows: Rows) -> Any:
    class Pictures(library("torch").utils.data.Dataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return len(rows)

        def __getitem__(self, index: int) -> Any:
            return tuple(tensor("torch", column) for column in rows[index])  # never IndexError

    return Pictures()


def loader(rows: Rows, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about few CPUs
        return library("torch").utils.data.DataLoader(torch_dataset(rows), **options)


def stream(rows: Rows) -> Any:
    data = library("torch").utils.data

    class Stream(data.IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Iterator[Any]:
            return iter(torch_dataset(rows)[i] for i in range(len(rows)))

    return data.DataLoader(Stream(), batch_size=4)


def generator(rows: Rows, shuffle: bool = False) -> Any:
    names = ["image", "label", "bbox"][: len(rows[0])]
    return library("mindspore.dataset").GeneratorDataset(rows, names, shuffle=shuffle)


FORMS: dict[str, Callable[[Rows], Any]] = {
    "list of batches": lambda rows: in_batches(rows, 4),
    "tuple of arrays": columns,
    "re-iterable": Iterable,
    "re-iterable of lists": lambda rows: Iterable([list(row) for row in rows]),
    "array of objects": lambda rows: _object_array(rows),
}
TORCH: dict[str, Callable[[Rows], Any]] = {
    "torch Dataset": torch_dataset,
    "torch tensors": lambda rows: [tuple(tensor("torch", c) for c in row) for row in rows],
    "torch tuple of tensors": lambda rows: tuple(tensor("torch", c) for c in columns(rows)),
    "DataLoader": lambda rows: loader(rows),
    "DataLoader, 4": lambda rows: loader(rows, batch_size=4),
    "DataLoader, drop_last": lambda rows: loader(rows, batch_size=3, drop_last=True),
    "DataLoader, not batched": lambda rows: loader(rows, batch_size=None),
    "DataLoader, 2 workers": lambda rows: loader(rows, batch_size=2, num_workers=2),
    "DataLoader, persistent": lambda rows: loader(rows, num_workers=2, persistent_workers=True),
    "DataLoader of a stream": stream,
}
MINDSPORE: dict[str, Callable[[Rows], Any]] = {
    "GeneratorDataset": generator,
    "GeneratorDataset, batched": lambda rows: generator(rows).batch(4),
    "mindspore tensors": lambda rows: [tuple(tensor("mindspore", c) for c in row) for row in rows],
}


def _object_array(rows: Rows) -> np.ndarray:
    made = np.empty(len(rows), object)
    made[:] = rows
    return made


def read(data: Any) -> list[LabelledImage]:
    """Twice, as the runner does."""
    dataset = as_dataset(data)
    next(read_samples(dataset, 5))
    return list(read_samples(dataset, 5))


def check(
    found: list[LabelledImage], order: list[int], labels: Any = None, boxes: Any = None
) -> None:
    labels, boxes = LABELS if labels is None else labels, OWNED if boxes is None else boxes
    assert [s.labels for s in found] == [labels[i] for i in order]
    assert [s.boxes for s in found] == [boxes[i] for i in order]
    for sample, i in zip(found, order, strict=True):
        assert sample.image.dtype == np.float32
        assert np.array_equal(sample.image, ROWS[i][0])


@pytest.mark.parametrize("form", FORMS)
def test_framework_free_forms(form: str) -> None:
    check(read(FORMS[form](ROWS)), list(range(6)))


@pytest.mark.torch
@pytest.mark.parametrize("form", TORCH)
def test_torch_forms(form: str) -> None:
    check(read(TORCH[form](ROWS)), list(range(6)))


@pytest.mark.mindspore
@pytest.mark.parametrize("form", MINDSPORE)
def test_mindspore_forms(form: str) -> None:
    check(read(MINDSPORE[form](ROWS)), list(range(6)))


def order_of(found: list[LabelledImage]) -> list[int]:
    return [LABELS.index(sample.labels or ()) for sample in found]


@pytest.mark.mindspore
def test_a_shuffled_mindspore_dataset() -> None:
    found = read(generator(ROWS, shuffle=True).batch(2))
    assert sorted(order_of(found)) == list(range(6))
    check(found, order_of(found))


@pytest.mark.torch
def test_a_shuffled_loader() -> None:
    found = read(loader(ROWS, batch_size=4, shuffle=True))
    assert sorted(order_of(found)) == list(range(6))
    check(found, order_of(found))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("form", "number"),
    [
        ("torch Dataset", 6),
        ("DataLoader", 6),
        ("DataLoader, 4", 6),
        ("DataLoader, not batched", 6),
        ("DataLoader of a stream", None),
    ],
)
def test_how_many_samples_a_torch_form_holds(form: str, number: int | None) -> None:
    data = TORCH[form](ROWS)
    assert num_samples(data, next(items(data))) == number


@pytest.mark.torch
def test_a_loader_that_drops_the_last_batch_holds_less() -> None:
    data = loader(ROWS, batch_size=4, drop_last=True)
    assert num_samples(data, next(items(data))) == 4
    check(read(data), [0, 1, 2, 3])
    data = loader(ROWS, batch_sampler=[[5, 1], [0]])
    check(read(data), [5, 1, 0])
    assert num_samples(data, next(items(data))) is None


@pytest.mark.mindspore
def test_how_many_samples_a_mindspore_dataset_holds() -> None:
    single, batched = generator(ROWS), generator(ROWS).batch(4)
    assert num_samples(single, next(items(single))) == 6
    assert num_samples(batched, next(items(batched))) is None


def test_how_many_samples_a_framework_free_form_holds() -> None:
    for data, number in ((ROWS, 6), (pictures(3), 3), (in_batches(ROWS, 4), None)):
        assert num_samples(data, next(items(data))) == number
    assert num_samples(Iterable(ROWS), ROWS[0]) is None


def test_only_images() -> None:
    """As an array, as items, as columns, and as a batch; nothing is known of them."""
    array = pictures(3)
    nothing: list[Any] = [None] * 3
    forms = [
        array,
        list(array),
        [(image,) for image in array],
        [[image] for image in array],
        [array],
    ]
    for form in forms:
        check(read(form), [0, 1, 2], labels=nothing, boxes=[()] * 3)


def test_images_and_labels_without_boxes() -> None:
    check(read([row[:2] for row in ROWS]), list(range(6)), boxes=[()] * 6)


@pytest.mark.parametrize("dtype", [bool, np.float32, np.int64, np.uint8])
def test_multi_hot_labels_in_a_batch(dtype: Any) -> None:
    hot = np.zeros((6, 5), dtype)
    for row, ids in zip(hot, IDS, strict=True):
        row[ids[ids >= 0]] = 1
    expected = [tuple(sorted(ids)) for ids in LABELS]
    check(read((pictures(6), hot)), list(range(6)), labels=expected, boxes=[()] * 6)


def test_one_id_a_sample() -> None:
    """As a Python int, in a column of a batch, and beside a batch of one."""
    array = pictures(2)
    forms: list[Any] = [
        [(array[0], 3), (array[1], 1)],
        [(array, np.array([3, 1]))],
        [(array, [3, 1])],
        [(array[:1], 3), (array[1:], [[1]])],
    ]
    for form in forms:
        check(read(form), [0, 1], labels=[(3,), (1,)], boxes=[(), ()])


def test_whole_numbers_and_half_precision_become_float32() -> None:
    whole = np.rint(pictures(2) * 2)
    for kind in (np.int8, np.float16, np.float64):
        for sample, image in zip(read(list(whole.astype(kind))), whole, strict=True):
            assert sample.image.dtype == np.float32
            assert np.array_equal(sample.image, image)


@pytest.mark.torch
def test_bfloat16_and_tensors_that_require_gradients() -> None:
    whole = np.rint(pictures(2) * 2)
    native = [tensor("torch", image).bfloat16().requires_grad_() for image in whole]
    for sample, image in zip(read(native), whole, strict=True):
        assert np.array_equal(sample.image, image)


def native_form(framework: str) -> Any:
    if framework == "torch":
        return loader(ROWS, batch_size=4, num_workers=2)
    return generator(ROWS).batch(4)


def test_a_run_on_the_frameworks_own_data(framework: str, tmp_path: Path) -> None:
    native = stored(runner(framework, tmp_path / "native", native_form(framework)).run())
    plain = stored(runner(framework, tmp_path / "plain", ROWS).run())
    assert_same(native, plain)
    assert [s.truth for s in native.values()] == LABELS
    assert [s.boxes for s in native.values()] == [[tuple(b) for b in boxes] for boxes in OWNED]


def test_a_run_without_labels_has_no_kinds(framework: str, tmp_path: Path) -> None:
    found = stored(runner(framework, tmp_path, pictures(6)).run())
    assert {s.truth for s in found.values()} == {None}
    assert {kind for s in found.values() for kind in s.kinds.values()} == {None}


def test_boxes_land_in_the_right_place(framework: str, tmp_path: Path) -> None:
    """x counts columns and y rows: a bright rectangle in the picture lies below its box."""
    x, y, w, h = 10, 30, 25, 8
    image = np.zeros((3, 48, 64), np.float32)
    image[:, y : y + h, x : x + w] = 255
    data = [(image, [2, 2, -1], [[x, y, w, h], [0.5, 1.5, 2, 3], [0, 0, 0, 0]])]
    sample = stored(runner(framework, tmp_path, data).run())[0]
    assert sample.boxes == [(2, x, y, w, h), (2, 0.5, 1.5, 2, 3)]
    assert sample.picture.shape == (48, 64, 3)
    assert sample.picture[y + 2 : y + h - 2, x + 2 : x + w - 2].min() > 200
    outside = sample.picture.copy()
    outside[y - 8 : y + h + 8, x - 8 : x + w + 8] = 0  # JPEG smears edges
    assert outside.max() < 30


@pytest.mark.torch
def test_boxes_follow_the_size_of_the_displayed_picture(tmp_path: Path) -> None:
    data = [(pictures(1)[0], [2], [[3, 4, 3, 2]])]  # on 9 x 12
    shown = np.zeros((24, 27), np.uint8)
    sample = stored(runner("torch", tmp_path, data, display=lambda x: shown).run())[0]
    assert sample.boxes == [(2, 9, 8, 9, 4)]
    assert sample.picture.shape == (24, 27, 3)


@pytest.mark.parametrize("channels", [1, 4])
def test_channels(framework: str, channels: int, tmp_path: Path) -> None:
    data = [(image, 0) for image in images(2, channels, (12, 9))]
    network = make(framework, Spec(channels=channels))
    found = stored(runner(framework, tmp_path, data, network).run())
    assert [s.picture.shape for s in found.values()] == [(12, 9, 3)] * 2
    assert all((0, "GradCAM") in s.maps for s in found.values())


def test_different_shapes_in_one_data_set(framework: str, tmp_path: Path) -> None:
    sizes = [(12, 9), (8, 8), (12, 9), (10, 14), (8, 8), (12, 9)]
    data = [(images(1, 3, size, seed)[0], [0]) for seed, size in enumerate(sizes)]
    together = stored(runner(framework, tmp_path, data, batch_size=2).run())
    alone = stored(runner(framework, tmp_path / "one", data, batch_size=1).run())
    assert_same(together, alone)
    for sample, size in zip(together.values(), sizes, strict=True):
        assert sample.picture.shape[:2] == size
        assert sample.maps[0, "Gradient"].shape == size


def test_a_data_set_of_many_shapes_is_not_kept_in_memory(framework: str, tmp_path: Path) -> None:
    """At most eight batches wait for company."""
    waiting = most = 0

    class Counted(list):  # type: ignore[type-arg]
        def __getitem__(self, index: Any) -> Any:
            nonlocal waiting, most
            waiting += 1
            most = max(most, waiting)
            return super().__getitem__(index)

    def display(image: np.ndarray) -> np.ndarray:
        nonlocal waiting
        waiting -= 1
        return np.zeros((4, 4), np.uint8)

    data = Counted(np.full((3, 4, 4 + i), i / 30, np.float32) for i in range(24))
    network = make(framework)
    job = runner(framework, tmp_path, data, network, batch_size=1, display=display, threshold=1.0)
    assert len(stored(job.run())) == 24
    assert most <= 9


def test_names(tmp_path: Path, framework: str) -> None:
    names = [f"photo-{i}.jpg" for i in range(6)]
    found = stored(runner(framework, tmp_path, ROWS, names=names).run())
    assert [s.name for s in found.values()] == names


def test_one_network_output(framework: str, tmp_path: Path) -> None:
    network = make(framework, Spec(classes=1))
    data = list(zip(pictures(2), [0, -1], strict=True))
    found = stored(runner(framework, tmp_path, data, network, labels=["there"]).run())
    assert [s.truth for s in found.values()] == [(0,), ()]
