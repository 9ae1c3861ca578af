# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A card that a customer replaces in their browser is charged within seconds, by Odoo's jobs."""

import os
import time
from datetime import timedelta

import pytest

from benchmarks.bench.processes import odoo_server
from benchmarks.bench.scene import find_day
from environment import benchmark, chromium
from environment.screen import Screen
from environment.settings import read_settings

ORIGINAL = os.environ.get("RECOVERY_TEST_DB")
DATABASE = f"{ORIGINAL}_replaced"
# From the click on the button that saves the card to the page that says thank you.
MOST_SECONDS = 10
PAID = "document.querySelector(\"section[name='paid']\") !== null"
READY = "document.querySelector(\"button[name='o_payment_submit_button']:enabled\") !== null"
FILL = """
(() => {
    const radio = document.querySelector("#o_payment_methods input[name='o_payment_radio']");
    radio?.click();
    const number = document.querySelector("input#customer_input");
    if (number) {
        number.value = "1111";
        number.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return Boolean(radio);
})()
"""
SAVE = "document.querySelector(\"button[name='o_payment_submit_button']\").click()"

pytestmark = pytest.mark.skipif(not ORIGINAL, reason="dev/test gives the database")


def prepare(env):
    """Return the link to the page of a customer whose card was declined, and the invoice's id."""
    company = env.company
    if not company.chart_template:
        env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
    company.recovery_charge_test_providers = True
    # The jobs run when they are woken, and no others of Odoo's in between.
    jobs = env["ir.cron"].search([])
    jobs.write({"nextcall": "2099-01-01 00:00:00"})
    jobs.filtered(lambda job: "Recovery" not in job.cron_name).active = False
    env["recovery.policy"].search([]).action_archive()
    env["recovery.policy"].create(
        {"name": "P", "retry_schedule": "fixed", "charge_hour_from": 0, "charge_hour_to": 24}
    )
    provider = env["payment.provider"].search(
        [("code", "=", "demo"), ("company_id", "=", company.id)], limit=1
    )
    provider.journal_id = env["account.journal"].search(
        [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
    )
    provider.write({"state": "test", "is_published": True})
    customer = env["res.partner"].create({"name": "Customer", "email": "customer@example.com"})
    card = env["payment.token"].create(
        {
            "provider_id": provider.id,
            "payment_method_id": provider.payment_method_ids[:1].id,
            "payment_details": "4242",
            "partner_id": customer.id,
            "provider_ref": "demo",
            "demo_simulated_state": "error",
        }
    )
    day = find_day(env)
    invoice = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": customer.id,
            "invoice_date": day,
            "invoice_date_due": day,
            "invoice_payment_term_id": False,
            "collect_automatically": True,
            "collect_token_id": card.id,
            "invoice_line_ids": [(0, 0, {"name": "S", "price_unit": 100.0, "tax_ids": False})],
        }
    )
    invoice.action_post()
    invoice._plan_collection()
    env.cr.commit()
    env["recovery.attempt"]._cron_charge()
    env["recovery.invoice.queue"]._cron_follow()
    # Two methods are never charged within a minute.
    invoice.recovery_attempt_ids.filtered("finished_at").finished_at -= timedelta(hours=1)
    env.cr.commit()
    link = invoice.recovery_case_id._get_recovery_link()
    return link[link.index("/recovery/pay/") :], invoice.id


@pytest.fixture
def database():
    """A copy of the test database, since what is set up here would be in the way of others."""
    with benchmark.copied_database(ORIGINAL, DATABASE):
        yield


@pytest.fixture
def screen(monkeypatch):
    if folder := chromium.find(read_settings()):
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    with Screen() as opened:
        yield opened


def wait_for(screen, expression, seconds):
    """Wait until something is true on the page; return how long it took."""
    begun = time.monotonic()
    while not screen.ask(expression):
        assert time.monotonic() - begun < seconds, screen.ask("document.body.innerText")
        time.sleep(0.1)
    return time.monotonic() - begun


@pytest.mark.alone
@pytest.mark.usefixtures("database")
def test_replaced_card_is_charged_within_seconds(screen):
    with benchmark.odoo_env(DATABASE) as env:
        path, invoice_id = prepare(env)
    with odoo_server("replaced", DATABASE, jobs=2) as url:
        screen.open(f"{url}{path}")  # Odoo builds its scripts when the first page is opened.
        wait_for(screen, READY, 120)
        screen.open(f"{url}{path}/method")
        wait_for(screen, FILL, 30)
        wait_for(screen, READY, 30)
        screen.ask(SAVE)
        took = wait_for(screen, PAID, 60)
    with benchmark.odoo_env(DATABASE) as env:
        invoice = env["account.move"].browse(invoice_id)
        assert invoice.payment_state in ("paid", "in_payment")
        planned = invoice.recovery_attempt_ids.mapped("sentence")
    assert took < MOST_SECONDS, planned
