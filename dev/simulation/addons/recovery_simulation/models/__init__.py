# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from . import ir_mail_server, payment_provider, recovery_simulation
