"""The dashboard in Odoo's *Dashboards* app comes with the app, whichever was installed first.

The app can't be installed inside a test's database transaction: this is done to a copy of the
database, by processes of Odoo. The tests build on each other, in the order of this file.
"""

import json
import os
import re
import subprocess
import sys

import pytest

ORIGINAL = os.environ.get("RECOVERY_TEST_DB")
CONFIG = os.environ.get("RECOVERY_TEST_CONFIG")
COPY = f"{ORIGINAL}_spreadsheet"
COMPLAINT = re.compile(r"^[\d-]+ [\d:,]+ \d+ (?:WARNING|ERROR|CRITICAL) .*", re.M)

# What the browser asks for, by the rights of somebody who may see one company of two.
READ = """
import json
from odoo.fields import Command

other = env["res.company"].create({"name": "Other"})
users = {
    name: env["res.users"].create({
        "name": name, "login": name, "company_id": company.id,
        "company_ids": [Command.set(company.ids)],
        "group_ids": [Command.link(env.ref(group).id)],
    })
    for name, company, group in (
        ("accountant", env.company, "account.group_account_invoice"),
        ("stranger", other, "account.group_account_invoice"),
        ("clerk", env.company, "base.group_user"),
    )
}
reason = env["recovery.decline.reason"].search([], limit=1)
customer = env["res.partner"].create({"name": "Customer"})
move = env["account.move"].create({"move_type": "out_invoice", "partner_id": customer.id})
env["recovery.case"].create({
    "move_id": move.id, "company_id": env.company.id, "partner_id": customer.id,
    "policy_id": env["recovery.policy"].search([], limit=1).id,
    "currency_id": env.company.currency_id.id, "failed_amount": 80.0, "company_rate": 1.0,
    "due_date": "2026-01-01", "first_failure_at": "2026-01-01", "failed_on": "2026-01-01",
    "began_by": "failure", "first_reason_id": reason.id, "figures_outdated": False,
})
env.flush_all()
answers = {}
for name, user in users.items():
    own = env(user=user.id, context={"allowed_company_ids": user.company_ids.ids})
    shown = own["spreadsheet.dashboard"].search([("name", "=", "Payment Recovery")])
    if not shown:
        answers[name] = None
        continue
    document = json.loads(shown._get_serialized_readonly_dashboard())["snapshot"]
    sums = {}
    for number, pivot in document["pivots"].items():
        rows = [
            row["fieldName"] + (":" + row["granularity"] if "granularity" in row else "")
            for row in pivot["rows"]
        ]
        groups = own[pivot["model"]].formatted_read_group(
            pivot["domain"], rows, [measure["id"] for measure in pivot["measures"]]
        )
        sums[number] = sum(group.get("failed_amount:sum") or 0 for group in groups)
    for found in document["lists"].values():
        order = ", ".join(one["name"] + " desc" for one in found["orderBy"])
        lines = own[found["model"]].search(found["domain"], order=order)
        sums["list"] = len(lines.read(found["columns"]))
    for figure in document["sheets"][0]["figures"]:
        told = figure["data"]["metaData"]
        own[told["resModel"]].formatted_read_group(
            figure["data"]["searchParams"]["domain"], told["groupBy"], [told["measure"] + ":sum"]
        )
    answers[name] = sums
print("ANSWERS", json.dumps(answers))
"""


@pytest.fixture(scope="module")
def database():
    """A copy of the test database in which the app was installed after this addon."""
    if not ORIGINAL:
        pytest.skip("RECOVERY_TEST_DB names no database.")
    _drop()
    done = subprocess.run(["createdb", "-T", ORIGINAL, COPY], capture_output=True, text=True)
    assert not done.returncode, done.stderr
    try:
        _run_odoo("server", "--init", "spreadsheet_dashboard", "--stop-after-init")
        yield
    finally:
        _drop()


def _drop():
    subprocess.run(["dropdb", "--if-exists", "--force", COPY], check=True, capture_output=True)


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
    assert not COMPLAINT.findall(done.stderr), done.stderr[-4000:]
    return done.stdout


def _count():
    answer = _run_odoo(
        "shell",
        script="""
found = "spreadsheet.dashboard" in env and env["spreadsheet.dashboard"].search_count(
    [("name", "=", "Payment Recovery")]
)
print("COUNT", int(found))
""",
    )
    return int(answer.rpartition("COUNT")[2])


def test_app_that_is_installed_later_gets_the_dashboard(database):
    assert _count() == 1


def test_its_numbers_are_those_of_the_companies_one_may_see(database):
    answers = json.loads(_run_odoo("shell", script=READ).rpartition("ANSWERS")[2])
    assert answers["accountant"] == {"1": 80, "2": 80, "3": 80, "4": 0, "list": 1}
    assert answers["stranger"] == {"1": 0, "2": 0, "3": 0, "4": 0, "list": 0}
    assert answers["clerk"] is None, "Who may not see cases is not shown the dashboard."


def test_upgrade_leaves_it_as_it_is(database):
    _run_odoo("server", "--update", "revenue_recovery", "--stop-after-init")
    assert _count() == 1


def test_app_can_be_uninstalled_and_the_addon_goes_on(database):
    _uninstall("spreadsheet_dashboard")
    _run_odoo("server", "--update", "revenue_recovery", "--stop-after-init")
    assert _count() == 0


def test_addon_that_is_uninstalled_takes_it_along(database):
    _run_odoo("server", "--init", "spreadsheet_dashboard", "--stop-after-init")
    assert _count() == 1
    _uninstall("revenue_recovery")
    assert _count() == 0


def _uninstall(name):
    _run_odoo(
        "shell",
        script=f"""
env["ir.module.module"].search([("name", "=", "{name}")]).button_immediate_uninstall()
""",
    )
