"""Take the picture of the README: `python -m tests.tools.picture docs/images/progress.webp`.

A service with a database of its own serves the demo learner's page, and Chromium shows it.
"""

import base64
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

import config
from tests.external.chromium import chromium
from tests.factories import SECRET
from tests.serving import gunicorn
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.demo import practice, tokens
from vorex_sessions.local import embedded_postgres
from vorex_sessions.page import access

WIDTH, HEIGHT = 1200, 3000  # CSS pixels: all of the page
_LAST = "heatmap"  # the last part that is in the picture
_QUALITY = 80
_LOADED = "return [...document.images].every((one) => one.complete && one.naturalWidth > 0)"


def main(target: Path) -> None:
    """Fill a new database, and take the picture."""
    folder = Path(tempfile.mkdtemp(prefix="vorex-picture-"))
    try:
        url = embedded_postgres.start(folder / "postgres")
        app = create_app(config.read({"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET}))
        with app.app_context():
            upgrade()
            practice.fill(tokens.DEMO_LEARNER, now=datetime.now(UTC))
            path = access.create_link(tokens.DEMO_LEARNER, now=datetime.now(UTC))["path"]
        with gunicorn(url) as (address, _):
            picture = _picture(f"{address}{path}&locale=en")
    finally:
        embedded_postgres.stop(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(picture)


def _picture(address: str) -> bytes:
    with chromium() as chrome:
        screen = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        chrome.get(address)
        WebDriverWait(chrome, 20).until(lambda _: chrome.execute_script(_LOADED))
        last = chrome.find_element(By.ID, _LAST).rect
        clip = {
            "x": 0,
            "y": 0,
            "width": WIDTH,
            "height": last["y"] + last["height"] + 24,
            "scale": 1,
        }
        options = {"format": "webp", "quality": _QUALITY, "clip": clip}
        taken = chrome.execute_cdp_cmd("Page.captureScreenshot", options)
    return base64.b64decode(taken["data"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
