# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The wheel alone: installed beside Odoo, it makes a database and gets a declined payment back."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from environment import benchmark, wheel

CONFIG = os.environ.get("RECOVERY_TEST_CONFIG")

# Run in Odoo's shell.
SCENE = """
import datetime
from unittest.mock import patch

from odoo.fields import Command, Date, Datetime

import odoo.addons.revenue_recovery as addon

print("WHERE", addon.__path__[0])
company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
company.recovery_charge_test_providers = True
env["recovery.policy"].search([]).write(
    {"retry_schedule": "fixed", "charge_hour_from": 0, "charge_hour_to": 24}
)
provider = env["payment.provider"].search([("code", "=", "demo")], limit=1)
provider.state = "test"
provider.journal_id = env["account.journal"].search([("type", "=", "bank")], limit=1)
customer = env["res.partner"].create(
    {"name": "Customer", "email": "customer@example.com", "tz": "UTC"}
)
card = env["payment.token"].create({
    "provider_id": provider.id,
    "payment_method_id": provider.payment_method_ids[:1].id,
    "payment_details": "4242",
    "partner_id": customer.id,
    "provider_ref": "demo",
    "demo_simulated_state": "error",
})
invoice = env["account.move"].create({
    "move_type": "out_invoice",
    "partner_id": customer.id,
    "invoice_date": Date.today(),
    "invoice_date_due": Date.today(),
    "invoice_payment_term_id": False,
    "collect_automatically": True,
    "collect_token_id": card.id,
    "invoice_line_ids": [Command.create({"name": "Service", "price_unit": 100.0})],
})
invoice.action_post()
env.cr.commit()


def run(*jobs):
    for job in jobs:
        env.ref(f"revenue_recovery.ir_cron_recovery_{job}").method_direct_trigger()
        env.cr.commit()


run("collect", "charge", "follow")
case = invoice.recovery_case_id
print("DECLINED", case.state, case.next_attempt_id.state)
card.demo_simulated_state = "done"
case.sudo().next_attempt_id.planned_at = Datetime.now() - datetime.timedelta(seconds=1)
env.cr.commit()
run("charge", "follow")
print("PAID", invoice.payment_state, case.state, case.channel)
env.cr.commit()
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A virtual environment with the wheel, beside Odoo and what it needs; and the wheel."""
    if not CONFIG:
        pytest.skip("RECOVERY_TEST_CONFIG names no configuration.")
    folder = tmp_path_factory.mktemp("wheel")
    path = wheel.build(Path(sys.executable), folder, folder / "build.log")
    venv.create(folder / "env", with_pip=False)
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    # Odoo and its requirements are those of the tests; the addon is the wheel's.
    with zipfile.ZipFile(path) as archive:
        archive.extractall(site)
    (here,) = [each for each in sys.path if each.endswith("site-packages")][:1]
    (site / "beside.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    return folder, path


def test_what_is_in_the_wheel(installed):
    _folder, path = installed
    assert path.name == "odoo_addon_revenue_recovery-19.0.1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith("METADATA"))
        text = archive.read(metadata).decode()
    assert path.stat().st_size < 4_000_000
    roots = {name.split("/")[0] for name in names}
    assert len(roots) == 2 and "odoo" in roots
    for line in ("Requires-Dist: holidays", "Requires-Dist: numpy", "Requires-Dist: odoo"):
        assert line in text, text[:2000]
    assert "Name: odoo-addon-revenue_recovery" in text
    assert "Classifier: Framework :: Odoo :: 19.0" in text


def test_a_declined_payment_comes_back_with_the_wheel_alone(installed):
    folder, _path = installed
    config = folder / "odoo.conf"
    lines = Path(CONFIG).read_text()
    # Without the folder in which the tests find the checkout.
    (paths,) = re.findall(r"^addons_path = (.*)$", lines, re.M)
    config.write_text(lines.replace(paths, paths.split(",")[0]))
    with benchmark.scratch_database("base", "wheel") as database:
        install = ["-d", database, "-i", "revenue_recovery", "--stop-after-init", "--no-http"]
        _run_odoo(folder, config, *install)
        output = _run_odoo(folder, config, "shell", "-d", database, "--no-http", input=SCENE)
    assert f"WHERE {folder}" in output
    assert "DECLINED in_recovery planned" in output, output
    assert "PAID in_payment recovered retry" in output.replace("PAID paid", "PAID in_payment"), (
        output
    )


def _run_odoo(folder, config, *arguments, **kwargs):
    code = "import odoo.cli; odoo.cli.main()"
    command, *others = arguments if arguments[0] == "shell" else ("server", *arguments)
    done = subprocess.run(
        [folder / "env/bin/python", "-c", code, command, f"--config={config}", *others],
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        **kwargs,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not re.search(r" (ERROR|CRITICAL) ", done.stderr), done.stderr[-3000:]
    return done.stdout
