# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the attempts of a database teach: who is paid when, and how likely a charge then succeeds.

From finished attempts (`sequence`) a sample is kept (`reservoir`), read as arrays (`training`,
`bins`, `patterns`) and fitted (`fit`) to odds (`odds`), starting from the shipped `priors`; `model`
holds all of it. Uses the words of a case in `timing`, nothing of `plan` and `stats`.
"""
