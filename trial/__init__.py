# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A policy played over cases of the past, or over customers like theirs. Needs no Odoo.

What a charge would have brought that was never made, nobody knows: where one was made near it, its
answer is taken; all others are chances of the timing model, given all that is known of the case.
`docs/trial.md` has the argument and its limits. `person` has the words, `walk` what a policy does,
`odds` what charges would bring, `messages` what customers hear, `player` does all of it for one
case, `processes` for many at once, `result` is what is told of them.
"""
