"""Screenshots of the pages of tables, from the examples' jobs.

    python docs/images/make_viewer_tables.py

Needs an installed Chromium.
"""

from __future__ import annotations

import runpy
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import sync_playwright

from seewhy.viewer import create_app
from tests.viewer.sample_job import serving

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"


class Shot(NamedTuple):
    """A page, and how much of it is shown."""

    name: str
    address: str
    width: int
    height: int
    dark: bool = False


SHOTS = (
    Shot("viewer_rows", "j/titanic/rows?f.age=18..40&kind=FP&kind=TP&sort=-prob", 1280, 720),
    Shot("viewer_row", "j/diabetes/rows?row=5", 1280, 640),
    Shot("viewer_importance", "j/titanic/importance?label=survived", 1280, 940, True),
)


def main() -> None:
    """Run the examples, and look at what they made."""
    chromium = shutil.which("chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for example in ("tabular_categories", "tabular_regression"):
            runpy.run_path(str(EXAMPLES / f"{example}.py"))["main"](folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with serving(create_app(folder)) as base:
            for shot in SHOTS:
                page = browser.new_page(
                    viewport={"width": shot.width, "height": shot.height},
                    color_scheme="dark" if shot.dark else "light",
                )
                page.goto(base + shot.address)
                page.screenshot(path=HERE / f"{shot.name}.jpg", type="jpeg", quality=85)
        browser.close()


if __name__ == "__main__":
    main()
