# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a merchant wants: policies, their waits and steps, the company's settings.

It uses the rules. `conditions` and `paths` look no further than who wrote them may; `choices` are
checked when they are saved. It says where a customer is and what time it is there. Hooks:

* `recovery.policy.step._on_changed`: `notice` plans notices anew
* `res.company._recovery_has_subscription_app`, `_recovery_filter_foreign`: `bridge` tells of
  invoices that another app charges
* `recovery.policy._evaluate`: for addons with conditions of their own
"""

from . import (
    recovery_conditions_mixin,
    recovery_policy,
    recovery_policy_retry,
    recovery_policy_step,
    res_company,
    res_config_settings,
    res_partner,
)
