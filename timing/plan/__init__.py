# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""When to charge next: the fixed schedule, quick retries, and the smart schedule (`smart.decide`).

`journeys` says what the kind of a decline decides by itself, `slots` which instants there are,
`plan` which of them are worth most, `choice` which one is taken, and why. Uses `timing.model`;
`ladder` and `backoff` need no model.
"""
