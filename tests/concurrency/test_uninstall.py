# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Installing and uninstalling leave invoices, payments and saved payment methods as they were.

An addon can't be uninstalled inside a test's database transaction: this is done to a copy of the
database, by processes of Odoo. The tests build on each other, in the order of this file.
"""

import os
import re
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extras import DictCursor

from environment import benchmark

ORIGINAL = os.environ.get("RECOVERY_TEST_DB")
CONFIG = os.environ.get("RECOVERY_TEST_CONFIG")
COPY = f"{ORIGINAL}_uninstall"
TABLES = (
    "account_move",
    "account_move_line",
    "account_partial_reconcile",
    "account_payment",
    "payment_provider",
    "payment_token",
    "payment_transaction",
    "res_company",
    "res_partner",
)
# The columns that the addon adds to them.
OWN_COLUMNS = {
    "account_move": {
        "collect_automatically",
        "collect_token_id",
        "recovery_case_id",
        "recovery_excluded",
        "recovery_excluded_reason",
        "recovery_excluded_until",
    },
    "account_payment": {"recovery_return_move_id", "recovery_taken_off"},
    "payment_provider": {
        "recovery_back_off",
        "recovery_events_secret",
        "recovery_failing_count",
        "recovery_failing_share",
        "recovery_heard_at",
        "recovery_limited_until",
        "recovery_mended_at",
        "recovery_pause_reason",
        "recovery_paused_until",
        "recovery_request_rate",
    },
    "payment_token": {
        "recovery_alive_at",
        "recovery_alive_by_id",
        "recovery_asked_at",
        "recovery_backup_at",
        "recovery_backup_by_id",
        "recovery_backup_order",
        "recovery_backup_told_at",
        "recovery_country",
        "recovery_expiry",
        "recovery_fingerprint",
        "recovery_funding",
        "recovery_issuer",
        "recovery_links_withdrawn",
        "recovery_network",
        "recovery_removed_at",
        "recovery_told_at",
        "recovery_updated_at",
    },
    "payment_transaction": {
        "recovery_ask_at",
        "recovery_backup",
        "recovery_begun_at",
        "recovery_decline",
        "recovery_fingerprint",
        "recovery_open_at",
        "recovery_page",
        "recovery_reason_id",
        "recovery_retries_reference",
        "recovery_retries_until",
        "recovery_silent_since",
        "recovery_stays_open",
        "recovery_unclear",
    },
    "res_company": {
        "recovery_charge_test_providers",
        "recovery_due_soon_days",
        "recovery_large_amount",
        "recovery_share_timing",
        "recovery_small_rests_wait",
    },
    "res_partner": {
        "collect_automatically",
        "collect_token_id",
        "recovery_blocked",
        "recovery_excluded",
        "recovery_excluded_reason",
        "recovery_excluded_until",
    },
}
COMPLAINT = re.compile(r"^[\d-]+ [\d:,]+ \d+ (?:WARNING|ERROR|CRITICAL) .*", re.M)

SCENE = """
from odoo.fields import Command, Date

company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
company.recovery_charge_test_providers = True
env["recovery.policy"].search([]).write({"charge_hour_from": 0, "charge_hour_to": 24})
end = env["ir.actions.server"].create({
    "name": "Recovery: end",
    "model_id": env["ir.model"]._get_id("recovery.case"),
    "state": "code",
    "code": "pass",
})
env["recovery.policy"].create({
    "name": "Own",
    "retry_schedule": "fixed",
    "sequence": 999,
    "end_action": "server_action",
    "end_server_action_id": end.id,
})
provider = env["payment.provider"].search([("code", "=", "demo")], limit=1)
provider.state = "test"
bank = env["account.journal"].search([("type", "=", "bank")], limit=1)
provider.journal_id = bank
rule = env["base.automation"].create({
    "name": "Rule",
    "model_id": env["ir.model"]._get_id("recovery.case"),
    "trigger": "on_create",
})
rule.action_server_ids = [Command.create({
    "name": "Later",
    "model_id": rule.model_id.id,
    "usage": "base_automation",
    "state": "code",
    "code": "pass",
    "recovery_wait_count": wait,
}) for wait in (0, 3)]
env["base.automation"].create({
    "name": "Rule on events",
    "model_id": env["ir.model"]._get_id("recovery.event"),
    "trigger": "on_create",
})
customer = env["res.partner"].create(
    {"name": "Customer", "email": "customer@example.com", "tz": "UTC"}
)
invoices = env["account.move"]
for outcome in ("done", "error"):
    card = env["payment.token"].create({
        "provider_id": provider.id,
        "payment_method_id": provider.payment_method_ids[:1].id,
        "payment_details": "4242",
        "partner_id": customer.id,
        "provider_ref": outcome,
        "demo_simulated_state": outcome,
    })
    invoices += env["account.move"].create({
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": Date.today(),
        "invoice_date_due": Date.today(),
        "invoice_payment_term_id": False,
        "collect_automatically": True,
        "collect_token_id": card.id,
        "invoice_line_ids": [Command.create({"name": "Service", "price_unit": 100.0})],
    })
customer.write({"collect_automatically": True, "collect_token_id": card.id})
invoices.action_post()
env.cr.commit()
for job in ("collect", "charge", "follow"):
    env.ref(f"revenue_recovery.ir_cron_recovery_{job}").method_direct_trigger()
    env.cr.commit()
paid, failed = invoices
assert paid.payment_state in ("paid", "in_payment"), paid.payment_state
assert failed.recovery_case_id.state == "in_recovery", failed.recovery_case_id.state
assert failed.recovery_case_id.next_attempt_id
assert failed.recovery_case_id.notice_ids
assert failed.recovery_case_id.planned_action_ids.mapped("state") == ["planned", "done"]
assert env["recovery.event"].search([("type", "=", "attempt_failed")])
failed.recovery_case_id.message_post(body="A note")
env["ir.default"].set("res.partner", "collect_automatically", True)
env.cr.commit()
"""

UNINSTALL = """
env["ir.module.module"].search([("name", "=", "revenue_recovery")]).button_immediate_uninstall()
"""


# === THE DATABASE === #


@pytest.fixture(scope="module")
def database():
    """A copy of the test database, with an invoice that was paid and one that is in recovery."""
    if not ORIGINAL:
        pytest.skip("RECOVERY_TEST_DB names no database.")
    with benchmark.copied_database(ORIGINAL, COPY):
        _run_odoo("shell", script=SCENE)
        yield


def _run_odoo(command, *options, script=None):
    """Run a command of Odoo on the copy; whatever it complains about fails the test."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "odoo", command),
            *("--config", CONFIG, "--database", COPY),
            *("--no-http", "--log-level", "warn", *options),
        ],
        input=script,
        stdin=None if script else subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert not done.returncode, done.stderr[-4000:]
    assert not COMPLAINT.findall(done.stderr)


def _query(query, *values):
    with (
        closing(psycopg2.connect(dbname=COPY)) as connection,
        connection.cursor(cursor_factory=DictCursor) as cursor,
    ):
        cursor.execute(query, values)
        return [dict(row) for row in cursor.fetchall()]


def _read_tables():
    """Return the rows of the tables that the addon works with, by table and id."""
    return {
        table: {row["id"]: row for row in _query(f'SELECT * FROM "{table}"')} for table in TABLES
    }


def _read_own_records():
    """Return the records that the addon brought and no other addon has a part in."""
    return _query(
        """
        SELECT model, res_id, name FROM ir_model_data data
         WHERE module = 'revenue_recovery'
           AND NOT EXISTS (SELECT FROM ir_model_data other
                            WHERE other.model = data.model AND other.res_id = data.res_id
                              AND other.module != data.module)
        """
    )


# === TESTS === #


@pytest.fixture(scope="module")
def uninstalled(database):
    """What was in the database before the addon was uninstalled."""
    before = _read_tables(), _read_own_records()
    _run_odoo("shell", script=UNINSTALL)
    [module] = _query("SELECT state FROM ir_module_module WHERE name = 'revenue_recovery'")
    assert module["state"] == "uninstalled"
    return before


def test_uninstalling_leaves_every_row_of_the_books_as_it_was(uninstalled):
    before, _records = uninstalled
    after = _read_tables()
    for table in TABLES:
        assert before[table], f"No row of {table} was compared."
        own = OWN_COLUMNS.get(table, set())
        stock = {
            key: {name: value for name, value in row.items() if name not in own}
            for key, row in before[table].items()
        }
        assert after[table] == stock


def test_uninstalling_takes_every_column_table_and_index_away(uninstalled):
    left = _query(
        """
        SELECT table_name || '.' || column_name AS name
          FROM information_schema.columns
         WHERE table_schema = 'public'
           AND column_name IN ('collect_automatically', 'collect_token_id', 'recovery_case_id',
                               'recovery_unclear', 'recovery_charge_test_providers')
     UNION ALL
        SELECT relname FROM pg_class
         WHERE relnamespace = 'public'::regnamespace
           AND (relname ~ '(^|_)recovery_' OR relname ~ 'account_move__?collect')
           AND relname !~ 'recovery_simulation'
        """
    )
    assert left == []


def test_uninstalling_takes_every_record_of_the_addon_away(uninstalled):
    _before, records = uninstalled
    kinds = {record["model"] for record in records}
    assert {"ir.cron", "ir.ui.view", "ir.ui.menu", "res.groups", "ir.rule"} <= kinds
    tables = {row["table_name"] for row in _query("SELECT * FROM information_schema.tables")}
    for record in records:
        table = {
            "ir.actions.act_window": "ir_act_window",
            "ir.actions.server": "ir_act_server",
        }.get(record["model"], record["model"].replace(".", "_"))
        if table in tables:
            found = _query(f'SELECT id FROM "{table}" WHERE id = %s', record["res_id"])
            assert not found, f"{record['name']} is left."


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("ir_model_data", "module = 'revenue_recovery'"),
        ("ir_model", "model ~ '^recovery[.]' AND model !~ 'simulation'"),
        ("ir_model_fields", "model ~ '^recovery[.]' AND model !~ 'simulation'"),
        ("ir_model_fields", "name ~ '^(recovery_|collect_)' AND name !~ 'simulation'"),
        ("ir_act_server", "name->>'en_US' LIKE 'Recovery%%'"),
        ("ir_cron_trigger", "cron_id NOT IN (SELECT id FROM ir_cron)"),
        ("ir_default", "field_id NOT IN (SELECT id FROM ir_model_fields)"),
        ("mail_message", "model ~ '^recovery[.]'"),
        ("mail_followers", "res_model ~ '^recovery[.]'"),
        ("mail_activity", "res_model ~ '^recovery[.]'"),
        ("mail_template", "model ~ '^recovery[.]'"),
        ("ir_attachment", "res_model ~ '^recovery[.]'"),
        ("ir_config_parameter", "key ~ 'recovery'"),
    ],
)
def test_uninstalling_leaves_nothing_in(uninstalled, table, condition):
    assert _query(f"SELECT * FROM {table} WHERE {condition}") == []


@pytest.fixture(scope="module")
def versions(uninstalled):
    """The versions of the invoices' rows before the addon was installed on top of them."""
    before = _query("SELECT id, xmin::text, write_date FROM account_move ORDER BY id")
    _run_odoo("server", "--init", "revenue_recovery", "--stop-after-init")
    [module] = _query("SELECT state FROM ir_module_module WHERE name = 'revenue_recovery'")
    assert module["state"] == "installed"
    return before


def test_installing_rewrites_no_invoice(versions):
    assert versions
    assert _query("SELECT id, xmin::text, write_date FROM account_move ORDER BY id") == versions


def test_installing_collects_no_invoice_that_exists_already(versions):
    wanted = "collect_automatically OR collect_token_id IS NOT NULL OR recovery_case_id IS NOT NULL"
    assert _query(f"SELECT id FROM account_move WHERE {wanted}") == []


def test_installing_again_plans_nothing(versions):
    _run_odoo(
        "shell",
        script="""
for job in ("collect", "charge", "follow"):
    env.ref(f"revenue_recovery.ir_cron_recovery_{job}").method_direct_trigger()
    env.cr.commit()
""",
    )
    assert _query("SELECT id FROM recovery_attempt UNION ALL SELECT id FROM recovery_case") == []
