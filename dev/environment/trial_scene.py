# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A policy tried on the made-up cases, for its picture. Needs Odoo."""

from datetime import timedelta


def make_trial(report_scene) -> int:
    """Return the id of a trial of a longer policy beside a short one."""
    env, now = report_scene.env, report_scene.scene.now
    fixed = {"retry_schedule": "fixed", "spread_evenly": True}
    long = report_scene.policy.copy(
        {**fixed, "name": "Patient: 8 tries in 3 weeks", "tries": 8, "window_days": 21}
    )
    short = report_scene.policy.copy(
        {**fixed, "name": "Short: 4 tries in a week", "tries": 4, "window_days": 7}
    )
    trial = env["recovery.policy.trial"].create(
        {
            "company_id": report_scene.company.id,
            "policy_id": long.id,
            "beside_id": short.id,
            "date_from": now.date() - timedelta(days=720),
            "date_to": now.date() - timedelta(days=1),
            "note": "Is a longer window worth it?",
        }
    )
    (long | short).active = False
    trial.write({"state": "waiting"})
    trial._run()
    return trial.id
