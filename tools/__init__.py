# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What no model owns: instants, places that rooms fill, jobs, isolation, watching others' methods.

`jobs` is the loop of a job, `crew` the threads in which several hands do one at once, and `shift`
until when. Import from the modules: `instants`, `places` and `shift` are plain Python, the others
know Odoo.
"""
