"""Standard deviations and intervals of probabilities, by dropout and by ensembles."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from scipy import stats

from seewhy import EpistemicUncertainty
from seewhy.network import adapt
from seewhy.uncertainty import Estimate, beta_interval
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.snapshots import snapshot

SPEC = Spec("dropout_dense", classes=4)


def softmax(framework: str) -> Any:
    return library(framework).nn.Softmax(-1)


def estimate(
    framework: str, x: Any, spec: Spec | None = None, targets: Any = None, **settings: Any
) -> Estimate:
    made = EpistemicUncertainty(make(framework, spec), softmax(framework), **settings)
    return Estimate(*map(numpy, made(tensor(framework, x), targets)))


def passes(framework: str, x: Any, spec: Spec | None, number: int, seed: int = 0) -> Any:
    network = adapt(make(framework, spec), softmax(framework))
    return numpy(network.dropout_passes(tensor(framework, x), number, seed=seed)[1])


def flat(number: int = 3) -> Any:
    return images(number, 1, (4, 4)) * 0.4


@pytest.mark.parametrize("interval", ["beta", "quantile"])
def test_mean_deviation_and_interval_of_the_passes(framework: str, interval: Any) -> None:
    found = estimate(framework, flat(), SPEC, passes=40, interval=interval)
    made = passes(framework, flat(), SPEC, 40).astype(np.float64)
    mean, variance = made.mean(0), made.var(0)
    np.testing.assert_allclose(found.mean, mean, atol=1e-6)
    np.testing.assert_allclose(found.std, np.sqrt(variance), atol=1e-6)
    if interval == "quantile":
        expected = np.quantile(made, [0.025, 0.975], axis=0)
    else:
        a = mean**2 * (1 - mean) / variance - mean
        expected = np.stack(stats.beta(a, a * (1 - mean) / mean).interval(0.95))
    np.testing.assert_allclose((found.low, found.high), expected, atol=1e-5)


def test_the_centre_may_be_the_probability_without_dropout(framework: str) -> None:
    """With the probability p as its mean, a = p²(1-p)/v - p and b = a(1-p)/p."""
    found = estimate(framework, flat(), SPEC, passes=40, centre="probability")
    plain = numpy(adapt(make(framework, SPEC), softmax(framework)).probabilities(
        tensor(framework, flat())
    )).astype(np.float64)  # fmt: skip
    np.testing.assert_allclose(found.probability, plain, atol=1e-6)
    variance = passes(framework, flat(), SPEC, 40).astype(np.float64).var(0)
    a = plain**2 * (1 - plain) / variance - plain
    expected = stats.beta(a, a * (1 - plain) / plain).interval(0.95)
    np.testing.assert_allclose((found.low, found.high), expected, atol=1e-5)


@pytest.mark.parametrize("interval", ["beta", "quantile"])
def test_the_interval_holds_passes_that_it_has_not_seen(framework: str, interval: Any) -> None:
    """The share held has a standard error of sqrt(0.95 * 0.05 * 2 / 1000) = 0.01."""
    found = estimate(framework, flat(), SPEC, passes=1000, interval=interval, seed=1)
    fresh = passes(framework, flat(), SPEC, 1000, seed=2)
    held = ((found.low <= fresh) & (fresh <= found.high)).mean(0)
    np.testing.assert_allclose(held, 0.95, atol=0.045)


def test_ends_of_beta_distributions() -> None:
    """Without variance nothing but the mean; with the most there can be, all weight on 0 and 1."""
    mean = np.array([0.3, 0.0, 1.0, 0.5, 0.01, 0.99, 0.2])
    variance = np.array([0.0, 0.0, 0.0, 0.25, 0.0099, 0.0099, 0.5])
    low, high = beta_interval(mean, variance)
    np.testing.assert_array_equal(low, [0.3, 0, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(high, [0.3, 0, 1, 1, 0, 1, 1])
    for m, v in ((1e-6, 1e-9), (0.5, 1e-13), (1 - 1e-7, 1e-9), (1e-4, 9e-5)):
        (low,), (high,) = beta_interval(np.array([m]), np.array([v]))
        assert 0 <= low <= high <= 1


def test_targets_choose_classes_and_do_not_change_them(framework: str) -> None:
    every = estimate(framework, flat(), SPEC)
    assert every.mean.shape == (3, 4)
    chosen = estimate(framework, flat(), SPEC, [[2, 0], [1, 1], [3, 2]])
    for whole, part in zip(every, chosen, strict=True):
        np.testing.assert_array_equal(
            part, np.take_along_axis(whole, np.array([[2, 0], [1, 1], [3, 2]]), 1)
        )
    assert estimate(framework, flat(), SPEC, 1).std.shape == (3, 1)


def test_results_do_not_depend_on_the_split(
    framework: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = images(5)
    together = estimate(framework, x, passes=10)
    monkeypatch.setattr("seewhy.uncertainty.SAMPLES_AT_ONCE", 2)
    for part in (slice(0, 5), slice(3, 4)):
        split = estimate(framework, x[part], passes=10)
        for whole, made in zip(together, split, strict=True):
            np.testing.assert_allclose(made, whole[part], atol=1e-5)


@pytest.mark.mindspore
@pytest.mark.torch
def test_both_frameworks_give_the_same_numbers() -> None:
    for spec, x in ((Spec(), images(3)), (Spec("reused_relu"), images(3)), (SPEC, flat())):
        for where in (None, "fc"):
            one, other = (estimate(name, x, spec, where=where) for name in ("torch", "mindspore"))
            for a, b in zip(one, other, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-5)


def test_seeds(framework: str) -> None:
    made = [estimate(framework, flat(), SPEC, seed=seed).std for seed in (0, 0, 1, None, None)]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()
    assert (made[3] != made[4]).any()


def test_nothing_is_left_on_the_network(framework: str) -> None:
    original = make(framework)
    before = snapshot(framework, original)
    made = EpistemicUncertainty(original, softmax(framework), where="conv")
    made(tensor(framework, images(2)))
    assert snapshot(framework, original) == before
    assert made.networks == [original]


def test_an_ensemble(framework: str) -> None:
    members = [make(framework, Spec(seed=seed)) for seed in range(4)]
    before = [snapshot(framework, member) for member in members]
    x = tensor(framework, images(3))
    made = EpistemicUncertainty(members, softmax(framework), interval="quantile")
    found = Estimate(*map(numpy, made(x, [[0, 1]] * 3)))
    answers = np.stack([
        numpy(adapt(member, softmax(framework)).probabilities(x))[:, :2] for member in members
    ]).astype(np.float64)  # fmt: skip
    np.testing.assert_allclose(found.mean, answers.mean(0), atol=1e-6)
    np.testing.assert_array_equal(found.probability, found.mean)
    np.testing.assert_allclose(found.std, answers.std(0), atol=1e-6)
    np.testing.assert_allclose(
        (found.low, found.high), np.quantile(answers, [0.025, 0.975], axis=0), atol=1e-6
    )
    assert [snapshot(framework, member) for member in members] == before


def test_settings_as_plain_values(framework: str) -> None:
    made = EpistemicUncertainty(make(framework), softmax(framework), 20, where="conv")
    assert made.parameters == {
        "passes": 20, "rate": None, "where": "conv", "interval": "beta", "centre": "mean",
        "seed": 0,
    }  # fmt: skip
    assert "passes=20" in repr(made)
    pair = EpistemicUncertainty([make(framework), make(framework)], softmax(framework))
    assert len(pair.parameters["members"]) == 2
    assert "SmallCNN, SmallCNN" in repr(copy.copy(pair))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"passes": 0}, ValueError, "`passes` must be an int of at least 2, got 0"),
        ({"passes": 1}, ValueError, "`passes` must be an int of at least 2, got 1"),
        ({"passes": 2.0}, TypeError, "`passes` must be an int of at least 2, got float"),
        ({"passes": True}, TypeError, "`passes` must be"),
        ({"rate": 1.0}, ValueError, r"`rate` must be in \[0, 1\)"),
        ({"rate": "much"}, TypeError, "`rate` must be"),
        ({"where": "konv"}, ValueError, "`where` must name a layer .*'konv'; close names: conv"),
        ({"where": 3}, TypeError, "`where` must be the name"),
        (
            {"interval": "normal"},
            ValueError,
            "`interval` must be 'beta' or 'quantile', got 'normal'",
        ),
        ({"interval": None}, TypeError, "`interval` must be"),
        ({"centre": "median"}, ValueError, "`centre` must be 'mean' or 'probability'"),
        ({"seed": -1}, ValueError, "`seed` must be"),
        ({"activation_fn": None}, TypeError, "`activation_fn` must be callable"),
    ],
)
def test_bad_arguments(
    framework: str, settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    arguments = {"activation_fn": softmax(framework), **settings}
    with pytest.raises(error, match=message):
        EpistemicUncertainty(make(framework), **arguments)


def test_bad_ensembles(framework: str) -> None:
    one = make(framework)
    for members, settings, error, message in (
        ([one], {}, ValueError, "a list of at least 2, got 1"),
        ([], {}, ValueError, "a list of at least 2, got 0"),
        ([one, one], {}, ValueError, "different networks"),
        ([one, "two"], {}, TypeError, "`network` must be a torch.nn.Module or"),
        ([one, make(framework)], {"passes": 5}, ValueError, "`passes` must be None"),
    ):
        with pytest.raises(error, match=message):
            EpistemicUncertainty(members, softmax(framework), **settings)
    pair = EpistemicUncertainty([one, make(framework, Spec(classes=3))], softmax(framework))
    with pytest.raises(ValueError, match="the same number of outputs"):
        pair(tensor(framework, images(1)))


def test_bad_inputs_and_answers(framework: str) -> None:
    made = EpistemicUncertainty(make(framework), softmax(framework))
    x = tensor(framework, images(2))
    with pytest.raises(ValueError, match=r"`inputs` must have shape \(N, C, H, W\)"):
        made(x[0])
    with pytest.raises(TypeError, match="`inputs` must be a"):
        made(images(2))
    with pytest.raises(ValueError, match=r"`targets` must be class ids in 0\.\.4"):
        made(x, 5)
    nothing = EpistemicUncertainty(library(framework).nn.Flatten(), softmax(framework))
    with pytest.raises(ValueError, match=r"`network` must have a dropout, .*, got none"):
        nothing(x)
    for answer, message in (
        (lambda logits: logits * float("nan"), "`activation_fn` returned NaN"),
        (lambda logits: logits * 0 + 2, r"probabilities in \[0, 1\], got values in \[2, 2\]"),
    ):
        with pytest.raises(ValueError, match=message):
            EpistemicUncertainty(make(framework), answer)(x)
