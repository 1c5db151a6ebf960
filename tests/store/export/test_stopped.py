"""Exports that end early leave nothing behind; memory does not grow."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seewhy.store import SaliencyMap, read_job
from seewhy.store.export import export_mindinsight
from seewhy.store.lock import JobLock
from tests.store.export import example

Factory = Callable[..., Any]


def many(open_writer: Factory, make_sample: Factory, samples: int, side: int = 16) -> Path:
    image = Image.new("RGB", (side, side))
    with open_writer(job=f"many {samples}") as writer:
        for number in range(samples):
            writer.add_sample(make_sample(number, image=image))
            writer.add_maps([SaliencyMap(number, 0, "GradCAM", np.eye(3))])
        return Path(writer.path)


def test_ctrl_c(open_writer: Factory, make_sample: Factory, tmp_path: Path) -> None:
    store = many(open_writer, make_sample, 300, side=400)
    base = tmp_path / "exports"
    base.mkdir()
    command = [sys.executable, "-m", "seewhy", "export", "mindinsight", store, base / "out"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not list(base.glob(".out.*.partial/*/*/heatmap")):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"Stopped; nothing was written.\n", b"")
    assert list(base.iterdir()) == []


def test_a_full_disk(everything: Path, tmp_path: Path) -> None:
    # A limit on the size of files stands for the disk: the kernel refuses to write past it.
    script = """
        import resource, signal, sys
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        from seewhy.cli import main
        sys.argv = ["seewhy", "export", "mindinsight", *sys.argv[1:]]
        main()
    """
    command = [sys.executable, "-c", textwrap.dedent(script), everything, tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no space left" in done.stderr
    assert str(tmp_path / "out") in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_writable(everything: Path) -> None:
    """/proc takes no folders, not even from root."""
    with pytest.raises(OSError, match=r"`out` (cannot be written|is there)|No such file"):
        export_mindinsight(everything, "/proc/self/out")


def test_an_error_midway(everything: Path, tmp_path: Path) -> None:
    def fail(done: int, total: int) -> None:
        if done == 5:
            raise RuntimeError("the fifth")

    with pytest.raises(RuntimeError, match="the fifth"):
        export_mindinsight(everything, tmp_path / "out", tell=fail)
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow(open_writer: Factory, make_sample: Factory, tmp_path: Path) -> None:
    held: list[int] = []

    def weigh(done: int, total: int) -> None:
        if done == total:
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])

    for samples in (5, 210, 510):  # the first one warms up; samples are read 200 at a time
        store = many(open_writer, make_sample, samples)
        tracemalloc.start()
        export_mindinsight(store, tmp_path / "out", force=True, tell=weigh)
        tracemalloc.stop()
        store.unlink()
    assert held[2] - held[1] < 30_000  # 100 bytes a sample


def test_samples_added_meanwhile_are_not_seen(open_writer: Factory, tmp_path: Path) -> None:
    """All is of one moment: a sample without uncertainty would break the old page."""
    writer = open_writer(labels=example.LABELS)
    for number in range(3):
        writer.add_sample(example.sample(number))
    writer.flush()

    def grow(done: int, total: int) -> None:
        writer.add_sample(example.sample(done + 10, uncertain=False))
        writer.flush()

    report = export_mindinsight(writer.path, tmp_path / "out", tell=grow)
    assert (report.jobs[0].samples, report.jobs[0].uncertainty) == (3, True)
    with read_job(writer.path) as reader:
        assert reader.info().samples == 6
    writer.close()


def test_a_run_on_a_network_disk_is_not_held_up(everything: Path, tmp_path: Path) -> None:
    """There is no write-ahead log there, so that a reader would make the writer wait."""
    lock = JobLock(everything.with_name("everything.seewhy.lock"))
    try:
        with pytest.raises(RuntimeError, match="network file system"):
            export_mindinsight(everything, tmp_path / "out")
    finally:
        lock.release()
    assert os.listdir(tmp_path) == []
