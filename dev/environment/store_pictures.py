# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The eight screens of the store page, and its banner. Needs the virtual environment.

`python -m environment.store_pictures DATABASE FOLDER` takes those of the demo; what customers see,
and the audit, come from a company that is made up.
"""

import base64
import io
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from .client_pictures import LOGIN, prepare
from .odoo_session import odoo_env
from .page_pictures import served
from .report_pictures import ClientScreen
from .screen import Screen
from .settings import REPOSITORY

WIDTH, HEIGHT = 1080, 750
# As an accountant's laptop shows it; scaled down, so that a screen has all that they see.
_SEEN = 1366, 949
BANNER = (560, 280)
_COLOURS = 160
_EMAILS = ("payment_failed", "update_card", "reminder_friendly")
_PAGES = ("page", "page_several", "page_confirm")
# Of each picture: the path, what has to be there, and what is done before it is taken.
_DEMO = {
    "today": ("/odoo/recovery-today", "[data-card='months'] table", ""),
    "case": ("{case}", ".o_field_widget[name='timeline_ids'] .o_data_row", ""),
    "invoice": (
        "{invoice}",
        ".o_form_view [name='recovery']",
        "document.querySelector(\"a[name='recovery']\").click()",
    ),
    "dashboard": ("/odoo/recovery-dashboard", "[data-card='days'] canvas", ""),
    "schedules": (
        "/odoo/recovery-dashboard",
        "[data-card='arms']",
        "document.querySelector(\"[data-card='arms']\").scrollIntoView()",
    ),
}
_AUDIT = {"audit": ("/odoo/recovery-audits/{audit}", ".o_recovery_audit table", "")}
_BANNER = """
<meta name="viewport" content="width=device-width">
<body style="margin: 0; width: {width}px; height: {height}px; overflow: hidden; color: #fff;
             background: #3c3a5e; font-family: Roboto, 'DejaVu Sans', sans-serif">
    <img src="{screen}" style="position: absolute; left: 300px; top: 34px; width: 520px;
                               border-radius: 6px; box-shadow: 0 6px 24px rgba(0, 0, 0, .45)">
    <div style="position: absolute; left: 0; top: 0; bottom: 0; width: 290px; padding-left: 26px;
                background: linear-gradient(90deg, #3c3a5e 82%, rgba(60, 58, 94, 0))">
        <img src="{icon}" style="width: 56px; height: 56px; margin: 26px 0 14px; padding: 8px;
                                 border-radius: 14px; background: #fff">
        <div style="font-size: 29px; line-height: 33px; font-weight: bold">Revenue<br>Recovery</div>
        <div style="margin-top: 12px; width: 226px; font-size: 15px; line-height: 21px">{says}</div>
    </div>
</body>
"""
_SAYS = "Failed payments, won back. Charged again at the right moment, never twice."


def photograph_demo(database: str, folder: Path) -> None:
    """Save the screens of the demo, and the banner with one of them."""
    with odoo_env(database) as env:
        paths = prepare(env)
    _photograph(_DEMO, database, folder, LOGIN, paths)
    draw_banner(folder)


def photograph_audit(database: str, folder: Path, login: str, audit: int) -> None:
    """Save the screen of an audit."""
    _photograph(_AUDIT, database, folder, login, {"audit": audit})


def _photograph(
    screens: Mapping[str, tuple[str, str, str]],
    database: str,
    folder: Path,
    login: str,
    ids: Mapping[str, object],
) -> None:
    with served(database) as url, ClientScreen() as screen:
        screen.log_in(url, database, login)
        for name, (path, awaited, then) in screens.items():
            screen.show(url + path.format(**ids), _SEEN[1], _SEEN[0])
            screen.await_element(awaited)
            time.sleep(1.5)  # Charts and fonts.
            screen.evaluate(then)
            time.sleep(0.8)
            _save(screen.take(), folder / f"{name}.png")
            print(f"  {name}", file=sys.stderr, flush=True)


def draw_banner(folder: Path) -> None:
    """Save the banner: what it is, and the screen of a case."""
    width, height = BANNER
    page = folder / "banner.html"
    page.write_text(
        _BANNER.format(
            width=width,
            height=height,
            screen=(folder / "case.png").resolve().as_uri(),
            icon=(REPOSITORY / "static/description/icon.png").as_uri(),
            says=_SAYS,
        )
    )
    try:
        with Screen() as screen:
            screen.photograph(page.resolve().as_uri(), folder / "banner.png", width, height=height)
    finally:
        page.unlink()


def lay_out_phones(folder: Path, pictures: dict[str, Path]) -> None:
    """Save what customers get on their phones, side by side: e-mails, and their page."""
    _lay_out([pictures[name] for name in _EMAILS], folder / "emails.png")
    _lay_out([pictures[name] for name in _PAGES], folder / "page.png")


def _lay_out(pictures: list[Path], target: Path) -> None:
    from PIL import Image

    gap, phone = 30, 320
    sheet = Image.new("RGB", (WIDTH, HEIGHT), "#8a9095")
    left = (WIDTH - len(pictures) * (phone + gap) + gap) // 2
    for picture in pictures:
        image = Image.open(picture).convert("RGB")
        image = image.resize((phone, round(image.height * phone / image.width)))
        sheet.paste(image.crop((0, 0, phone, min(image.height, HEIGHT - 2 * gap))), (left, gap))
        left += phone + gap
    sheet.quantize(_COLOURS).save(target, optimize=True)


def _save(content: str, target: Path) -> None:
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")
    picture = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    picture.quantize(_COLOURS).save(target, optimize=True)


if __name__ == "__main__":
    photograph_demo(sys.argv[1], Path(sys.argv[2]))
