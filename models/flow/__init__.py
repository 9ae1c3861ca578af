# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What automations do: events and what waits for them, planned actions, kinds of server actions.

May use every room above. A rule that is set off only queues a trigger; the job plans its actions
and runs them. Plain objects: `criteria` (when and for what), `definition` of a flow, `authors` (by
whose rights conditions are looked at), `picture` of a flow, `trial` of it, `daily` events,
`flow_planner`, `runner`, `recurrence` (what makes further invoices is ended), `subject` of an
action. Fills of the case `_emit`, `_is_listening` and `_on_followed`; has no hooks but those for
other addons.
"""

from . import recovery_flow_step_mixin  # Server actions are built on it.
from . import base_automation
from . import ir_actions_server
from . import payment_provider
from . import recovery_case
from . import recovery_event
from . import recovery_flow_version
from . import recovery_planned_action
from . import recovery_trigger
from . import res_partner
