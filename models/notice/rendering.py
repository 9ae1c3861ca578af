# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What the text of a notice is told while it is written."""


class Rendering:
    """The notice that a text is of, and the cases that it names, for as long as it is written.

    A message is written field by field: subject, body, SMS. What one of them has asked of its cases
    is kept for the others, as ids: each field has records of its own language.

    :ivar notice_id: of the `recovery.notice`; none for a text that is only tried
    :ivar case_ids: what was decided that it names; None for the customer's open ones
    """

    def __init__(self, notice_id=None, case_ids=None):
        self.notice_id = notice_id
        self.case_ids = case_ids
        self._known = {}

    def keep(self, key, find):
        """Return what was found for a key, which is looked for once."""
        if key not in self._known:
            self._known[key] = find()
        return self._known[key]
