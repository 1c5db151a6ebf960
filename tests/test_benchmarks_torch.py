"""What the benchmarks count, and the ratios that they draw from it."""

from __future__ import annotations

import warnings
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import by_hand
from benchmarks.aims import verdicts
from benchmarks.case import Contender, Subject
from benchmarks.findings import Findings, Where
from benchmarks.measure import Times
from benchmarks.methods import methods
from benchmarks.on_torch import own_copy
from benchmarks.plan import labels_of, steps
from benchmarks.rounds import Group, Result
from benchmarks.settings import Settings, quick, with_tuned_allocator
from seewhy.explainer import RISE

METHODS = {method.name: method for method in methods()}
HERE = Where("torch", "efficientnet_lite0", 1, "default")


def tiny(size: int = 224, *, small: bool = True) -> Subject:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(3, 4, 8, 8), nn.ReLU(), nn.Flatten(), nn.Linear(4 * (size // 8) ** 2, 12)
        ).eval()
        images = torch.randn(1, 3, size, size)
    return Subject("torch", "efficientnet_lite0", network, "1", images, small)


def streams(*, peers: bool) -> list[Any]:
    """Contenders of other libraries, or the others."""
    return [
        pytest.param(method, contender, id=f"{method.name}-{contender.name}")
        for method in METHODS.values()
        if method.stream
        for contender in method.contenders("torch")
        if peers == ("captum," in contender.name)
    ]


def forwarded(contender: Contender, subject: Subject) -> int:
    """Images that went through the network in a call like the one that is timed."""
    seen = 0

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal seen
        seen += len(output)

    explain = contender.build(subject)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # an untrained OoDNet knows nothing
        with subject.network[0].register_forward_hook(note):  # and so no fused graph
            explain(subject.images, np.array([[3]]))  # with what is done once
            seen = 0
            explain(subject.images, np.array([[3]]))
    return seen


def stated(method: Any, contender: Contender, subject: Subject) -> int:
    return (contender.forwards or method.forwards)(subject)


@pytest.mark.parametrize(("method", "contender"), streams(peers=False))
def test_the_stated_forwards_are_those_that_run(method: Any, contender: Contender) -> None:
    for small in (True, False) if method.name == "RISE" else (True,):
        subject = tiny(small=small)
        extra = forwarded(contender, subject) - stated(method, contender, subject)
        # RISEPlus asks both networks about the sample, and its own about the black image.
        assert extra == 0 if method.name != "RISEPlus" else 0 <= extra <= 4


@pytest.mark.peers
@pytest.mark.parametrize(("method", "contender"), streams(peers=True))
def test_so_are_those_of_other_libraries(method: Any, contender: Contender) -> None:
    subject = tiny()
    assert forwarded(contender, subject) == stated(method, contender, subject)


@pytest.mark.peers
def test_captum_and_ours_at_its_setting_agree() -> None:
    group = Group(METHODS["Occlusion"], tiny(), np.array([[3, 5]]), own_copy)
    assert not group.failed
    for name in ("captum, 1 per eval", "captum, 32 per eval"):
        apart = group.difference_of(name)
        assert apart is not None
        assert apart < 1e-4
    assert group.difference_of("seewhy, as captum") is None


def test_rise_by_hand_is_rise() -> None:
    subject, masks = tiny(64), 800
    ids = np.array([[3]])
    made = by_hand.rise(masks, 5)(subject)(subject.images, ids)
    rise = RISE(subject.network, nn.Softmax(-1), num_masks=masks, grid=5, seed=1)
    expected, error = rise.standard_error(subject.images, ids)
    assert ((made - expected).abs() / (error * 2**0.5)).mean() < 1.2  # 0.8 for normal errors


def test_which_networks_are_measured() -> None:
    every = {(s.network, s.batch, s.stream) for s in steps(Settings())}
    light, heavy = ("efficientnet_lite0", "resnet50"), ("mobilenet_v2", "vgg16")
    assert every == (
        {(name, batch, False) for name in light for batch in (1, 8)}
        | {(name, 1, True) for name in light + heavy}
    )
    assert all(step.stream for step in steps(with_tuned_allocator(Settings())))
    (one,) = steps(Settings(networks=("vgg16",), batches=(2,), only=("gradc",)))
    assert (one.network, one.batch, [m.name for m in one.methods]) == ("vgg16", 2, ["GradCAM"])
    assert {s.network for s in steps(quick(Settings()))} == {"efficientnet_lite0"}
    assert labels_of(METHODS["RISE"], Settings()) == (1, 3, 10)
    assert labels_of(METHODS["RISE"], quick(Settings())) == (1, 3)


def record(contender: str, labels: int, seconds: float, forwards: int) -> dict[str, Any]:
    """A result beside forwards of 8 images that take 80 ms."""
    times = Times([seconds] * 3, [0.08] * 3)
    result = Result(contender, labels, times, Times(), 1e-6, "", forwards, 8)
    return {"kind": "case", "method": "Occlusion", **HERE._asdict(), **asdict(result)}


def test_ratios() -> None:
    findings = Findings()
    for labels, seconds in ((1, 3.13), (3, 3.2)):
        findings.add(record("seewhy", labels, seconds, 626))
        for per_eval in (1, 32):
            findings.add(record(f"captum, {per_eval} per eval", labels, 0.99 * labels, 33))
    method = METHODS["Occlusion"]
    ours = findings.find(HERE, method, "seewhy", 1)
    peers = findings.find(HERE, method, "captum, 1 per eval", 3)
    assert ours is not None
    assert peers is not None
    assert findings.over_limit(HERE, method, ours) == pytest.approx(0.5)
    assert findings.over_limit(HERE, method, peers) == pytest.approx(9)
    assert findings.over_ours(HERE, method, peers) == pytest.approx(9 / (3.2 / 6.26))
    said = {verdict.aim: verdict for verdict in verdicts(findings, method)}
    assert len(said) == 8
    assert all(verdict.met for verdict in said.values())
    assert said["3 labels: at most 1.05 x as long as for one"].measured == "1.02"
    assert said["1 label: 4 x as fast as captum, 1 per eval"].measured == "6.00 x"


def test_missed_aims() -> None:
    findings = Findings()
    for labels, seconds in ((1, 5.0), (3, 15.0)):
        findings.add(record("seewhy", labels, seconds, 626))
        findings.add(record("captum, 1 per eval", labels, 0.2 * labels, 33))
    assert not any(verdict.met for verdict in verdicts(findings, METHODS["Occlusion"]))


def test_memory_must_be_flat() -> None:
    method = METHODS["RISE"]
    for more, met in ((105, True), (130, False)):
        findings = Findings()
        for contender, size in (("300 masks", 100), ("3000 masks", more)):
            known = {"method": "RISE", "contender": contender, "labels": 10, "bytes": size * 10**6}
            findings.add({"kind": "memory", **HERE._asdict(), **known})
        (verdict,) = verdicts(findings, method)
        assert (verdict.met, verdict.measured) == (met, f"{more} MB, 100 MB")


def test_what_time_did_not_allow_is_named() -> None:
    findings = Findings()
    findings.add({"kind": "left out", "what": "time of RISE", **HERE._asdict()})
    tuned = HERE._replace(allocator="tuned", framework="mindspore")
    findings.add({"kind": "left out", "what": "memory", **tuned._asdict()})
    assert findings.left_out == [
        "time of RISE on efficientnet_lite0 x 1",
        "memory on efficientnet_lite0 x 1 (mindspore, tuned malloc)",
    ]
