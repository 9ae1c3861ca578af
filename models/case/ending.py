# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""How a case ends that nothing recovered, and whose day to end has come."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Domain

from ...tools import jobs
from ...tools.said import say
from ..policy.choices import is_made_for
from .recovery_attempt import UNFINISHED
from .states import OPEN_STATES


def due_ends(env):
    """Return what is due to end: pairs of a domain of cases and what ends one of them."""
    now = fields.Datetime.now()
    # Days end where the customers live; somewhere on earth it is tomorrow already.
    anywhere = fields.Date.today() + timedelta(days=1)
    is_idle = Domain("attempt_ids", "not any", [("state", "in", UNFINISHED)])
    # The clock of what waits for the company itself stands still.
    is_idle &= Domain("waiting_since", "=", False)
    # So does that of what is excluded from charges.
    is_idle &= Domain("excluded_since", "=", False)
    return [
        (
            Domain("state", "in", OPEN_STATES) & Domain("excluded_until", "<=", anywhere),
            _end_exclusion,
        ),
        (Domain("state", "=", "paused") & Domain("paused_until", "<=", anywhere), _end_pause),
        (
            Domain("state", "=", "suspended") & Domain("postponed_until", "<=", anywhere),
            lambda case: case._follow_invoice(),
        ),
        (
            Domain("state", "=", "in_recovery") & Domain("deadline_at", "<=", now) & is_idle,
            _end_window,
        ),
        (Domain("state", "=", "grace") & Domain("grace_until", "<=", now) & is_idle, _end_grace),
    ]


def _end_pause(case):
    if case.paused_until > case.move_id._get_recovery_today():
        return  # Not there yet.
    case._resume(say(case.env, "pause_over"))


def _end_exclusion(case):
    case._follow_exclusion()


def _end_window(case):
    if case._wait_for_provider() or case._break_parts():
        return
    days = case.policy_id.window_days
    case._begin_grace(say(case.env, "window_ended", days=days))


def _end_grace(case):
    """Run the policy's end action on a case that nothing recovered."""
    case._follow_invoice()
    if case.state == "grace" and not case._wait_for_provider():
        END_ACTIONS[case.policy_id.end_action](case)


def _leave(case):
    case._close("lost", say(case.env, "given_up"))


def _block(case):
    case._close("lost", say(case.env, "given_up_blocked"))
    if case.move_id.payment_state in ("not_paid", "partial"):
        case.move_id.action_toggle_block_payment()


def _ask_for_write_off(case):
    case._close("lost", say(case.env, "given_up_write_off"))
    case._ask_for_attention(
        say(case.env, "confirm_write_off", case=case.display_name),
        activity=True,
        kind="write_off",
    )


def _run_server_action(case):
    # In sudo mode: whoever chose the action might read it, and the job acts for nobody.
    action_sudo = case.policy_id.end_server_action_id.sudo()
    if not is_made_for(action_sudo, case):
        case._close("lost", say(case.env, "given_up_unfit"))
        case._ask_for_attention(
            say(
                case.env,
                "action_unfit",
                action=action_sudo.name,
                policy=case.policy_id.name,
            ),
            activity=True,
        )
        return
    case._close("lost", say(case.env, "given_up_acted"))
    # The case is closed first: an action that fails is told, and not run again and again.
    jobs.commit(case.env)
    action_sudo.with_context(active_model=case._name, active_id=case.id, active_ids=case.ids).run()


# What the policies' end actions do.
END_ACTIONS = {
    "leave": _leave,
    "block": _block,
    "write_off": _ask_for_write_off,
    "server_action": _run_server_action,
}
