"""Draw the page of scores of the demo, in some minutes: `python make_viewer_assessment.py`."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from seewhy.demo.run import run_demo
from seewhy.viewer import create_app

FILE = Path(__file__).with_name("viewer_assessment.png")
PORT = 8479


def main() -> None:
    """Run the demo, serve its job, and keep what a browser shows."""
    with tempfile.TemporaryDirectory() as folder:
        job = run_demo("torch", Path(folder))
        name = job.name.removesuffix(".seewhy.db")
        server = uvicorn.Server(uvicorn.Config(create_app(folder), port=PORT, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        with sync_playwright() as play:
            chromium = shutil.which("chromium")
            browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 860})
            page.goto(f"http://127.0.0.1:{PORT}/j/{name}/assessment")
            page.screenshot(path=FILE)
            browser.close()
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
