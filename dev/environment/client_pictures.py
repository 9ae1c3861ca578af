# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Photograph the demo in the web client, as an accountant sees it. In the virtual environment.

`python -m environment.client_pictures DATABASE FOLDER LANGUAGE` makes, of each of `_VIEWS`, one
picture at 1366 pixels, as on a tablet and as on a phone. What does not fit is printed. Community
has no dark colours to show.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .odoo_session import odoo_env
from .page_pictures import served
from .report_pictures import ClientScreen

LOGIN = "admin"
# What is opened, what has to be there, and which part of it is shown.
_VIEWS = {
    "today": ("/odoo/recovery-today", "[data-card='months'] table", ""),
    "cases": ("/odoo/recovery-cases", ".o_data_row, .o_kanban_record:not(.o_kanban_ghost)", ""),
    "case": ("{case}", ".o_field_widget[name='timeline_ids'] .o_data_row", ""),
    "invoice": (
        "{invoice}",
        ".o_form_view .o_notebook .nav-link",
        "document.querySelector(\"a[name='recovery']\")?.click()",
    ),
    "flow": (
        "{flow}",
        ".o_form_view .o_field_x2many .o_data_row, .o_form_view .o_kanban_record",
        "",
    ),
    "setup": ("/odoo/recovery-setup", "[data-line]", ""),
    "dashboard": ("/odoo/recovery-dashboard", "[data-card='days'] canvas", ""),
}
_SIZES = {"1366": (1366, 900), "768": (768, 1024), "390": (390, 844)}
_MEASURE = """
[...document.querySelectorAll(".o_list_table th, .o_recovery_key_tail, h2, h3")]
    .filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 1
        && getComputedStyle(one).overflowX !== "visible")
    .map((one) => one.textContent.trim()).join(", ")
    + (document.documentElement.scrollWidth > innerWidth + 1 ? " (the page)" : "")
"""


def photograph(database: str, folder: Path, lang: str) -> None:
    """Save the pictures, as `NAME.SIZE.webp`, as somebody of a language sees them."""
    folder.mkdir(parents=True, exist_ok=True)
    with odoo_env(database) as env:
        paths = prepare(env)
    with _read_in(database, lang), served(database) as url, ClientScreen() as screen:
        screen.log_in(url, database, LOGIN)
        for name, (path, awaited, then) in _VIEWS.items():
            for size, (width, height) in _SIZES.items():
                screen.show(url + path.format(**paths), height, width)
                screen.await_element(".o_main_navbar")
                screen.await_element(awaited)
                screen.evaluate(then)
                time.sleep(2)  # Charts and fonts.
                if cut := screen.evaluate(_MEASURE):
                    print(f"  {name} at {size}: cut off: {cut}", file=sys.stderr)
                screen.save(folder / f"{name}.{size}.webp")
            print(f"  {name}", file=sys.stderr, flush=True)


@contextmanager
def _read_in(database: str, lang: str) -> Iterator[None]:
    """Let whoever logs in read a language meanwhile."""

    def choose(chosen: str) -> None:
        with odoo_env(database) as env:
            if not env["res.lang"].search_count([("code", "=", chosen)]):
                env["res.lang"]._activate_lang(chosen)
                modules = env["ir.module.module"].search([("state", "=", "installed")])
                env["ir.module.module"]._load_module_terms(modules.mapped("name"), [chosen])
            env.ref("base.user_admin").lang = chosen

    choose(lang)
    try:
        yield
    finally:
        choose("en_US")


def prepare(env) -> dict[str, str]:
    """Return where the case, its invoice and a flow of the demo are opened, as it is served."""
    from odoo.addons.recovery_simulation.demo import note_runs

    note_runs(env)  # Nobody serves the demo now; while somebody does, the jobs run.
    # The one with most to show: with a charge to come and its chance, or open, and a history.
    case = max(
        env["recovery.case"].search([]),
        key=lambda each: (
            bool(each.next_attempt_at),
            each.next_attempt_id.probability,
            not each.closed_at,
            each.attempt_count,
        ),
    )
    rule = env["base.automation"].search([("recovery_recipe", "!=", False)], limit=1)
    opened = rule.with_user(env.ref("base.user_admin")).action_recovery_edit()
    action = env.ref("revenue_recovery.action_recovery_flow_builder")
    return {
        "case": f"/odoo/recovery-cases/{case.id}",
        "invoice": f"/odoo/customer-invoices/{case.move_id.id}",
        "flow": f"/odoo/action-{action.id}/{opened['res_id']}",
    }


if __name__ == "__main__":
    photograph(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
