"""Make the sheet of the pages in three sizes: ``python docs/images/make_viewer_sizes.py``."""

import io
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Literal

import uvicorn
from make_viewer_saliency import run
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from seewhy.demo.table import explain_table
from seewhy.viewer import create_app
from seewhy.viewer.sockets import listen, url

HERE = Path(__file__).parent
SIZES = {"phone": (390, 844), "laptop": (1280, 844), "wide": (1920, 844)}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = (
    "",
    "j/photographs/saliency",
    "j/photographs/saliency?zoom=0.285",
    "j/photographs/assessment",
    "j/wines/rows",
    "j/wines/rows?row=3",
    "j/wines/importance",
)
HEIGHT = 190


def main() -> None:
    """Explain photographs and a table, and take a picture of each page in each size and theme."""
    with tempfile.TemporaryDirectory() as directory:
        run(directory)
        explain_table(Path(directory), progress=False)
        with listen("127.0.0.1", 0) as listener:
            server = uvicorn.Server(uvicorn.Config(create_app(directory), log_level="warning"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(
                        executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                    )
                    rows = [
                        [
                            take(browser, url(listener) + page, size, theme)
                            for size in SIZES.values()
                            for theme in THEMES
                        ]
                        for page in PAGES
                    ]
            finally:
                server.should_exit = True
                thread.join()
    sheet(rows).save(HERE / "viewer_sizes.jpg", quality=60)


def take(
    browser: Browser, address: str, size: tuple[int, int], theme: Literal["light", "dark"]
) -> Image.Image:
    """Take a picture of a page."""
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    picture = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    return picture.convert("RGB").resize((round(width * HEIGHT / height), HEIGHT), 1)


def sheet(rows: list[list[Image.Image]]) -> Image.Image:
    """Put the pictures of a page beside each other, and the pages below each other."""
    gap = 8
    width = sum(picture.width + gap for picture in rows[0]) + gap
    made = Image.new("RGB", (width, len(rows) * (HEIGHT + gap) + gap), "#8a93a0")
    for number, row in enumerate(rows):
        left = gap
        for picture in row:
            made.paste(picture, (left, gap + number * (HEIGHT + gap)))
            left += picture.width + gap
    return made


if __name__ == "__main__":
    main()
