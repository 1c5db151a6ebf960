"""Who may look: the token, the cookie, host names, frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from seewhy.viewer import create_app

from .browsing import SALIENCY
from .sample_job import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

TOKEN = "a-token-for-tests"


@pytest.fixture
def guarded(jobs: Path) -> TestClient:
    app = create_app(jobs, token=TOKEN, cookie="seewhy-8421")
    return TestClient(app, base_url="http://127.0.0.1:8421", follow_redirects=False)


@pytest.mark.parametrize("path", ["/", f"/{SALIENCY}", "/jobs.json", "/static/app.css", "/none"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", f"?token={TOKEN}x", "?token=%FF"])
def test_without_the_token_nothing_opens(guarded: TestClient, path: str, query: str) -> None:
    answer = guarded.get(path + query)
    assert answer.status_code == 403
    assert "One link opens these pages" in answer.text
    assert "animals" not in answer.text
    assert "set-cookie" not in answer.headers


def test_the_token_is_exchanged_for_a_cookie(guarded: TestClient) -> None:
    answer = guarded.get(f"/{SALIENCY}?label=dog&token={TOKEN}&kind=FP")
    assert answer.status_code == 303
    assert answer.headers["location"] == "./saliency?label=dog&kind=FP"
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("seewhy-8421=")
    assert {"httponly", "samesite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie
    answer = guarded.get(f"/{SALIENCY}")
    assert answer.status_code == 200
    assert TOKEN not in answer.text
    # What is behind a token is not for caches that people share.
    picture = guarded.get("/j/animals/image/0.jpeg")
    assert picture.headers["cache-control"].startswith("private, ")


def test_behind_https_the_cookie_stays_there(guarded: TestClient) -> None:
    answer = guarded.get(f"/?token={TOKEN}", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["location"] == "./"
    assert "secure" in answer.headers["set-cookie"].lower()


def test_a_cookie_of_another_server_does_not_open(jobs: Path, guarded: TestClient) -> None:
    guarded.cookies.set("seewhy-8421", "of-another-run")
    guarded.cookies.set("seewhy-8422", TOKEN)
    assert guarded.get("/").status_code == 403


def test_with_the_token_any_name_of_a_proxy_will_do(guarded: TestClient) -> None:
    host = {"Host": "hub.example.org"}
    assert guarded.get("/", headers=host).status_code == 400
    assert guarded.get(f"/?token={TOKEN}", headers=host).status_code == 303
    cookie = {"Cookie": f"other=1; seewhy-8421={TOKEN}"}
    assert guarded.get("/", headers=host | cookie).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_pages_can_only_be_read(guarded: TestClient, method: str) -> None:
    assert guarded.request(method, f"/?token={TOKEN}").status_code == 405


def test_a_secret_path_serves_frames_without_cookies(guarded: TestClient) -> None:
    answer = guarded.get(f"/t/{TOKEN}/{SALIENCY}")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert guarded.get(f"/t/{TOKEN}/static/app.css").status_code == 200
    assert guarded.get(f"/t/{TOKEN}/t/{TOKEN}/").status_code == 404
    for wrong in (f"/t/{TOKEN}", "/t/wrong/", "/t//", f"/t/{TOKEN}x/", "/t/"):
        assert guarded.get(wrong).status_code == 403


@pytest.mark.browser
def test_the_link_opens_the_pages_also_behind_a_prefix(page: Page, jobs: Path) -> None:
    guarded = create_app(jobs, token=TOKEN)
    app = Starlette(routes=[Mount("/user/me/proxy", guarded)])
    with serving(app) as address:
        page.goto(f"{address}user/me/proxy/?token={TOKEN}")
        assert page.url == f"{address}user/me/proxy/"
        page.get_by_role("link", name="animals", exact=True).click()
        page.wait_for_load_state("networkidle")
        pictures = page.locator("#sample-0 img")
        assert pictures.evaluate_all("all => all.every(e => e.complete && e.naturalWidth > 0)")
        page.context.clear_cookies()
        page.goto(f"{address}user/me/proxy/t/{TOKEN}/j/animals")
        page.wait_for_url(f"**/t/{TOKEN}/{SALIENCY}")
        page.wait_for_load_state("networkidle")
        assert pictures.evaluate_all("all => all.every(e => e.complete && e.naturalWidth > 0)")


@pytest.mark.browser
def test_the_token_can_be_pasted(plain: Page, jobs: Path) -> None:
    with serving(create_app(jobs, token=TOKEN)) as address:
        plain.goto(f"{address}{SALIENCY}?label=dog")
        plain.get_by_label("Token").fill(TOKEN)
        plain.get_by_role("button", name="Open").click()
        plain.get_by_text("animals").first.wait_for()
        assert TOKEN not in plain.url
