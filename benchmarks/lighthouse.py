"""`python -m benchmarks.lighthouse LIGHTHOUSE`: what Lighthouse says of the pages of a clinic with much on file.

LIGHTHOUSE is the program (`npm install lighthouse@12`, then `node_modules/.bin/lighthouse`), which needs Chromium.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import uvicorn

from benchmarks.full_desk import fill, open_desk
from reminders import migrate
from reminders.database import Database
from reminders.settings import load
from tests import services

CATEGORIES = ("performance", "accessibility", "best-practices")
PAGES = ("today", "patient", "report", "patients", "record")
_FLAGS = "--headless=new --no-sandbox --disable-gpu"
_WITHIN = 180


def main() -> None:
    """Fill a database, serve it on loopback, and print the scores (0 to 100) of each page."""
    program = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="reminders-lighthouse-") as folder:
        settings = load({"REMINDERS_DATA_DIR": folder}, dotenv=Path(folder) / "none")
        database = Database(settings.database_url, settings.keyring())
        migrate.upgrade(database)
        fill(database, settings)
        desk, port = open_desk(database, settings), services.free_port()
        server = uvicorn.Server(uvicorn.Config(desk.client.app, host="127.0.0.1", port=port, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        services.wait_until(lambda: server.started, 20, "the server listens")
        headers = Path(folder) / "headers.json"
        headers.write_text(json.dumps({"Cookie": f"session={desk.token}"}))
        try:
            for name in PAGES:
                print(
                    f"{name:<10}{_scores(program, f'http://127.0.0.1:{port}{desk.pages[name]}', headers)}", flush=True
                )
        finally:
            server.should_exit = True
            thread.join(10)
            database.close()


def _scores(program: str, url: str, headers: Path) -> str:
    done = subprocess.run(
        [program, url, "--output=json", "--quiet", f"--extra-headers={headers}", f"--chrome-flags={_FLAGS}",
         f"--only-categories={','.join(CATEGORIES)}"],
        env={"CHROME_PATH": services.chromium() or "", "PATH": os.environ["PATH"], "HOME": str(headers.parent)},
        capture_output=True, text=True, timeout=_WITHIN, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    if "/sign-in" in told["finalDisplayedUrl"]:
        raise RuntimeError("nobody was signed in: this would be the sign-in page's score")
    scores = [f"{category} {told['categories'][category]['score'] * 100:.0f}" for category in CATEGORIES]
    wrong = [one["id"] for one in told["audits"].values() if one["score"] == 0]
    return ", ".join(scores) + (f"; {', '.join(wrong)}" if wrong else "")


if __name__ == "__main__":
    main()
