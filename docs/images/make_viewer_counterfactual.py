"""Make the counterfactual page's picture: ``python docs/images/make_viewer_counterfactual.py``."""

import shutil
import tempfile
import threading
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright
from torch.utils.data import Subset

from seewhy import GradCAM, ImageClassificationRunner
from seewhy.demo.columns import to_display
from seewhy.demo.photographs import class_names, photographs
from seewhy.demo.torch import activation_fn, dataset, network
from seewhy.viewer import create_app
from seewhy.viewer.server import listen, url

HERE = Path(__file__).parent
# scikit-image's photographs, whose licences allow to show them.
NAMES = ("chelsea", "coffee", "rocket", "camera", "astronaut")
MOMENT = "j/photographs/counterfactual?sample=2&layer=2"


def main() -> None:
    """Search the photographs, and take the picture of a moment."""
    with tempfile.TemporaryDirectory() as directory:
        run(directory)
        with listen("127.0.0.1", 0) as listener:
            config = uvicorn.Config(create_app(directory), log_level="warning")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                take(url(listener) + MOMENT)
            finally:
                server.should_exit = True
                thread.join()


def run(directory: str) -> None:
    """Write the job."""
    names = [photo.name for photo in photographs()]
    chosen = [names.index(name) for name in NAMES]
    net = network()
    runner = ImageClassificationRunner(
        directory,
        (Subset(dataset(), chosen), class_names()),
        net,
        activation_fn(),
        display=to_display,
        names=NAMES,
        job="photographs",
    )
    runner.register_saliency([GradCAM(net, layer="auto")])
    runner.register_uncertainty()
    runner.register_hierarchical_occlusion()
    runner.run()


def take(address: str) -> None:
    """Take a picture of a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1420})
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=HERE / "viewer_counterfactual.jpg", quality=80)
        browser.close()


if __name__ == "__main__":
    main()
