"""Masks on images, and the loop of perturbed forwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from seewhy.network import adapt
from seewhy.perturb.evaluate import chunk_sizes, evaluate, masked
from tests.networks import images, library, make, numpy, tensor


def test_masks_on_images(framework: str) -> None:
    x, masks = images(), np.random.default_rng(0).random((4, 5, 4)).astype(np.float32)
    reference = np.random.default_rng(1).random((2, 3, 1, 1)).astype(np.float32)
    native = [tensor(framework, array) for array in (x, masks, reference)]
    plain, replaced = numpy(masked(*native[:2])), numpy(masked(*native))
    for b, n in np.ndindex(4, 2):
        keep = masks[b]
        np.testing.assert_allclose(plain[b * 2 + n], x[n] * keep, atol=1e-6)
        expected = x[n] * keep + reference[n] * (1 - keep)
        np.testing.assert_allclose(replaced[b * 2 + n], expected, atol=1e-6)


def test_masks_of_zeros_and_ones_are_exact(framework: str) -> None:
    x = images() * 1e3
    masks = (np.random.default_rng(0).random((4, 5, 4)) < 0.5).astype(np.float32)
    native = [tensor(framework, array) for array in (x, masks, x[:1] + 1)]
    made = numpy(masked(*native)).reshape(4, *x.shape)
    hide = np.broadcast_to(masks[:, None, None] == 0, made.shape)
    np.testing.assert_array_equal(made, np.where(hide, x[:1] + 1, x))


def test_chunk_sizes() -> None:
    for total, chunk in ((10, 3), (9, 3), (1, 5), (0, 4)):
        sizes = list(chunk_sizes(total, chunk))
        assert sum(sizes) == total
        assert all(size == chunk for size in sizes[:-1])
        assert not sizes or 0 < sizes[-1] <= chunk


def test_notes_stay_beside_their_batches(framework: str) -> None:
    network = adapt(make(framework), library(framework).nn.Softmax(-1))
    x = images(20)
    parts = np.split(x, [3, 4, 11, 12, 18])
    answers = list(evaluate(network, ((k, tensor(framework, p)) for k, p in enumerate(parts))))
    assert [note for note, _ in answers] == list(range(6))
    for (_, made), part in zip(answers, parts, strict=True):
        expected = numpy(network.probabilities(tensor(framework, part)))
        np.testing.assert_allclose(numpy(made), expected, atol=1e-5)


def test_few_batches_exist_at_a_time(framework: str) -> None:
    network = adapt(make(framework), library(framework).nn.Softmax(-1))
    begun = 0

    def batches() -> Iterator[tuple[int, Any]]:
        nonlocal begun
        for k in range(60):
            begun += 1
            yield k, tensor(framework, images())

    for answered, _ in enumerate(evaluate(network, batches()), start=1):
        assert begun - answered <= 4


@pytest.mark.torch
def test_a_loop_that_is_closed_leaves_nothing_behind() -> None:
    torch = library("torch")
    module = make("torch").train()
    network = adapt(module, torch.nn.Softmax(-1))
    threads = torch.get_num_threads()
    answers = evaluate(network, ((k, tensor("torch", images())) for k in range(60)))
    next(answers)
    assert not module.training
    answers.close()
    assert module.training
    assert torch.get_num_threads() == threads
