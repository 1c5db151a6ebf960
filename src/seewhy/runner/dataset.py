"""Going through whatever holds a user's data, item by item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

ACCEPTED = (
    "a MindSpore dataset, a PyTorch Dataset or DataLoader, a tuple of arrays (images, labels, "
    "boxes, masks), or anything that can be iterated more than once over tuples (image), (image, "
    "label), (image, label, bbox or mask) or (image, label, bbox, mask) or over arrays"
)


def as_dataset(dataset: Any) -> Any:
    """Check that `dataset` can be read, and read again; zip it if it is a tuple of columns.

    Raises
    ------
    TypeError
        If it cannot be iterated, or only once.
    ValueError
        If it is a tuple of columns of different lengths.
    """
    if _is_mindspore(dataset):
        return dataset
    if isinstance(dataset, (str, bytes, dict)) or not (
        _is_indexed(dataset) or hasattr(dataset, "__iter__")
    ):
        raise TypeError(f"`data` must start with {ACCEPTED}, got {type(dataset).__name__}")
    if not _is_indexed(dataset) and _is_used_up_by_one_pass(dataset):
        raise TypeError(
            f"`data` must be readable more than once, got a {type(dataset).__name__}, which is "
            "used up by one pass; a list or a Dataset would do"
        )
    return _zipped(dataset) if _is_columns(dataset) else dataset


def items(dataset: Any) -> Iterator[Any]:
    """Go through the items once."""
    if _is_mindspore(dataset):
        return iter(dataset.create_tuple_iterator(num_epochs=1, output_numpy=True))
    if _is_indexed(dataset):
        # By index: a PyTorch Dataset need not say where it ends in any other way.
        return (dataset[i] for i in range(len(dataset)))
    return iter(dataset)


def num_items(dataset: Any) -> int | None:
    """How many items `dataset` yields, if it says so."""
    if _is_mindspore(dataset):
        return int(dataset.get_dataset_size())
    try:
        return len(dataset)
    except (TypeError, NotImplementedError):
        return None


def num_samples(dataset: Any, first_item: Any) -> int | None:
    """How many samples `dataset` yields, if that can be known; an item may hold many."""
    if _is_loader(dataset) and dataset.batch_size is not None:
        if dataset.drop_last:
            batches = num_items(dataset)
            return None if batches is None else batches * int(dataset.batch_size)
        return num_items(dataset.sampler)
    holds_columns = isinstance(first_item, (tuple, list)) and len(first_item) > 0
    image = first_item[0] if holds_columns else first_item
    return num_items(dataset) if getattr(image, "ndim", 0) == 3 else None


def _is_mindspore(dataset: Any) -> bool:
    return hasattr(dataset, "create_tuple_iterator")


def _is_loader(dataset: Any) -> bool:
    return hasattr(dataset, "batch_sampler") and hasattr(dataset, "drop_last")


def _is_indexed(dataset: Any) -> bool:
    return hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")


def _is_used_up_by_one_pass(dataset: Any) -> bool:
    if hasattr(dataset, "__next__"):
        return True
    # Some hand out one iterator again and again. A loader may, and starts it anew.
    return not _is_loader(dataset) and iter(dataset) is iter(dataset)


def _is_columns(dataset: Any) -> bool:
    """Whether it is (images, labels[, boxes][, masks]): unlike images, labels have few axes."""
    if not isinstance(dataset, tuple) or len(dataset) not in (2, 3, 4):
        return False
    axes = [getattr(column, "ndim", 0) for column in dataset]
    return axes[0] == 4 and axes[1] in (1, 2) and all(axis in (3, 4) for axis in axes[2:])


def _zipped(columns: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise ValueError(
            "`data` must start with as many labels (boxes, masks) as images, got columns of "
            f"{', '.join(map(str, lengths))}"
        )
    return [tuple(column[i] for column in columns) for i in range(lengths[0])]
