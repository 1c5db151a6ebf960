"""Which frameworks the tests run on, and the browser for the tests of the pages."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.peers import make_torchvision_importable

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Read when OpenMP starts: on a busy machine its threads would spin waiting for each other.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Read by MindSpore's first convolution: without it, AVX-512 processors are a hundred times slower.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
# A script that starts the tests in the background lets them, and all they start, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

FRAMEWORKS = ("torch", "mindspore")
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_addoption(parser: pytest.Parser) -> None:
    installed = [name for name in FRAMEWORKS if find_spec(name)]
    parser.addoption(
        "--frameworks",
        default=",".join(installed),
        help="the frameworks to test, with commas between (default: those installed)",
    )


def pytest_configure(config: pytest.Config) -> None:
    for name in _frameworks(config):
        if name not in FRAMEWORKS or not find_spec(name):
            raise pytest.UsageError(
                f"--frameworks: {name!r} is not installed, or none of {FRAMEWORKS}"
            )
    if "torch" in _frameworks(config):
        make_torchvision_importable()


def pytest_report_header(config: pytest.Config) -> str:
    return f"frameworks: {', '.join(_frameworks(config)) or 'none'}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files and folders named after a framework that is not tested."""
    words = re.split(r"[/\\_.]", str(collection_path.relative_to(config.rootpath)))
    return True if _left_out(config) & set(words) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out tests marked with a framework that is not tested."""
    left_out = [
        item for item in items if any(item.get_closest_marker(name) for name in _left_out(config))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `framework` once for each."""
    if "framework" in metafunc.fixturenames:
        names = _frameworks(metafunc.config)
        marked = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in names]
        metafunc.parametrize("framework", marked, scope="session")


def _frameworks(config: pytest.Config) -> list[str]:
    return [name for name in config.getoption("--frameworks").split(",") if name]


def _left_out(config: pytest.Config) -> set[str]:
    return set(FRAMEWORKS) - set(_frameworks(config))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of an installed Chromium or Google Chrome."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else CHROMIUM_NAMES
    paths = [path for name in names if (path := shutil.which(name))]
    if not paths:
        pytest.fail(f"no browser for the tests of the pages; none of {names} is on PATH")
    return paths[0]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator["Browser"]:
    """A headless browser; open a page of its own in each test."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium's sandbox does not start for root, nor in most containers.
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()
