"""The pages of a large job: `python -m benchmarks.viewer [--samples N]`.

A million samples x 5 explainers x 3 labels: start of the server, time of any filter, order and
place, memory, first rows and opacity slider in Chromium, size of the code and of an export. The
store takes 4 GB of disk and some minutes to write; --keep DIR keeps it for the next time.
"""

from __future__ import annotations

import argparse
import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine_line
from benchmarks.viewer_store import LABELS, write_store
from seewhy.viewer import export_html

SALIENCY = "/j/large/saliency"
AIMS = {
    "start, ms": 1000,
    "first rows in Chromium, ms": 500,
    "memory of the server, MB": 120,
    "code of the page, KB": 25,
    "opacity with 70 overlays, ms a frame": 20,
    "export, MB per 100 samples": 2.5,
}
PAGE_AIM = 20
OVERLAYS = 70
SLIDE = """() => new Promise((done) => {
  const slider = document.querySelector('input[type=range][name=op]'), times = [];
  let step = 0, last = performance.now();
  const frame = (now) => {
    if (step > 3) times.push(now - last);
    last = now;
    slider.value = 10 + step % 80;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    if (++step < 90) requestAnimationFrame(frame);
    else done(times);
  };
  requestAnimationFrame(frame);
})"""


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--samples", type=int, default=1_000_000)
    made.add_argument("--requests", type=int, default=40, help="of each kind")
    made.add_argument("--keep", type=Path, help="folder to keep the store in, or to find it")
    given = made.parse_args()
    console = Console(width=110)
    console.print(machine_line())
    folder = given.keep or Path(tempfile.mkdtemp(prefix="seewhy-viewer-"))
    folder.mkdir(parents=True, exist_ok=True)
    store = folder / "large.seewhy.db"
    try:
        if not store.exists():
            store = write_store(folder, given.samples)
        console.print(f"{given.samples:,} samples, {store.stat().st_size / 1e9:.1f} GB")
        figures = {}
        with served(folder) as (port, process, figures["start, ms"]):
            console.print(pages(port, process.pid, given.samples, given.requests))
            figures["memory of the server, MB"] = peak_memory(process.pid)
            figures |= in_chromium(port)
            figures["code of the page, KB"] = code(port) / 1000
        figures["export, MB per 100 samples"] = export(store)
    finally:
        if given.keep is None:
            shutil.rmtree(folder)
    table = Table("", "measured", "aim")
    for name, value in figures.items():
        met = "" if value <= AIMS[name] else "[bold red]missed"
        table.add_row(name, f"{value:.3g}", f"{AIMS[name]:g} {met}")
    console.print(table)
    return 0


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, subprocess.Popen[str], float]]:
    """The server in a process of its own: its port, the process, and how long the start took."""
    command = [sys.executable, "-m", "seewhy", "view", str(folder), "--port", "0", "--no-token"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--no-browser"], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        said = process.stdout.readline() if process.stdout else ""
        found = re.search(r":(\d+)/", said)
        if found is None:
            raise RuntimeError(f"the server did not start: {said}")
        port = int(found[1])
        get(HTTPConnection("127.0.0.1", port), "/static/app.css")
        yield port, process, 1000 * (time.perf_counter() - began)
    finally:
        process.terminate()
        process.communicate()


def pages(port: int, pid: int, samples: int, requests: int) -> Table:
    """Time of pages with any filter and order, at the start, in the middle and at the end."""
    rng = np.random.default_rng(0)
    table = Table("page", "median, ms", "95 %, ms", "server CPU, ms", f"aim: 95 % <= {PAGE_AIM} ms")
    for name, query in KINDS.items():
        connection = HTTPConnection("127.0.0.1", port)
        times, began = [], cpu(pid)
        for _ in range(requests):
            label = rng.integers(LABELS, size=3)
            filled = query.format(
                a=label[0], b=label[1], c=label[2], p=rng.random(), n=rng.integers(samples)
            )
            start = time.perf_counter()
            get(connection, SALIENCY + filled)
            times.append(1000 * (time.perf_counter() - start))
        spent = (cpu(pid) - began) / requests
        slow = float(np.percentile(times, 95))
        met = "" if slow <= PAGE_AIM else "[bold red]missed"
        table.add_row(name, f"{statistics.median(times):.1f}", f"{slow:.1f}", f"{spent:.1f}", met)
    return table


KINDS = {
    "first page": "",
    "in the middle": "?after={n}",
    "one label": "?label=label+{a}",
    "false positives": "?kind=FP",
    "label and kind, probable first": "?label=label+{a}&kind=FP&sort=-prob",
    "least probable first, deep": "?sort=prob&after={p}_{n}",
    "kind, uncertain first, deep": "?kind=TP&sort=-sd&after=0.15_{n}",
    "3 labels, 2 kinds, probable first, deep": (
        "?label=label+{a}&label=label+{b}&label=label+{c}&kind=FP&kind=FN&sort=-prob&after={p}_{n}"
    ),
    "backwards": "?sort=-prob&before={p}_{n}",
    "96 samples": "?n=96&after={n}",
    "JSON": ".json?label=label+{a}",
}


def get(connection: HTTPConnection, address: str) -> bytes:
    connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{address} answered {answer.status}")
    return content


def cpu(pid: int) -> float:
    """Processor time of a process so far, in ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1000 if found else float("nan")


def in_chromium(port: int) -> dict[str, float]:
    """Time to the first rows, and of a frame while the opacity slider moves."""
    path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page: Any = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(f"http://127.0.0.1:{port}/")
        firsts = []
        for number in range(5):
            start = time.perf_counter()
            page.goto(f"http://127.0.0.1:{port}{SALIENCY}?after={number}", wait_until="commit")
            page.wait_for_function(
                "() => { const all = [...document.querySelectorAll('.sample img')].slice(0, 12);"
                " return all.length && all.every(e => e.complete && e.naturalWidth); }"
            )
            firsts.append(1000 * (time.perf_counter() - start))
        page.goto(f"http://127.0.0.1:{port}{SALIENCY}?n=24")
        page.set_viewport_size({"width": 1920, "height": 6000})
        page.wait_for_load_state("networkidle")
        shown = page.locator(".map").evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().top < innerHeight).length"
        )
        if shown < OVERLAYS:
            raise RuntimeError(f"only {shown} overlays are in sight")
        frames = page.evaluate(SLIDE)
        browser.close()
    return {
        "first rows in Chromium, ms": statistics.median(firsts),
        "opacity with 70 overlays, ms a frame": statistics.median(frames),
    }


def code(port: int) -> int:
    """Bytes of style sheets and scripts that the page loads, as they travel."""
    connection = HTTPConnection("127.0.0.1", port)
    html = gzip.decompress(get(connection, SALIENCY)).decode()
    links = set(re.findall(r'(?:src|href)="\.\./\.\.(/static/[^"]+)"', html))
    return sum(len(get(connection, link)) for link in links)


def export(store: Path) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = export_html(store, Path(folder, "x.html"), query="n=96")
        return file.stat().st_size / 1e6 / 0.96


if __name__ == "__main__":
    sys.exit(main())
