# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Keeps the links to the customer's page out of Odoo's own log. Plain Python."""

import logging
import re

# Who writes of requests: one line for each, and what was wrong with one.
_LOGGERS = ("werkzeug", "odoo.http")
_PATH = "/recovery/pay/"
_LINK = re.compile(rf"({re.escape(_PATH)})[\w-]+")


class LinkMask(logging.Filter):
    """Takes the links out of what is logged: whoever has one sees what a customer owes."""

    def filter(self, record):
        """Rewrite a record that names a link; let all records pass."""
        message = record.getMessage()
        if _PATH in message:
            record.msg, record.args = _LINK.sub(r"\1…", message), ()
        return True


def mask_links():
    """Take the links out of what is logged of requests from now on; once is enough."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, LinkMask) for each in logger.filters):
            logger.addFilter(LinkMask())
