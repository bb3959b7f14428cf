"""Reports in a browser, as somebody with a mouse, a keyboard or a screen reader meets them.

The browser is Debian's chromium; where there is none, these tests are skipped and say so.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.report.html.reports import HOSTILE, of_comparison, of_war, write  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no chromium is installed: 'apt-get install chromium' has it"
    ),
]
WIDTHS = (360, 768, 1440)


@dataclass
class Opened:
    """A page that was opened, and whatever went wrong in it."""

    page: Any
    faults: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)

    def fragment(self) -> dict[str, str]:
        """Return the state as the address has it, a moment after it has changed."""
        self.page.wait_for_timeout(350)
        return dict(parse_qsl(self.page.evaluate("location.hash.slice(1)")))

    def now(self) -> str:
        return str(self.page.locator("[data-now]").inner_text())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(of_war(), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write(of_comparison(), tmp_path_factory.mktemp("comparison"))


Open = Callable[..., Opened]


@pytest.fixture
def opened(chromium: Any, address: str) -> Iterator[Open]:
    contexts = []

    def open_page(fragment: str = "", width: int = 1440, at: str = address) -> Opened:
        # The network is off, and whoever asks for anything but the file is noticed.
        context = chromium.new_context(viewport={"width": width, "height": 900}, offline=True)
        contexts.append(context)
        found = Opened(context.new_page())
        found.on("console", lambda m: found.faults.append(m.text) if m.type == "error" else None)
        found.on("pageerror", lambda error: found.faults.append(str(error)))
        found.on(
            "request", lambda r: None if r.url.startswith("file:") else found.faults.append(r.url)
        )
        found.goto(at + fragment)
        found.wait_for_selector("article:not([hidden]) .chart .bk-Figure", state="attached")
        return found

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_it_opens_without_a_network_and_nothing_goes_wrong_or_sticks_out(opened, width):
    page = opened(width=width)
    assert page.faults == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("article:visible").count() == 1


def test_what_the_page_does_not_allow_is_noticed(opened):
    page = opened()
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), "
                  "{textContent: 'window.ran = true'}))")  # fmt: skip
    page.evaluate(
        "document.body.append(Object.assign(new Image(), {src: 'https://example.org/x'}))"
    )
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert len([fault for fault in page.faults if "Content Security Policy" in fault]) == 2


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_serious(opened, width):
    page = opened("#way=0&time=10", width=width)
    for details in page.locator("details").all():
        details.evaluate("details => { details.open = true; }")
    assert serious(page) == []


def test_axe_finds_what_is_planted(opened):
    page = opened()
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<main><input></main>')")
    assert "label" in serious(page)


def serious(page: Opened) -> list[str]:
    """Return the rules that the page breaks badly."""
    axe = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    return [v["id"] for v in bad for _ in v["nodes"]]


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_of_files_are_shown_as_they_are(opened, name):
    page = opened()
    for details in page.locator("details").all():
        details.evaluate("details => { details.open = true; }")
    text = page.evaluate("document.body.textContent")
    assert HOSTILE[name] in text
    assert page.locator("header b, header script, li script, li b, td b, dd b").count() == 0
    assert page.faults == []


def test_outcomes_are_chosen_by_mouse_and_by_keyboard(opened):
    page = opened()
    page.locator("a.choose").nth(1).click()
    assert page.locator("article:visible").get_attribute("data-outcome") == "1"
    assert page.fragment()["outcome"] == "1"
    page.locator("a.choose").nth(3).focus()
    page.keyboard.press("Enter")
    assert page.locator("article:visible").get_attribute("data-outcome") == "3"
    page.wait_for_selector("article[data-outcome='3'] .chart .bk-Figure", state="attached")
    assert page.faults == []


def test_the_slider_moves_the_map_by_keyboard_and_by_mouse(opened):
    page = opened()
    first = page.now()
    page.locator("details:has(.held)").evaluate("details => { details.open = true; }")
    row = page.locator(".held tr").filter(has_text="bold").locator("td").nth(1)
    before = row.inner_text()
    page.locator("[data-time]").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert page.now() != first
    assert page.fragment()["time"] == "12"
    assert row.inner_text() != before
    box = page.locator("[data-time]").bounding_box()
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2)
    assert int(page.fragment()["time"]) > 50
    assert page.locator("[data-time]").get_attribute("aria-valuetext") == page.now()


def until(page: Opened, holds: Callable[[], bool]) -> None:
    """Wait for something to hold, some seconds at the most."""
    for _ in range(100):
        if holds():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came to hold")


def test_the_player_plays_and_stops(opened):
    page = opened("#way=0")
    play = page.locator("[data-play]")
    play.click()
    until(page, lambda: int(page.locator("[data-time]").input_value()) >= 3)
    assert play.get_attribute("aria-pressed") == "true"
    play.focus()
    page.keyboard.press("Space")
    assert play.inner_text() == "Play"
    stopped = page.fragment()["time"]
    assert int(stopped) >= 3
    assert page.fragment()["time"] == stopped


def test_a_representative_is_told_as_a_timeline_and_on_the_map(opened):
    page = opened()
    page.locator("[name=way]").first.focus()
    page.keyboard.press("ArrowDown")
    assert page.fragment()["way"] == "0"
    assert page.locator(".timeline:visible").count() == 1
    page.get_by_role("button", name="Next").click()
    current = page.locator(".timeline:visible li[aria-current]")
    assert current.count() == 1
    page.locator("details:has(.held)").evaluate("details => { details.open = true; }")
    town = page.locator(".held tr[data-place=town] td").first
    assert town.inner_text() == HOSTILE["arabic"]  # whose name it is
    page.get_by_role("button", name="Before").click()
    assert town.inner_text() == HOSTILE["html"]


def test_parts_of_a_chart_go_and_come_back(opened):
    page = opened()
    box = page.locator("article:visible [data-part=inputs]")
    drawn = drawing(page)
    box.click()
    assert page.fragment()["hidden"] == "inputs"
    page.wait_for_timeout(200)
    assert drawing(page) != drawn
    page.keyboard.press("Space")
    page.wait_for_timeout(200)
    assert "hidden" not in page.fragment()
    assert drawing(page) == drawn


def drawing(page: Opened) -> bytes:
    """Return what the visible chart looks like."""
    page.mouse.move(0, 0)
    return bytes(page.locator("article:visible .chart").first.screenshot())


def test_what_happened_is_hidden_until_it_is_asked_for(opened):
    page = opened()
    rule = page.locator("[data-happened] dd")
    assert not rule.is_visible()
    unknown = drawing(page)
    page.locator("[data-happened] summary").focus()
    page.keyboard.press("Enter")
    assert rule.is_visible()
    until(page, lambda: page.fragment().get("happened") == "yes")
    page.wait_for_timeout(200)
    assert drawing(page) != unknown


def test_judgement_is_told_apart(opened):
    page = opened()
    page.locator("[data-assumed]").evaluate("details => { details.open = true; }")
    rows = page.locator(".assumed tbody tr:visible")
    n_all = rows.count()
    page.locator("[name=mark][value=J]").check()
    assert 0 < rows.count() < n_all
    assert rows.count() == page.locator(".assumed .judgement:visible").count()


def test_an_address_brings_the_same_page_back(opened):
    page = opened("#outcome=1&time=30&way=1&happened=yes&hidden=hair")
    assert page.locator("article:visible").get_attribute("data-outcome") == "1"
    assert page.locator("[data-time]").input_value() == "30"
    assert page.locator("[name=way]:checked").get_attribute("value") == "1"
    assert page.locator("[data-happened]").get_attribute("open") is not None
    assert not page.locator("article:visible [data-part=hair]").is_checked()


@pytest.mark.parametrize(
    "fragment", ["#outcome=99&time=-1&way=x", "#%E0%A4%A", "#time=1e9&hidden=constructor", "#main"]
)
def test_an_address_that_makes_no_sense_is_as_good_as_none(opened, fragment):
    page = opened(fragment)
    assert page.faults == []
    assert page.locator("article:visible").get_attribute("data-outcome") == "0"


def test_what_prints_has_the_answer_and_no_buttons(opened, tmp_path):
    page = opened()
    page.emulate_media(media="print")
    assert page.locator(".answer").is_visible()
    assert not page.locator("[data-play]").is_visible()
    printed = page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert printed[:5] == b"%PDF-"
    assert 2 <= len(re.findall(rb"/Type /Page\b", printed)) <= 12


# Of a comparison.


def test_a_comparison_opens_and_axe_finds_nothing_serious(opened, compared):
    page = opened(at=compared, width=360)
    assert page.faults == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert serious(page) == []
    assert HOSTILE["html"] in page.evaluate("document.body.textContent")
    assert page.locator("header b, td b").count() == 0


def test_a_comparison_is_read_at_any_time_in_each_scenario(opened, compared):
    page = opened("#outcome=0", at=compared)
    page.locator("[data-time]").focus()
    page.keyboard.press("End")
    told = page.locator("article:visible [data-readout]").inner_text()
    assert re.search(r"16 Dec 2024 18:00 \+03:00: war .* %; slow .* %; same .* %$", told)
    page.locator("a.choose").nth(1).click()
    assert page.locator("article:visible").get_attribute("data-outcome") == "1"
    assert page.faults == []
