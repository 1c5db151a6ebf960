"""Make the saliency page's pictures: ``python docs/images/make_viewer_saliency.py``."""

import shutil
import tempfile
import threading
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, sync_playwright
from torch.utils.data import Subset

from seewhy import RISE, GradCAM, GuidedBackprop, ImageClassificationRunner, Occlusion
from seewhy.benchmark import Faithfulness, Sparseness
from seewhy.demo.columns import to_display
from seewhy.demo.photographs import class_names, photographs
from seewhy.demo.torch import activation_fn, dataset, network
from seewhy.viewer import create_app
from seewhy.viewer.server import listen, url

HERE = Path(__file__).parent
# scikit-image's photographs, whose licences allow to show them.
NAMES = ("chelsea", "coffee", "rocket", "camera", "astronaut")
PAGE = "j/photographs/saliency?sort=-sd"
ZOOM = "j/photographs/saliency?zoom=0.285&thr=25"


def main() -> None:
    """Explain the photographs, and take the pictures."""
    with tempfile.TemporaryDirectory() as directory:
        run(directory)
        with listen("127.0.0.1", 0) as listener:
            config = uvicorn.Config(create_app(directory), log_level="warning")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                with sync_playwright() as playwright:
                    browser = playwright.chromium.launch(
                        executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                    )
                    take(browser, url(listener) + PAGE, "viewer_saliency.jpg", 1000)
                    take(browser, url(listener) + ZOOM, "viewer_saliency_zoom.jpg", 1660)
            finally:
                server.should_exit = True
                thread.join()


def run(directory: str) -> None:
    """Write the job."""
    names = [photo.name for photo in photographs()]
    chosen = [names.index(name) for name in NAMES]
    net, classes = network(), class_names()
    runner = ImageClassificationRunner(
        directory,
        (Subset(dataset(), chosen), classes),
        net,
        activation_fn(),
        display=to_display,
        names=NAMES,
        job="photographs",
    )
    explainers = [
        GradCAM(net, layer="auto"),
        RISE(net, activation_fn(), num_masks=500),
        Occlusion(net, activation_fn()),
        GuidedBackprop(net),
    ]
    metrics = [Faithfulness(len(classes), activation_fn(), "DeletionAUC"), Sparseness(len(classes))]
    runner.register_saliency(explainers, metrics)
    runner.register_uncertainty()
    runner.run()


def take(browser: Browser, address: str, name: str, height: int) -> None:
    """Take a picture of a page."""
    page = browser.new_page(viewport={"width": 1280, "height": height})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=HERE / name, type="jpeg", quality=78)


if __name__ == "__main__":
    main()
