# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Updating a database of the first release: money, cases, edited records and translations stay.

The addon as it was then makes a database and works in it, and people edit what it brought. Then
today's addon updates that database, and goes on with what it finds. Done by processes of Odoo; the
tests build on each other, in the order of this file.
"""

import json
import os
import re
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extras import DictCursor

from environment import benchmark, releases
from environment.settings import ADDON, read_settings

CONFIG = os.environ.get("RECOVERY_TEST_CONFIG")
COMPLAINT = re.compile(r"^[\d-]+ [\d:,]+ \d+ (?:WARNING|ERROR|CRITICAL) .*", re.M)
BOOKS = (
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
# What happened, and what people have set up: never the addon's to change.
OURS = (
    "recovery_attempt",
    "recovery_case",
    "recovery_event",
    "recovery_notice",
    "recovery_planned_action",
    "recovery_policy",
    "recovery_policy_retry",
    "recovery_policy_step",
    "recovery_settlement",
)
# What a release did change in rows that were there, by table: columns, with the reason. A column
# that a migration renames is looked for under its new name.
CHANGED: dict[str, dict[str, str]] = {}
RENAMED: dict[str, dict[str, str]] = {}
UNTOLD = {"write_date", "write_uid"}

SCENE = """
import datetime

from odoo.fields import Command, Date, Datetime

company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
company.recovery_charge_test_providers = True
env["base.language.install"].create(
    {"lang_ids": env["res.lang"]._activate_lang("fr_FR").ids, "overwrite": False}
).lang_install()

# What people edit.
policy = env.ref("revenue_recovery.recovery_policy_standard")
policy.write(
    {
        "name": "Ours",
        "retry_schedule": "fixed",
        "tries": 5,
        "charge_hour_from": 0,
        "charge_hour_to": 24,
    }
)
policy.with_context(lang="fr_FR").name = "La nôtre"
policy.step_ids[1].unlink()
policy.step_ids[1].write({"delay_days": 9, "name": "Once more"})
template = env.ref("revenue_recovery.mail_template_payment_failed")
template.subject = "Oh no"
template.with_context(lang="fr_FR").subject = "Zut"
french = env.ref("revenue_recovery.mail_template_final").with_context(lang="fr_FR")
french.body_html = french.body_html.replace("</p>", " Nos mots.</p>", 1)
assert "Nos mots." not in french.with_context(lang="en_US").body_html
reason = env["recovery.decline.reason"].search([("code", "=", "insufficient_funds")])
reason.with_context(lang="fr_FR").name = "Plus un sou"
env.ref("revenue_recovery.menu_recovery").with_context(lang="fr_FR").name = "Nos impayés"
rule = env["recovery.network.rule"].search([("limit", ">", 1)], limit=1)
rule.limit -= 1
env["recovery.policy"].create({
    "name": "Ladder",
    "sequence": 999,
    "retry_schedule": "fixed",
    "spread_evenly": False,
    "retry_ids": [Command.create({"delay_count": 2})],
})
automation = env["base.automation"].create({
    "name": "Rule",
    "model_id": env["ir.model"]._get_id("recovery.case"),
    "trigger": "on_create",
})
automation.action_server_ids = [Command.create({
    "name": "Later",
    "model_id": automation.model_id.id,
    "usage": "base_automation",
    "state": "code",
    "code": "pass",
    "recovery_wait_count": 3,
})]
env["base.automation"].create({
    "name": "Rule on events",
    "model_id": env["ir.model"]._get_id("recovery.event"),
    "trigger": "on_create",
})
env.ref("revenue_recovery.ir_cron_recovery_collect").interval_number = 3

# What happens: a charge that is paid, one that is declined twice, then paid, one still in recovery.
provider = env["payment.provider"].search([("code", "=", "demo")], limit=1)
provider.state = "test"
provider.journal_id = env["account.journal"].search([("type", "=", "bank")], limit=1)
invoices = env["account.move"]
for name, outcome in (("Paid", "done"), ("Recovered", "error"), ("Waiting", "error")):
    customer = env["res.partner"].create(
        {"name": name, "email": f"{name}@example.com", "tz": "UTC"}
    )
    card = env["payment.token"].create({
        "provider_id": provider.id,
        "payment_method_id": provider.payment_method_ids[:1].id,
        "payment_details": "4242",
        "partner_id": customer.id,
        "provider_ref": name,
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
invoices.action_post()
env.cr.commit()


def run(*jobs):
    for job in jobs:
        env.ref(f"revenue_recovery.ir_cron_recovery_{job}").method_direct_trigger()
        env.cr.commit()


def retry(invoice):
    invoice.recovery_case_id.sudo().next_attempt_id.planned_at = (
        Datetime.now() - datetime.timedelta(seconds=1)
    )
    env.cr.commit()
    run("charge", "follow")


run("collect", "charge", "follow")
paid, recovered, waiting = invoices
retry(recovered)
recovered.collect_token_id.demo_simulated_state = "done"
retry(recovered)
assert paid.payment_state in ("paid", "in_payment"), paid.payment_state
assert recovered.recovery_case_id.state == "recovered", recovered.recovery_case_id.state
states = recovered.recovery_attempt_ids.sorted("id").mapped("state")
assert states == ["declined", "declined", "paid"], states
assert waiting.recovery_case_id.state == "in_recovery", waiting.recovery_case_id.state
assert waiting.recovery_case_id.next_attempt_id
assert waiting.recovery_case_id.notice_ids
waiting.recovery_case_id.message_post(body="A note")
env.cr.commit()
"""

# What people see of it, before and after; in the order in which it is printed.
READ = """
import json

def in_french(record, name):
    return record.with_context(lang="fr_FR")[name]

ref = env.ref
policy = ref("revenue_recovery.recovery_policy_standard")
template = ref("revenue_recovery.mail_template_payment_failed")
final = ref("revenue_recovery.mail_template_final")
reason = env["recovery.decline.reason"].search([("code", "=", "insufficient_funds")])
rule = env["recovery.network.rule"].search([("edited", "=", True)])
invoices = env["account.move"].search([("move_type", "=", "out_invoice")], order="id")
print("READ" + json.dumps({
    "policy": [policy.name, in_french(policy, "name"), policy.tries, policy.retry_schedule],
    "steps": [[step.name, step.delay_days] for step in policy.step_ids],
    "template": [template.subject, in_french(template, "subject")],
    "translated body": str(in_french(final, "body_html")),
    "reason": [reason.name, in_french(reason, "name")],
    "menu": in_french(ref("revenue_recovery.menu_recovery"), "name"),
    "rule": [[each.code, each.limit] for each in rule],
    "job": ref("revenue_recovery.ir_cron_recovery_collect").interval_number,
    "invoices": [
        [
            invoice.partner_id.name,
            invoice.payment_state,
            invoice.amount_residual,
            invoice.recovery_case_id.state,
            invoice.recovery_case_id.failed_amount,
            invoice.recovery_case_id.recovered_amount,
            invoice.recovery_attempt_ids.sorted("id").mapped("state"),
        ]
        for invoice in invoices
    ],
}))
"""

GO_ON = """
import datetime
import json

from odoo.fields import Datetime

case = env["recovery.case"].search([("state", "=", "in_recovery")])
case.move_id.collect_token_id.demo_simulated_state = "done"
case.sudo().next_attempt_id.planned_at = Datetime.now() - datetime.timedelta(seconds=1)
env.cr.commit()
for job in ("charge", "follow"):
    env.ref(f"revenue_recovery.ir_cron_recovery_{job}").method_direct_trigger()
    env.cr.commit()
told = case.move_id.recovery_attempt_ids.sorted("id").mapped("state")
print("READ" + json.dumps([case.state, case.move_id.amount_residual, told]))
"""


class Upgraded:
    """A database, with what was in it before and after it was updated."""

    def __init__(self, name, before_config):
        self.name = name
        self._run(before_config, "server", "--init", ADDON, "--stop-after-init")
        self._run(before_config, "shell", script=SCENE)
        self.rows_before = self.read_rows()
        self.before = self.read(before_config)
        self._run(CONFIG, "server", "--update", ADDON, "--stop-after-init")
        self.rows = self.read_rows()
        self.after = self.read(CONFIG)

    def read(self, config, script=READ):
        """Run a script that prints one line of JSON; return what it says."""
        output = self._run(config, "shell", script=script)
        (line,) = re.findall(r"^READ(.*)$", output, re.M)
        return json.loads(line)

    def query(self, query):
        with (
            closing(psycopg2.connect(dbname=self.name)) as connection,
            connection.cursor(cursor_factory=DictCursor) as cursor,
        ):
            cursor.execute(query)
            return [dict(row) for row in cursor.fetchall()]

    def read_rows(self):
        """Return all rows of the books and of ours, by table and id."""
        return {
            table: {row["id"]: row for row in self.query(f'SELECT * FROM "{table}"')}
            for table in (*BOOKS, *OURS)
        }

    def _run(self, config, command, *options, script=None):
        """Run a command of Odoo; whatever it complains about fails the test."""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "odoo", command),
                *("--config", config, "--database", self.name),
                *("--no-http", "--log-level", "warn", *options),
            ],
            input=script,
            stdin=None if script else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert not done.returncode, done.stderr[-4000:]
        assert not COMPLAINT.findall(done.stderr)
        return done.stdout


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    """A database that the addon of the first release filled, and today's updated."""
    if not CONFIG:
        pytest.skip("RECOVERY_TEST_CONFIG names no configuration.")
    try:
        first = releases.find_first()
    except releases.NoReleaseError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("first")
    releases.unpack(first, folder / "addons" / ADDON)
    with open(CONFIG) as config:
        text = config.read()
    assert str(read_settings().addons) in text
    old = folder / "odoo.conf"
    old.write_text(text.replace(str(read_settings().addons), str(folder / "addons")))
    with benchmark.scratch_database("base", "upgrade") as name:
        yield Upgraded(name, old)


def _compare(upgraded, table, ignored=()):
    """Return what became of the rows that were there: row, column, before and after."""
    before, after = upgraded.rows_before[table], upgraded.rows[table]
    assert before, f"no row of {table} was compared"
    assert before.keys() <= after.keys(), f"rows of {table} are gone"
    names, meant = RENAMED.get(table, {}), {*CHANGED.get(table, {}), *ignored}
    missing = object()
    return [
        (key, column, value, after[key].get(names.get(column, column), missing))
        for key, row in before.items()
        for column, value in row.items()
        if column not in meant and after[key].get(names.get(column, column), missing) != value
    ]


@pytest.mark.parametrize("table", BOOKS)
def test_updating_leaves_every_row_of_the_books_as_it_was(upgraded, table):
    assert _compare(upgraded, table) == []
    assert upgraded.rows_before[table].keys() == upgraded.rows[table].keys()


@pytest.mark.parametrize("table", OURS)
def test_updating_leaves_what_happened_and_what_people_set_up(upgraded, table):
    assert _compare(upgraded, table, UNTOLD) == []


@pytest.mark.parametrize(
    "what",
    ("policy", "steps", "template", "translated body", "reason", "menu", "rule", "job", "invoices"),
)
def test_people_find_what_they_left(upgraded, what):
    assert upgraded.after[what] == upgraded.before[what]


def test_what_is_compared_was_edited_before(upgraded):
    before = upgraded.before
    assert before["policy"] == ["Ours", "La nôtre", 5, "fixed"]
    assert before["template"] == ["Oh no", "Zut"]
    assert "Nos mots." in before["translated body"]
    assert (before["reason"][1], before["menu"]) == ("Plus un sou", "Nos impayés")
    assert (len(before["rule"]), before["job"]) == (1, 3)
    assert [each[3] for each in before["invoices"]] == [False, "recovered", "in_recovery"]


def test_recovery_goes_on_where_it_was(upgraded):
    assert upgraded.read(CONFIG, GO_ON) == [
        "recovered",
        0.0,
        ["declined", "paid"],
    ]


def test_the_version_of_the_database_is_todays(upgraded):
    (row,) = upgraded.query(f"SELECT latest_version FROM ir_module_module WHERE name = '{ADDON}'")
    manifest = releases.read_manifest("HEAD")
    assert releases.version_of(row["latest_version"]) >= releases.version_of(manifest["version"])
