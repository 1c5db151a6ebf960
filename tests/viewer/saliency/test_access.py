"""Everything that opens, on a job with all there is, as screen readers and slow eyes see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from seewhy.store import Inference, MetricInfo, SaliencyMap, Sample, Score, Uncertainty
from seewhy.viewer import create_app
from tests.viewer.browsing import SALIENCY, SIZES, Theme, check_access, check_width, window
from tests.viewer.sample_job import EXPLAINERS, open_job, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("all")
    rng = np.random.default_rng(0)
    metric = MetricInfo("DeletionAUC", True, 0, 1, {})
    with open_job(directory, metrics=[metric], uncertainty={"passes": 50}) as writer:
        for number in range(30):
            found = (
                Inference(0, 0.7, "TP", Uncertainty(0.7, number / 100, 0.5, 0.9)),
                Inference(1, 0.2, "FP", Uncertainty(0.2, 0.05, 0.1, 0.3)),
            )
            image = Image.fromarray(rng.integers(0, 255, (60, 90, 3), np.uint8))
            writer.add_sample(Sample(number, f"no. {number}", "", image, (0,), (), found))
            for explainer in EXPLAINERS:
                values = rng.standard_normal((7, 7))
                writer.add_maps([SaliencyMap(number, 0, explainer.name, values)])
                writer.add_scores([Score(number, 0, explainer.name, "DeletionAUC", 0.5)])
    with serving(create_app(directory)) as address:
        yield address


def shown_spreads(page: Page) -> list[float]:
    page.wait_for_load_state()
    texts = page.locator(".labels a[aria-current] .spread").all_text_contents()
    return [float(text.strip()[1:6]) for text in texts]


def suggestions(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("o")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "uncertain": ("?sort=-sd&sd=0.05&thr=30&scale=row&hide=Gradient&strip=1", lambda page: None),
    "keys": ("?n=12", lambda page: page.keyboard.press("?")),
    "note": ("?n=12", lambda page: page.locator(".ask").first.click()),
    "suggestions": ("?n=12", suggestions),
    "enlarged": ("?zoom=3.0&n=12&at=2_-0.5_-0.5", lambda page: None),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens(browser: Browser, address: str, theme: Theme) -> None:
    with window(browser, "laptop", theme) as page:
        for name, (query, act) in STATES.items():
            page.goto(f"{address}{SALIENCY}{query}")
            page.wait_for_load_state("networkidle")
            act(page)
            check_access(page, name)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_its_window(browser: Browser, address: str, size: str) -> None:
    with window(browser, size) as page:
        for query in ("?sort=-sd", "?zoom=3.0"):
            page.goto(f"{address}{SALIENCY}{query}")
            check_width(page, query)
        button = page.locator("#zoom > .narrow-only")
        if button.is_visible():
            button.click()
        assert page.get_by_role("dialog").get_by_label("Threshold").is_visible()


def test_uncertain_samples_come_first_and_are_counted(plain: Page, address: str) -> None:
    plain.goto(f"{address}{SALIENCY}?n=12")
    plain.get_by_role("link", name="Most uncertain first").click()
    plain.wait_for_url("**sort=-sd**")
    assert shown_spreads(plain) == [n / 100 for n in range(29, 17, -1)]
    plain.get_by_role("link", name="± 0.2 or more 10").click()
    assert plain.locator(".count").inner_text() == "10 of 10 samples (30 without filters)"
    plain.get_by_role("link", name="Least uncertain first").click()
    plain.wait_for_url("**sort=sd**")
    assert shown_spreads(plain) == [n / 100 for n in range(20, 30)]
    plain.get_by_role("link", name="False positive").click()
    assert plain.get_by_text("standard deviation from 0.2").is_visible()
    plain.get_by_role("link", name="standard deviation from 0.2").click()
    assert plain.locator(".count").inner_text() == "12 of 30 samples"
