# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from importlib.util import find_spec

from . import (
    backup,
    dashboard,
    decisions,
    portal,
    recovery_events,
    recovery_page,
    recovery_page_act,
    recovery_page_parts,
    recovery_page_payment,
    standing,
)

# The addon of the provider need not be there. Where it is not installed, Odoo serves nothing of it.
if find_spec("odoo.addons.payment_adyen"):
    from . import adyen_refusals
