# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What Odoo lets a caller say of itself, and what it may be believed."""

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG


def is_uninstalling(env):
    """Return whether an addon is being uninstalled.

    The flag alone can be sent by anybody who calls a method: Odoo's own guards against deleting,
    those with ``at_uninstall=False``, would be passed over.
    """
    return env.uid == SUPERUSER_ID and bool(env.context.get(MODULE_UNINSTALL_FLAG))


def check_may_export(env):
    """Check that the user may take data out of the database in a file.

    :raise AccessError: when they may not
    """
    if not env.user.has_group("base.group_allow_export"):
        raise AccessError(env._("You may not export. Ask your administrator for it."))
