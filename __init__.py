# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
from . import controllers, models, report, wizards
from .hooks import pre_init_hook, uninstall_hook
