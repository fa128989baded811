"""The page in a headless Chromium: heard while it is made, drawn, cancelled, failing."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver import ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from serving import LONG_TEXT, Served, SlowRunner, served

from voxtral_tts import Runner
from voxtral_tts.server import ServerOptions

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="chromium and chromedriver are not installed (Debian: chromium chromium-driver)",
)
# Chunks of the codec's schedule are 0.08 to 1 s of audio: the whole takes seconds to make.
SECONDS_PER_CHUNK = 0.25
TEXT = "The first sentence is heard while the second one is being made."
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--autoplay-policy=no-user-gesture-required", "--window-size=1000,1100"),
    *("--disable-dev-shm-usage", "--no-proxy-server", "--force-device-scale-factor=1.5"),
)


class Page:
    """What the tests do with it."""

    def __init__(self, driver: Any, url: str) -> None:
        self.driver = driver
        driver.get(url)
        self.wait(lambda: self.text("state") == "ready", "ready")
        self.wait(lambda: self.driver.find_elements(By.CSS_SELECTOR, "#voice option"), "voices")

    def element(self, id: str) -> Any:
        return self.driver.find_element(By.ID, id)

    def text(self, id: str) -> str:
        return self.element(id).text

    def write(self, text: str, id: str = "text") -> None:
        self.element(id).clear()
        self.element(id).send_keys(text)

    def set(self, id: str, value: str) -> None:
        script = "document.getElementById(arguments[0]).value = arguments[1]"
        self.driver.execute_script(script, id, value)

    def press(self, *keys: str) -> None:
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def speak(self) -> None:
        chain = webdriver.ActionChains(self.driver)
        chain.key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()

    def mark(self, name: str) -> float | None:
        """Milliseconds of a mark of the User Timing API, where the page has set it."""
        script = "return performance.getEntriesByName(arguments[0])[0]?.startTime ?? null"
        return self.driver.execute_script(script, name)

    def bars(self) -> int:
        """Columns of the waveform's canvas in which the accent's colour reaches high."""
        return self.driver.execute_script(
            """
            const canvas = document.getElementById("waveform");
            const { data, width, height } = canvas.getContext("2d")
              .getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let x = 0; x < width; x++) {
              let filled = 0;
              for (let y = 0; y < height; y++) filled += data[4 * (y * width + x) + 3] > 200;
              count += filled > 12;
            }
            return count;
            """
        )

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what}: {self.text('error')}"
            time.sleep(0.02)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def slow(runner: Runner) -> SlowRunner:
    return SlowRunner(runner, SECONDS_PER_CHUNK)


@pytest.fixture(scope="module")
def slow_server(slow: SlowRunner) -> Iterator[Served]:
    with served(slow) as server:
        yield server


@pytest.fixture
def page(driver: Any, slow_server: Served) -> Page:
    return Page(driver, slow_server.url)


def test_it_sounds_before_it_is_made(page: Page, slow_server: Served) -> None:
    page.write(TEXT)
    page.set("frames", "60")
    page.speak()
    page.wait(lambda: page.mark("playback-start"), "playback")
    assert page.mark("generation-end") is None
    assert slow_server.speaker.speaking == 1
    assert page.text("state") == "speaking"
    page.wait(lambda: page.bars() > 20, "waveform")
    page.wait(lambda: page.mark("generation-end"), "end")
    heard, first, end = (
        page.mark(name) for name in ("playback-start", "first-samples", "generation-end")
    )
    assert heard is not None and first is not None and end is not None
    print(f"sounding {heard - first:.0f} ms after the first samples, {end - heard:.0f} ms of "
          "generation left")  # fmt: skip
    assert first <= heard < end - 500
    assert page.text("ttfa-page").endswith(" ms") and page.text("ttfa-server").endswith(" ms")
    assert float(page.text("rtf")) > 0
    assert page.text("length") == "4.8 s" or page.text("length").endswith(" s")
    page.wait(lambda: page.element("download").is_enabled(), "download")
    assert not page.element("error").is_displayed()


def test_a_speech_is_played_again(driver: Any, server: Served) -> None:
    page = Page(driver, server.url)
    page.write(TEXT)
    page.set("frames", "60")
    page.speak()
    page.wait(lambda: page.element("replay").is_enabled(), "the end")
    page.element("replay").click()
    page.wait(lambda: page.text("clock").startswith("0:02"), "two seconds of it")
    if folder := os.environ.get("VOXTRAL_TTS_SCREENSHOTS"):
        page.driver.save_screenshot(str(Path(folder) / "page.png"))


def test_escape_cancels(page: Page, slow_server: Served) -> None:
    cancelled = 'voxtral_tts_speeches_total{outcome="cancelled"}'
    before = slow_server.metric(cancelled)
    page.set("text", LONG_TEXT)
    page.speak()
    page.wait(lambda: page.mark("first-samples"), "first samples")
    page.press(Keys.ESCAPE)
    slow_server.wait_until_idle(3)
    assert slow_server.metric(cancelled) == before + 1
    assert not page.element("error").is_displayed()
    page.wait(lambda: page.text("state") == "ready", "ready again")


def test_errors_are_shown(page: Page, slow: SlowRunner) -> None:
    page.write(TEXT)
    page.set("seed", "7.5e300")
    page.driver.execute_script("document.getElementById('form').noValidate = true")
    page.driver.execute_script("document.getElementById('seed').max = ''")
    page.speak()
    page.wait(lambda: page.element("error").is_displayed(), "error")
    assert "seed" in page.text("error")
    page.set("seed", "1")
    slow.error_after, slow.error = 2, RuntimeError("made for the test")
    page.speak()
    page.wait(lambda: "Internal" in page.text("error"), "failure while speaking")
    slow.error_after = None
    page.wait(lambda: page.text("state") == "ready", "ready again")


def test_a_text_over_the_limit_is_not_sent(page: Page) -> None:
    page.set("text", "a" * 5000)
    page.press("b")
    page.element("text").send_keys("b")
    page.speak()
    assert page.text("count").startswith("500") and "of 4096" in page.text("count")
    assert "over" in page.element("count").get_attribute("class")
    assert page.text("state") == "ready"


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.element("text").click()
    seen = []
    for _ in range(12):
        page.press(Keys.TAB)
        seen.append(page.driver.switch_to.active_element.get_attribute("id"))
    assert seen[:3] == ["voice", "language", "seed"]
    assert "speak" in seen and "format" in seen
    unnamed = page.driver.execute_script(
        "return [...document.querySelectorAll('input, select, textarea')]"
        ".filter((field) => !field.labels.length).map((field) => field.id)"
    )
    assert unnamed == []


def test_voices_are_grouped_and_nothing_is_logged(page: Page) -> None:
    groups = page.driver.find_elements(By.CSS_SELECTOR, "#voice optgroup")
    assert [group.get_attribute("label") for group in groups] == ["English", "French"]
    options = [
        option.text for option in page.driver.find_elements(By.CSS_SELECTOR, "#voice option")
    ]
    assert "neutral (female)" in options
    # The 400 that another test asked for, and its reading of the canvas, are not the page's.
    lines = [entry["message"] for entry in page.driver.get_log("browser")]
    ours = [line for line in lines if "status of 400" not in line and "Canvas2D" not in line]
    assert not ours


def test_the_key_is_asked_for_and_taken(driver: Any, runner: Runner) -> None:
    with served(runner, ServerOptions(api_key="secret")) as server:
        driver.get(server.url)
        error = driver.find_element(By.ID, "error")
        wait = WebDriverWait(driver, 10)
        wait.until(lambda _: "API key" in error.text)
        assert driver.switch_to.active_element.get_attribute("id") == "key"
        driver.switch_to.active_element.send_keys("secret", Keys.TAB)
        wait.until(lambda _: not error.is_displayed())
        assert driver.find_elements(By.CSS_SELECTOR, "#voice option")
        driver.get("about:blank")


class _Elsewhere(BaseHTTPRequestHandler):
    """An empty page of another origin."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_another_page_cannot_use_it(driver: Any, server: Served) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        driver.get(f"http://127.0.0.1:{elsewhere.server_port}")
        post = """
            const [url, headers, done] = arguments;
            const body = JSON.stringify({ input: "Hi" });
            fetch(url + "/v1/audio/speech", { method: "POST", mode: "no-cors", headers, body })
              .then(({ type }) => done(type), () => done("refused"));
            """
        # Plain text a page can send without asking the server first.
        assert driver.execute_async_script(post, server.url, {}) == "refused"
        elsewhere.shutdown()
    refused = 'voxtral_tts_responses_total{path="/v1/audio/speech",status="403"}'
    server.wait_for(refused, 1)
