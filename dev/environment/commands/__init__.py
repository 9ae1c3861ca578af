# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""One module for each command of `dev/`; each has `main(arguments) -> exit code`."""
