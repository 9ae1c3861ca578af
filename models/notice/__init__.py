# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Notices: what a policy's steps, and automations, tell customers; planned, written, delivered.

May use the rooms above: policy, method, case, charge, schedule, and `notices`, which decides.
Hook: `recovery.case._get_recovery_link`, filled by the customer's page.
Other addons add a kind of step by a method `recovery.notice._hand_over_<kind>`.
"""

from . import account_move
from . import mail_mail
from . import mail_notification
from . import mail_render_mixin
from . import payment_token
from . import recovery_case
from . import recovery_notice
from . import recovery_policy_step
from . import res_partner
