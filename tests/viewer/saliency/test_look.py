"""How maps are drawn: colours on the screen against colours computed here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from seewhy.store import Inference, SaliencyMap, Sample
from seewhy.viewer import create_app
from seewhy.visual.colormaps import COOLWARM, VIRIDIS
from tests.viewer.browsing import SALIENCY, is_marked, mark, query, style
from tests.viewer.sample_job import open_job, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
WHITE = np.array([255, 255, 255])
LEVELS = np.array([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])


def ramp(values: Any) -> npt.NDArray[np.float64]:
    """Six flat fields side by side."""
    return np.tile(np.repeat(np.asarray(values, float), 40), (60, 1))


def fields(page: Page, explainer: str) -> list[npt.NDArray[np.int64]]:
    tile = page.locator(".stack", has=page.get_by_alt_text(f"{explainer} map")).first
    picture = Image.open(io.BytesIO(tile.screenshot())).convert("RGB")
    at = [(picture.width * (2 * n + 1) // 12, picture.height // 2) for n in range(6)]
    return [np.array(picture.getpixel(place), int) for place in at]


def assert_colors(found: list[Any], wanted: list[Any]) -> None:
    for color, right in zip(found, wanted, strict=True):
        assert np.abs(color - right).max() <= 8, (color, right)


def test_a_threshold_hides_what_is_below(page: Page, tmp_path: Path) -> None:
    with open_job(tmp_path) as writer:
        image = Image.new("RGB", (240, 60), "white")
        writer.add_sample(Sample(0, "x", "", image, None, (), (Inference(0, 0.5, None),)))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", ramp(LEVELS))])
        writer.add_maps([SaliencyMap(0, 0, "Occlusion", ramp(LEVELS * 2 - 1))])
    with serving(create_app(tmp_path)) as address:
        page.goto(f"{address}{SALIENCY}?op=100&cut=0&thr=50")
        page.wait_for_load_state("networkidle")
        colors = [VIRIDIS[round(level * 255)] for level in LEVELS]
        assert_colors(fields(page, "GradCAM"), [*[WHITE] * 3, *colors[3:]])
        colors = [COOLWARM[round(level * 255)] for level in LEVELS]
        # Magnitudes 1, 0.6, 0.2, 0.2, 0.6, 1.
        assert_colors(fields(page, "Occlusion"), [*colors[:2], WHITE, WHITE, *colors[4:]])
        mark(page)
        page.locator(".bar").get_by_label("Threshold").fill("70")
        assert_colors(fields(page, "Occlusion"), [colors[0], *[WHITE] * 4, colors[5]])
        page.wait_for_url("**thr=70**")
        assert is_marked(page)
        page.locator(".bar").get_by_label("Threshold").fill("0")
        assert_colors(fields(page, "Occlusion"), colors)


def test_the_labels_of_a_row_share_a_scale(page: Page, tmp_path: Path) -> None:
    with open_job(tmp_path) as writer:
        image = Image.new("RGB", (240, 60), "white")
        found = (Inference(0, 0.9, None), Inference(1, 0.2, None))
        writer.add_sample(Sample(0, "x", "", image, None, (), found))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", ramp(LEVELS + 3))])
        writer.add_maps([SaliencyMap(0, 1, "GradCAM", ramp(LEVELS * 2))])
        writer.add_maps([SaliencyMap(0, 0, "Occlusion", ramp(LEVELS * 2 - 1))])
        writer.add_maps([SaliencyMap(0, 1, "Occlusion", ramp((LEVELS * 2 - 1) / 2))])
    with serving(create_app(tmp_path)) as address:
        page.goto(f"{address}{SALIENCY}?op=100&cut=0&pick=0.0")
        page.wait_for_load_state("networkidle")
        assert_colors(fields(page, "GradCAM"), [VIRIDIS[round(v * 255)] for v in LEVELS])
        page.get_by_role("link", name="Switch on: One scale a row").click()
        assert query(page)["scale"] == ["row"]
        # The two maps together run from 0 to 4.
        assert_colors(fields(page, "GradCAM"), [VIRIDIS[round((v + 3) / 4 * 255)] for v in LEVELS])
        assert_colors(fields(page, "Occlusion"), [COOLWARM[round(v * 255)] for v in LEVELS])
        page.goto(f"{address}{SALIENCY}?op=100&cut=0&scale=row&pick=0.1")
        page.wait_for_load_state("networkidle")
        assert_colors(fields(page, "GradCAM"), [VIRIDIS[round(v / 2 * 255)] for v in LEVELS])
        assert_colors(
            fields(page, "Occlusion"), [COOLWARM[round(v / 2 * 255 + 63.75)] for v in LEVELS]
        )
        # Cut at the 99th percentile, which here is the maximum, nothing changes.
        page.get_by_role("link", name="Switch on: Cut at 99 %").click()
        assert_colors(fields(page, "GradCAM"), [VIRIDIS[round(v / 2 * 255)] for v in LEVELS])


def test_explainers_are_hidden_and_shown(page: Page, plain: Page, base: str) -> None:
    page.goto(base + SALIENCY)
    mark(page)
    narrow = page.locator("#sample-0 .stack").first.bounding_box()
    page.get_by_role("link", name="Hide Gradient").click()
    assert query(page) == {"hide": ["Gradient"]}
    captions = page.locator("#sample-0 figcaption:visible")
    assert captions.all_inner_texts() == ["Original", "GradCAM", "Occlusion"]
    wide = page.locator("#sample-0 .stack").first.bounding_box()
    assert narrow is not None
    assert wide is not None
    assert wide["width"] > narrow["width"]
    page.keyboard.press("3")
    assert query(page) == {"hide": ["Gradient", "Occlusion"]}
    # Not by scrolling there: the page would go on by itself before it is reached.
    page.get_by_role("link", name="Next").dispatch_event("click")
    page.wait_for_url("**after=**")
    assert query(page)["hide"] == ["Gradient", "Occlusion"]
    assert page.locator(".sample").first.locator("figcaption:visible").count() == 2
    page.get_by_role("link", name="Show Gradient").click()
    assert query(page)["hide"] == ["Occlusion"]
    assert is_marked(page) is False
    plain.goto(f"{base}{SALIENCY}?hide=Gradient")
    assert plain.locator("#sample-0 figcaption:visible").count() == 3
    plain.get_by_role("link", name="Show Gradient").click()
    assert plain.locator("#sample-0 figcaption:visible").count() == 4


def test_the_whisker_spans_the_interval(page: Page, tmp_path: Path) -> None:
    from seewhy.store import Uncertainty

    with open_job(tmp_path) as writer:
        image = Image.new("RGB", (8, 8))
        spread = Uncertainty(0.5, 0.1, 0.25, 0.75)
        writer.add_sample(Sample(0, "x", "", image, None, (), (Inference(0, 0.5, None, spread),)))
    with serving(create_app(tmp_path)) as address:
        page.goto(address + SALIENCY)
        bar = page.locator(".prob")
        picture = Image.open(io.BytesIO(bar.screenshot())).convert("RGB")
        line = np.asarray(picture, int)[-5]
        ink = np.array([int(v) for v in style(page, "body", "color")[4:-1].split(",")])
        (inked,) = np.nonzero(np.abs(line - ink).max(1) < 40)
        assert inked.min() / len(line) == pytest.approx(0.25, abs=0.05)
        assert inked.max() / len(line) == pytest.approx(0.75, abs=0.05)
        page.get_by_role("button", name="What do ± and [ ] mean?").first.click()
        assert page.get_by_role("heading", name="How sure is the network?").is_visible()
        page.keyboard.press("Escape")
        assert not page.get_by_role("heading", name="How sure is the network?").is_visible()
