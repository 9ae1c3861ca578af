# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The web addresses whose pages may ask from a browser. Plain Python."""

import re

# As browsers send them: scheme, host and port, nothing else.
_ORIGIN = re.compile(
    r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?"
)
_LOCAL = re.compile(r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?")


def read_origins(text):
    """Return the origins that a text lists, one a line, as browsers send them."""
    return [line.strip().rstrip("/").lower() for line in (text or "").splitlines() if line.strip()]


def is_origin(text):
    """Return whether a browser could send this origin, and nobody on the way could change its page.

    Without TLS on this machine only, where programs are developed.
    """
    if not _ORIGIN.fullmatch(text):
        return False
    return text.startswith("https://") or bool(_LOCAL.fullmatch(text))
