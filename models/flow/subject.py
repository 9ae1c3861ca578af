# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What a record that an action runs on is about: its case, its method, and who looks after it."""


class Subject:
    """What is known of a case, an event, a charge, a notice, an invoice or a provider.

    :param record: that the action runs on
    """

    def __init__(self, record):
        self.record = record
        self.env = record.env

    @property
    def thread(self):
        """Where people write about it: its case, else invoice, else customer, else provider."""
        record = self.record
        if record._name == "recovery.case":
            return record
        if record._name == "account.move":
            return record.recovery_case_id or record
        return record.case_id or record.move_id or record.partner_id or record.provider_id or record

    @property
    def token(self):
        """The payment method that it is about: its own, else the one charged last."""
        record = self.record
        if "token_id" in record and record.token_id:
            return record.token_id
        if record._name == "account.move":
            case, move = record.recovery_case_id, record
        else:
            case = record if record._name == "recovery.case" else record.case_id
            move = record.move_id
        return case.token_id or (move and move._get_collect_token()) or self.env["payment.token"]

    @property
    def provider(self):
        """The provider that it is about, in sudo mode: providers are for administrators only."""
        provider = self.record.provider_id if "provider_id" in self.record else None
        return (provider or self.token.provider_id).sudo()

    def find_assignee(self, prefer_salesperson=False):
        """Return whose to-do it is: of those who look after it, the first who is there."""
        thread, users = self.thread, self.env["res.users"]
        is_case = thread._name == "recovery.case"
        move = thread.move_id if is_case else thread
        people = [
            thread.user_id if is_case else users,
            move.invoice_user_id if move._name == "account.move" else users,
        ]
        if prefer_salesperson:
            people.reverse()
        for user in (*people, self.record.partner_id.user_id):
            if user and user.active and not user.share:
                return user
        return self.env.ref("base.user_admin")
