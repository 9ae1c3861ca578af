# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What later rooms fill of a case: each method is a hook that does nothing by itself."""

from odoo import api, models


class RecoveryCaseHooks(models.AbstractModel):
    """The hooks of `recovery.case`, in one place to read them."""

    _name = "recovery.case.hooks"
    _description = "Recovery Case Hooks"

    @api.model
    def _emit(
        self, type, sentence="", move=None, attempt=None, token=None, provider=None, **values
    ):
        """Hook for automations: something happened to these cases, or to what has none.

        Filled by the flow room; it does nothing by itself. Called where it happens, once it is
        sure, and never in the middle of a charge.

        :param str type: of the `recovery.event`
        :param values: further fields of the event
        """

    @api.model
    def _is_listening(self):
        """Hook: return whether somebody waits for events; false by itself, filled by flow."""
        return False

    def _plan_next_charge(self, attempts=None, transactions=None, owed=None):
        """Hook: plan the next charge, or begin the grace period; does nothing by itself.

        Filled by the schedule room.

        :param attempts: those of the invoice, where they have just been read
        :param transactions: those that have just changed
        :param float owed: of the case, where it has just been read
        """

    def _wait_for_provider(self):
        """Hook: let this case wait while the company's own fault keeps its method from paying.

        Filled by the schedule room; no case waits by itself.

        :return: whether it waits
        """
        return False

    def _break_parts(self):
        """Hook: give up the parts in which this case is paid, their time being over.

        Filled by the schedule room; no case is paid in parts by itself.

        :return: whether there were any; the whole debt is recovered from now on
        """
        return False

    def _get_promised_wait(self):
        """Hook: return the `Block` of a promised day, or none; none by itself, filled by page."""
        return

    def _get_further_exclusions(self):
        """Hook: return what else excludes this case, or none, as `Exclusion`; none by itself.

        Filled by page, for invoices that the customer contests.
        """
        return []

    def _on_changed(self):
        """Hook: something about these cases changed, which messages and reports follow.

        Filled by the notice and figures rooms; it does nothing by itself.
        """

    def _on_closed(self, reason):
        """Hook: these cases were closed, for a reason; it does nothing by itself.

        Filled by the notice room, which withdraws messages, and by page, which ends promises.
        """

    def _on_followed(self):
        """Hook: this case has followed its invoice; does nothing by itself, filled by flow."""

    @api.model
    def _prepare_opening_vals(self, move, due_date, policy):
        """Hook: return further values of a case that opens; none by itself, filled by schedule."""
        return {}

    def _has_sent_notices(self):
        """Hook: return whether a notice of these cases went out; false by itself.

        Filled by the notice room.
        """
        return False
