# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is said of charges, of cases and of payment methods."""

from .mark import _

# pylint: disable=prefer-env-translation
# They are put into words when they are read: `tools/said.py`.

MONEY: dict[str, str] = {
    # === CHARGES, AND WHAT STANDS AGAINST THEM === #
    "being_changed": _("The invoice is being changed by somebody; trying again in a minute."),
    "not_prepared": _("The charge could not be prepared: %(error)s"),
    "earlier_charge": _("An earlier charge is on its way after all."),
    "case_not_charging": _("The case is not being charged any more."),
    "other_customer": _("The invoice is owed by another customer now."),
    "window_over": _("The window for retries is over."),
    "provider_disabled": _("The provider %(provider)s is disabled."),
    "provider_in_test_mode": _(
        "The provider %(provider)s is in test mode. Allow such charges in the settings if this "
        "is a test."
    ),
    "provider_reserves": _("The provider %(provider)s only reserves amounts."),
    "provider_currency": _("The provider %(provider)s does not accept %(currency)s."),
    "provider_journal": _("The provider %(provider)s has no journal to book payments in."),
    "above_maximum": _("The amount exceeds the maximum of the provider %(provider)s, %(maximum)s."),
    "below_minimum": _(
        "%(amount)s of %(invoice)s is less than %(provider)s takes, %(minimum)s. Ask the "
        "customer for it in another way, or write it off."
    ),
    "charges_paused": _("Charges through %(provider)s are paused until %(at)s: %(reason)s"),
    "by_administrator": _("by an administrator."),
    "wait_for_hours": _("Waits for the hours in which charges are allowed."),
    "no_method": _("No saved payment method is chosen. Choose one on the invoice."),
    "method_archived": _("%(method)s is archived. Choose another payment method."),
    "method_of_other": _(
        "%(method)s belongs to another customer or company. Choose another payment method."
    ),
    "method_currency": _("%(method)s can't be charged in %(currency)s."),
    "provider_charged_again": _("The provider is charged again."),
    "all_charges_wait": _("All charges through %(provider)s wait: %(reason)s. %(help)s"),
    "charges_wait": _("Charges through %(provider)s wait: %(reason)s. %(help)s"),
    "provider_says": _("The provider says: “%(message)s”"),
    "mend_provider": _(
        "%(fault)s Then press “Try Again” on the provider. Invoices that wait: %(count)s."
    ),
    "charged": _("%(amount)s charged to %(method)s."),
    "accepted": _("%(amount)s accepted by %(method)s, not arrived yet."),
    "declined": _("%(method)s was declined: %(message)s"),
    "not_taken": _("Nothing was charged, the provider could not take the request: %(message)s"),
    "outcome_unknown": _(
        "The provider's answer did not arrive. Nothing else is charged until it is clear "
        "whether %(amount)s were taken."
    ),
    "own_fault": _("Nothing was charged, for a fault of our own with the provider: %(message)s"),
    "retries_not_needed": _(
        "Nothing is owed on %(invoice)s any more. Cancel the retries at the provider, or it "
        "may charge the customer once more: %(retries)s"
    ),
    "provider_retries": _(
        "The provider %(provider)s retries the payment %(reference)s by itself (%(name)s), "
        "until %(day)s at the latest. Nothing else is charged meanwhile."
    ),
    "provider_retries_over": _("The provider does not retry the payment any more."),
    "paused_by": _("Paused by %(user)s."),
    "too_many_requests": _(
        "The provider has too many requests (HTTP %(status)s), and is left alone for "
        "%(seconds)s seconds."
    ),
    "wait_for_mending": _(
        "Waits until an administrator has mended %(provider)s: %(reason)s. No try is used up."
    ),
    "ask_overdue": _(
        "The provider accepted the payment %(reference)s of %(amount)s on %(day)s, and has "
        "neither confirmed nor refused it. Look it up at the provider, then confirm whether it "
        "was charged. Nothing else is charged until then; the customer may pay in another "
        "way."
    ),
    "confirmed_charged": _("Charged, as %(user)s found out at the provider."),
    "confirmed_not_charged": _("Not charged, as %(user)s found out at the provider."),
    "ask_outcome": _(
        "Look up the payment %(reference)s of %(amount)s at the provider, then confirm whether "
        "it was charged. Nothing else is charged until then."
    ),
    "provider_busy": _("Waits, because the provider takes no more requests now."),
    "lost_race": _("Waits a moment, because others were at the same records."),
    "changed_before_charge": _("The invoice changed just before the charge; nothing was sent."),
    "may_be_paying": _("The customer may be paying right now (%(reference)s)."),
    "begun_is_asked": _(
        "The customer began the payment %(reference)s. The provider is asked first whether it "
        "was finished."
    ),
    "answer_lost": _("The answer to the payment %(reference)s got lost; it may have succeeded."),
    "answer_never_came": _(
        "The answer to the payment %(reference)s of %(amount)s got lost, and nothing tells "
        "whether it succeeded. Look it up at the provider, record it if it did, and mark this "
        "as done. Nothing else is charged until then."
    ),
    "transfer_announced": _("The customer announced a transfer (%(reference)s)."),
    "success_not_booked": _(
        "The payment %(reference)s succeeded at the provider but is not booked on the invoice. "
        "Book or refund it before anything else is charged."
    ),
    "payment_on_its_way": _("The payment %(reference)s is on its way."),
    "being_booked": _("The payment %(reference)s is being booked."),
    "payment_undecided": _(
        "The payment %(reference)s is neither confirmed nor refused by its provider since "
        "%(day)s. Look it up there before anything else is charged."
    ),
    "ask_begun": _(
        "Look up the payment %(reference)s of %(amount)s, which the customer began, at the "
        "provider: it does not tell us whether the payment was finished. Nothing else is "
        "charged until then."
    ),
    "backlog_none": _("Nothing is due to be charged."),
    "backlog_stuck": _(
        "Charges due: %(count)s, the oldest since %(oldest)s. None was begun in the last minutes."
    ),
    "backlog_endless": _(
        "Charges due: %(count)s, the oldest since %(oldest)s. At %(rate)s an hour they take "
        "more than a month."
    ),
    "backlog_late": _(
        "Charges due: %(count)s, the oldest since %(oldest)s. At %(rate)s an hour they will be "
        "done on %(end)s, after the charging hours, which end on %(hours)s. Those that are "
        "worth most come first."
    ),
    "backlog": _(
        "Charges due: %(count)s, the oldest since %(oldest)s. At %(rate)s an hour they will be "
        "done on %(end)s."
    ),
    "backlog_alert": _("%(backlog)s Let more charges be sent at once (Settings, Charges at Once)."),
    # === CASES === #
    "currency_changed": _("The invoice's currency changed."),
    "not_posted": _("The invoice is not posted."),
    "marked_blocked": _("The invoice is marked as blocked."),
    "not_followed_up": _("The invoice is excluded from follow-ups."),
    "nothing_owed": _("Nothing is owed."),
    "too_little": _("%(amount)s is too little to charge: it waits until more is owed."),
    "disputed": _("The customer disputes a payment of this invoice: nothing is charged."),
    "credit_to_match": _(
        "%(customer)s has %(amount)s in credit, and %(invoice)s is about to be charged. Match "
        "the credit with the invoice; or mark this as done, and all is charged."
    ),
    "credit_not_matched": _("%(sentence)s It could not be matched: %(error)s"),
    "pause_over": _("The pause is over."),
    "window_ended": _("The window of %(days)s days is over."),
    "given_up": _("Given up; the invoice stays overdue."),
    "given_up_blocked": _("Given up; the invoice is marked as blocked."),
    "given_up_write_off": _("Given up; a manager is asked to write the invoice off."),
    "confirm_write_off": _("Confirm the write-off of %(case)s."),
    "given_up_acted": _("Given up; the policy's server action has run."),
    "given_up_unfit": _("Given up; the policy's server action can't run on it."),
    "action_unfit": _(
        "The server action “%(action)s” of the policy “%(policy)s” is not made for recovery "
        "cases, so it has not run. Choose another one."
    ),
    "excess": _(
        "%(amount)s of the payment %(reference)s arrived, but nothing is owed on %(invoice)s "
        "any more. Refund it, or assign it to another invoice."
    ),
    "excluded_until": _("%(name)s is excluded from %(what)s until %(day)s."),
    "excluded": _("%(name)s is excluded from %(what)s until somebody ends it."),
    "paid": _("Paid: nothing is owed any more."),
    "corrected": _("The invoice was corrected, nothing is owed."),
    "paid_twice": _(
        "The provider reports two payments, %(first)s and %(second)s. Refund one of them."
    ),
    "no_policy": _(
        "%(invoice)s could not be charged: %(reason)s No policy matches it, so nothing else is "
        "tried. Ask the customer for the payment."
    ),
    "owed_by_other": _("The invoice is owed by %(customer)s now."),
    "paid_but_rest": _("Paid but for %(amount)s, which is too little to charge."),
    "rest_waits": _("%(amount)s is too little to charge: it waits."),
    "refunded": _("The payment was refunded, nothing is owed."),
    "credited": _("The invoice was credited, nothing is owed."),
    "reset_to_draft": _("The invoice was reset to draft."),
    "invoice_cancelled": _("The invoice was cancelled."),
    "written_off": _("The invoice was written off."),
    "taken_back": _("The payment of the invoice was taken back."),
    "still_matched": _(
        "A payment was rejected, and is still matched with the invoice: take it off."
    ),
    "put_off": _("The invoice was put off, and is due only on %(day)s."),
    "open_again": _("The invoice is open for recovery again."),
    "opened_overdue": _("Opened because the invoice is overdue."),
    "opened_for_customer": _("Opened because %(customer)s owes the invoice now."),
    "resumed_by": _("Resumed by %(user)s."),
    "stopped_by": _("Stopped by %(user)s."),
    "case_trouble": _("The case could not go on: %(error)s"),
    "update_trouble": _("The case could not be updated: %(error)s"),
    "booking_trouble": _(
        "%(amount)s of the payment %(payment)s was taken back at the provider, and could not "
        "be booked: %(trouble)s"
    ),
    "rest_left": _(
        "%(amount)s is left of %(invoice)s, which is too little to charge; perhaps a "
        "difference of rounding or of exchange rates. Write it off, or let it wait."
    ),
    "return_undone": _("The return of %(payment)s was undone."),
    "assign_again": _("%(undone)s Assign the payment to the invoice again, or resume the case."),
    "bank_returned": _("The bank returned %(payment)s on %(day)s: %(code)s, %(reason)s."),
    "bank_returned_saying": _(
        "The bank returned %(payment)s on %(day)s: %(code)s, %(reason)s. %(message)s"
    ),
    "closed_disputed": _("Closed as disputed. %(sentence)s"),
    "part_of": _("%(amount)s of %(payment)s"),
    "taken_back_on": _("%(payment)s was taken back on %(day)s: %(told)s."),
    "a_payment": _("a payment"),
    "part_taken": _("%(amount)s of the payment %(payment)s, %(reason)s."),
    "no_reason": _("no reason is told"),
    "disputed_taken": _("A payment was disputed and taken back: %(what)s"),
    "customer_disputes": _("The customer disputes a payment: %(what)s"),
    "evidence_until": _("Hand evidence in at the provider until %(deadline)s."),
    "refund_came_back": _(
        "The refund %(refund)s of %(amount)s did not reach the customer: the money is back, "
        "and is booked so. Speak with them."
    ),
    "unbooked": _(
        "%(amount)s of the payment %(reference)s for %(invoice)s arrived, but Odoo could not "
        "book it. Book or refund it."
    ),
    # === PAYMENT METHODS === #
    "method_removed": _(
        "%(method)s was removed at its provider and can't be charged. Waits for another "
        "payment method."
    ),
    "wait_for_update": _("Waits until %(method)s is updated: %(reason)s."),
    "wait_for_confirmation": _("Waits for the customer to confirm the payment: %(reason)s."),
    "method_dead": _("%(method)s is not charged any more: %(reason)s."),
}
