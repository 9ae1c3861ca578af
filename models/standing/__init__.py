# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the merchant's own product is told of a customer: their standing; and the keys to ask.

May use every room above; nothing above knows of it. Fills of the case `_on_changed`, so that
webhooks tell products of a new standing. Has no hooks.
"""

from . import recovery_case
from . import recovery_standing_endpoint
from . import recovery_standing_key
from . import recovery_standing_key_show
from . import recovery_standing_message
from . import res_partner
