"""What ran the forwards is noted in the store and told by `seewhy info`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from seewhy import Gradient, Occlusion, adapt, cli
from seewhy.store import JobInfo, read_job
from tests.networks import make
from tests.runner.helpers import SPEC, labelled, runner, sigmoid


def occlusion(framework: str) -> Any:
    return lambda network: [Occlusion(network, sigmoid(framework), window=4)]


def info_of(path: Path) -> JobInfo:
    with read_job(path) as job:
        return job.info()


def told(folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What `seewhy info` says, on one line."""
    monkeypatch.setattr(sys, "argv", ["seewhy", "info", str(folder)])
    with pytest.raises(SystemExit):
        cli.main()
    return " ".join(capfd.readouterr().out.split())


@pytest.mark.torch
def test_the_fused_graph(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make("torch", SPEC)
    options = {"network": network, "make_explainers": occlusion("torch")}
    path = runner("torch", tmp_path, labelled(), **options).run()
    words = info_of(path).forwards
    assert words.startswith("fused oneDNN graph: 2 convolutions")
    assert "; incremental: boxes of 4 x 4" in words or "; whole forwards: " in words
    assert words == adapt(network).engine
    assert f"forwards {words}" in told(tmp_path, capfd, monkeypatch)
    runner("torch", tmp_path, labelled(), **options).run()  # has nothing left to do
    assert info_of(path).forwards == words


@pytest.mark.torch
def test_why_the_graph_was_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    class Branching(torch.nn.Module):
        """Its way depends on values, which no trace can follow."""

        def __init__(self) -> None:
            super().__init__()
            self.network = make("torch", SPEC)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.network(x) if x.sum() > -1e9 else self.network(-x)

    network = Branching().eval()
    options = {"network": network, "make_explainers": occlusion("torch")}
    path = runner("torch", tmp_path, labelled(), **options).run()
    assert info_of(path).forwards.startswith("plain network: ")
    assert info_of(path).forwards.count("plain network") == 1
    assert "forwards plain network: " in told(tmp_path, capfd, monkeypatch)


@pytest.mark.mindspore
def test_mindspore(tmp_path: Path) -> None:
    path = runner("mindspore", tmp_path, labelled(), make_explainers=occlusion("mindspore")).run()
    assert info_of(path).forwards == "MindSpore, PyNative mode"


@pytest.mark.torch
def test_a_run_of_gradients_streams_nothing(tmp_path: Path) -> None:
    network = make("torch", SPEC)
    path = runner("torch", tmp_path, labelled(), network, lambda net: [Gradient(net)]).run()
    assert info_of(path).forwards == adapt(network).engine == ""


def test_a_store_without_the_note_is_told_all_the_same(framework: str, tmp_path: Path) -> None:
    import sqlite3

    path = runner(framework, tmp_path, labelled()).run()
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM meta WHERE key = 'forwards'")
    connection.commit()
    connection.close()
    assert info_of(path).forwards == ""
