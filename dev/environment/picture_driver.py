# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Make the pictures of e-mails, pages and reports. Runs inside the virtual environment only.

`python -m environment.picture_driver DATABASE FOLDER LANGUAGE PART`
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from . import page_pictures, report_pictures, store_pictures
from .audit_scene import make_audit
from .odoo_session import odoo_env
from .page_scene import PageScene
from .picture_scene import Scene
from .picture_sheet import lay_out
from .report_scene import LOGIN, ReportScene
from .screen import Screen
from .trial_scene import make_trial

WIDTHS = (390, 1280)
_SHEET = 5


def main() -> int:
    database, folder, lang, part = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    folder.mkdir(parents=True, exist_ok=True)
    if part == "store":
        _show_store(database, folder, lang)
    # First the reports: what the e-mails show would be in them.
    if part in ("all", "reports"):
        _show_reports(database, folder, lang)
    if part in ("all", "customers"):
        _show_customers(database, folder, lang)
    return 0


def _show_reports(database: str, folder: Path, lang: str) -> None:
    with odoo_env(database) as env:
        scene = ReportScene(Scene(env, lang))
        scene.play()
        company, audit, trial = scene.company.id, make_audit(scene), make_trial(scene)
    paths = {
        "month": f"/report/html/revenue_recovery.report_recovery_month/{company}",
        "audit": f"/odoo/recovery-audits/{audit}",
        "trial": f"/odoo/recovery-trials/{trial}",
    }
    report_pictures.photograph(database, folder, LOGIN, paths)


def _show_store(database: str, folder: Path, lang: str) -> None:
    """What the store page shows beside the demo; what is on the way to it is thrown away."""
    with odoo_env(database) as env:
        audit = make_audit(ReportScene(Scene(env, lang)))
    store_pictures.photograph_audit(database, folder, LOGIN, audit)
    with tempfile.TemporaryDirectory() as name:
        way = Path(name)
        with odoo_env(database) as env:
            scene = Scene(env, lang)
            emails = {page.stem: page for page in scene.write_emails(way)}
            addresses = PageScene(scene).find_pages()
        with Screen() as screen:
            for page in emails.values():
                screen.photograph(page.as_uri(), page.with_suffix(".390.png"), WIDTHS[0])
        page_pictures.photograph(database, addresses, way, WIDTHS[:1])
        pictures = {each: way / f"{each}.390.png" for each in (*emails, *addresses)}
        store_pictures.lay_out_phones(folder, pictures)


def _show_customers(database: str, folder: Path, lang: str) -> None:
    with odoo_env(database) as env:
        scene = Scene(env, lang)
        emails = scene.write_emails(folder)
        pages = PageScene(scene)
        addresses, of_parts = pages.find_pages(), pages.find_part_pages()
    with Screen() as screen:
        for page in emails:
            for width in WIDTHS:
                screen.photograph(page.as_uri(), page.with_suffix(f".{width}.png"), width)
            screen.photograph(page.as_uri(), page.with_suffix(".dark.png"), WIDTHS[0], dark=True)
            print(f"  {page.stem}", file=sys.stderr, flush=True)
    page_pictures.photograph(database, {**addresses, **of_parts}, folder, WIDTHS)
    _lay_out(folder, "emails", [page.stem for page in emails])
    _lay_out(folder, "pages", addresses)
    _lay_out(folder, "parts", of_parts)


def _lay_out(folder: Path, kind: str, names: Iterable[str]) -> None:
    """Make sheets of the pictures as phones show them."""
    pictures = [folder / f"{name}.{WIDTHS[0]}.png" for name in names]
    for number, start in enumerate(range(0, len(pictures), _SHEET), 1):
        lay_out(pictures[start : start + _SHEET], folder / f"{kind}_{number}.webp")


if __name__ == "__main__":
    sys.exit(main())
