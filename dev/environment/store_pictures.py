# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The eight screens of the store page, and its banner. Needs the virtual environment.

What they show is made up, and played by the addon's own jobs: a company with two years of recovery.
"""

import base64
import io
import sys
import time
from datetime import timedelta
from pathlib import Path

from .page_pictures import served
from .report_pictures import ClientScreen
from .screen import Screen
from .settings import REPOSITORY

WIDTH, HEIGHT = 1080, 750
BANNER = (560, 280)
# Fewer than the reports show: it takes minutes to make them.
CASES = 60, 9
_COLOURS = 160
_PHONES = ("payment_failed", "update_card", "reminder_friendly", "page_several", "page_paid")
# Of each picture: the path, what has to be there, and what is done before it is taken.
_SCREENS = {
    "today": ("/odoo/recovery-today", ".o_recovery_today [data-card='needs']", ""),
    "case": ("/odoo/recovery-cases/{case}", ".o_form_view .o_field_widget", ""),
    "invoice": (
        "/odoo/customer-invoices/{move}",
        ".o_form_view [name='recovery']",
        "document.querySelector(\"a[name='recovery']\").click()",
    ),
    "dashboard": ("/odoo/recovery-dashboard", "[data-card='days'] canvas", ""),
    "schedules": (
        "/odoo/recovery-dashboard",
        "[data-card='arms']",
        "document.querySelector(\"[data-card='arms']\").scrollIntoView()",
    ),
    "audit": ("/odoo/recovery-audits/{audit}", ".o_recovery_audit table", ""),
}
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


def prepare(env, scene, cases) -> dict[str, int]:
    """Let the jobs plan what comes next, and return the ids of what is shown.

    :param scene: the scene of the e-mails, with the policy
    :param cases: those that the reports show
    """
    from odoo.addons.revenue_recovery.models.case.alerts import raise_alert
    from odoo.addons.revenue_recovery.tools.said import say

    scene.company.recovery_charge_test_providers = True
    waiting = cases.filtered(lambda case: case.state == "in_recovery")
    env["recovery.invoice.queue"]._add(waiting.move_id)
    env.cr.commit()
    env.ref("revenue_recovery.ir_cron_recovery_follow").method_direct_trigger()
    env.cr.commit()
    planned = waiting.filtered("next_attempt_id").sorted("failed_amount")
    for number, case in enumerate(planned):
        case.sudo().next_attempt_id.planned_at = scene.now + timedelta(hours=6 + 9 * number)
    for case in planned[:2]:
        raise_alert(case.move_id, say(env, "question_asked"), f"picture:{case.id}")
    case = (planned or waiting)[-1:]
    return {"case": case.id, "move": case.move_id.id}


def photograph(database: str, folder: Path, login: str, ids: dict[str, int]) -> None:
    """Save the screens of Odoo's web client, and the banner with one of them.

    :raise RuntimeError: with the names of those that could not be taken, behind all others
    """
    missing = []
    with served(database) as url, ClientScreen() as screen:
        screen.log_in(url, database, login)
        for name, (path, awaited, then) in _SCREENS.items():
            screen.show(url + path.format(**ids), HEIGHT, WIDTH)
            try:
                screen.await_element(awaited)
            except RuntimeError as error:
                missing.append(f"{name}: {error}")
                continue
            time.sleep(1.5)  # Charts and fonts.
            screen.evaluate(then)
            time.sleep(0.8)
            _save(screen.take(), folder / f"{name}.png")
            print(f"  {name}", file=sys.stderr, flush=True)
    if missing:
        raise RuntimeError("; ".join(missing))
    draw_banner(folder)


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
    _lay_out([pictures[name] for name in _PHONES[:3]], folder / "emails.png")
    _lay_out([pictures[name] for name in _PHONES[3:]], folder / "page.png")


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
    picture.quantize(_COLOURS).save(target, optimize=True)
