# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What is said of plans: of charges, of messages and of what rules do."""

from .mark import _

# pylint: disable=prefer-env-translation
# They are put into words when they are read: `tools/said.py`.

PLANS: dict[str, str] = {
    # === ANYTHING === #
    "label": _("%(name)s:"),
    "copy_cancelled": _("Cancelled: this database is a copy."),
    "copy_skipped": _("Skipped: this database is a copy."),
    "copy_paused": _("Paused: this database is a copy."),
    # === THE RETRY SCHEDULE === #
    "advised_now": _("As soon as allowed, as advised by %(user)s."),
    "advised_at": _("At %(at)s, as advised by %(user)s."),
    "advised_not_before": _("Not before %(at)s, as advised by %(user)s."),
    "method_changed": _("The payment method was added or updated."),
    "mended": _("The provider was mended: what waited for it is charged now."),
    "bank_advises": _("Not before %(at)s, as the bank advises."),
    "backup_charged": _("A backup: the method that failed can't be charged again."),
    "schedule_failed": _("%(reason)s The smart schedule could not decide this time."),
    "window_ends_before": _("%(reason)s The window ends before."),
    "sibling_first": _("Another invoice of the customer is charged to the same method first."),
    "sibling_paid": _("Another invoice was just paid with the same method."),
    "left_out": _("The charge before it was left out."),
    "cool_down": _("The method was just declined for another invoice of the customer."),
    "delayed_a_day": _(
        "%(reason)s Put off by a day, since %(count)s charges in a row were not let out."
    ),
    "replaced_on_page": _("The customer replaced the payment method on their page."),
    "wait_for_provider": _("Waits until an administrator has mended the provider."),
    "backup_told_before": _(
        "%(reason)s The customer is told of it a day before, since it is the first time."
    ),
    "collected": _("Charged automatically on the due date."),
    "other_method": _("Another payment method is charged instead."),
    "planned_anew_paid": _("Planned anew: another invoice was just paid with the method."),
    "backup_told_first": _("The customer is told first that %(method)s is charged."),
    "backup_not_agreed": _(
        "The customer has not agreed to have %(method)s charged when another fails."
    ),
    "asked_by": _("Asked for by %(user)s."),
    "skipped_by": _("Skipped by %(user)s."),
    "planned_anew": _("Planned anew."),
    # === AUTOMATION RULES === #
    "rule_deleted": _("The rule was deleted."),
    "due_soon": _("%(amount)s of %(invoice)s are due on %(day)s."),
    "overdue": _("%(amount)s of %(invoice)s were due on %(day)s."),
    "card_unanswered": _(
        "%(method)s of %(customer)s ends on %(day)s; the notice was not answered."
    ),
    "rule_loops": _(
        "The rule was set off more than %(count)s times within a day for %(record)s; it does "
        "no more for now."
    ),
    "rules_loop": _(
        "Rules set each other off more than %(count)s times in a row; the chain was cut."
    ),
    "set_off_anew": _("The rule was set off anew."),
    "planned_by_rule": _("Planned by the rule %(rule)s."),
    "planned_by_otherwise": _("Planned by the rule %(rule)s: its conditions did not hold."),
    "by_action": _("“%(action)s”, asked for by %(user)s."),
    "provider_failing": _(
        "%(failed)s of %(total)s charges through %(provider)s within an hour met technical "
        "trouble or an unclear answer."
    ),
    "large_failed": _("%(amount)s of %(invoice)s failed."),
    "by_automation": _("Done by the automation “%(name)s”."),
    "case_deleted": _("The case was deleted."),
    "method_updated": _("%(method)s was added or updated."),
    "cancelled_by": _("Cancelled by %(user)s."),
    "not_planned": _("Its actions could not be planned: %(error)s"),
    "condition_failed": _(
        "The condition of the rule could not be looked at, and counts as not met: %(error)s"
    ),
    "series_ended": _("No invoice follows %(invoice)s any more. %(reason)s"),
    "it_failed": _("It failed: %(error)s"),
    "earlier_failed": _("An action before it failed."),
    "rule_off": _("The rule was switched off."),
    "action_taken_out": _("The action was taken out of the rule."),
    "record_deleted": _("The record was deleted."),
    "case_over": _("The case is over: %(state)s."),
    "state_left": _("The case left the state that had set the rule off."),
    "condition_unmet": _("Left out: the condition “only if” did not hold."),
    "by_rule": _("Done by the rule %(rule)s."),
    # === NEIGHBOURS === #
    "contracts_ended": _("%(contracts)s makes no further invoices. %(reason)s"),
    "return_trouble": _("The bank's return could not be followed: %(error)s"),
    "subscription_closed": _("The subscription %(subscription)s was closed."),
    # === NOTICES === #
    "letter_waits": _("The letter to %(customer)s waits for %(user)s to be printed."),
    "todo_given": _("%(activity)s for %(user)s."),
    "action_has_run": _("The server action “%(action)s” has run."),
    "method_not_charged": _("The payment method is not charged any more, or was renewed."),
    "message_taken_out": _("The message was taken from the queue before it was sent."),
    "message_not_arrived": _("The message to %(recipient)s did not arrive."),
    "sent_to_contact": _("%(sentence)s It is sent to %(contact)s as well."),
    "not_again_step": _("Not sent again: the step was removed."),
    "not_again_closed": _("Not sent again: the case is closed."),
    "no_phone": _("%(customer)s has no phone number."),
    "contact_archived": _(
        "%(customer)s is archived, so nothing is sent to them. Take the contact out of the "
        "archive, or give the customer another contact for invoices."
    ),
    "no_email": _("%(customer)s has no e-mail address."),
    "notices_trouble": _("The notices could not be planned: %(error)s"),
    "backup_not_told": _(
        "%(method)s is not charged as a backup: the e-mail template that announces it was deleted."
    ),
    "announces_backup": _("Announces the first charge of a backup method."),
    "notice_failed_text": _("The notice could not be sent. Mend “%(text)s”: %(error)s"),
    "message_to": _("To %(recipient)s: %(subject)s"),
    "notice_failed": _("The notice could not be sent: %(error)s"),
    "backup_off": _("The backup method is not charged after all."),
    "payment_decides": _("A payment of the invoice is under way; its outcome decides."),
    "other_job": _("Another job was at work on the case."),
    # === THE CUSTOMER'S PAGE === #
    "contested": _("The customer contests the invoice: %(reason)s."),
    "contest_task": _("%(contest)s Credit or correct the invoice, or press “Invoice Stands”."),
    "promise_withdrawn": _("The promise was withdrawn by %(user)s."),
    "contest_stands": _("%(user)s looked into it: the invoice stands."),
    "promise_broken": _("The customer promised to pay by %(day)s and did not. Charges go on."),
    # === PAID IN PARTS === #
    "parts_agreed": _("Paid in %(count)s parts from %(first)s to %(last)s."),
    "part_due": _("Part %(number)s of %(count)s, as agreed."),
    "part_changed": _("What is open of the parts has changed."),
    "parts_all_tried": _("No part can be charged any more."),
    "parts_overdue": _("The time in which the part could have been charged is over."),
    "parts_broken": _("%(reason)s The payment in parts is broken: all that is open is due now."),
    "parts_cancelled_by": _("%(user)s ended the payment in parts."),
    "part_reminder": _("Reminds of a part before it is charged."),
    "part_confirmed": _("Confirms that the debt is paid in parts."),
    "part_not_to_come": _("The part is not to come any more."),
    "question_asked": _("The customer asks a question. Answer it in the chatter of the case."),
    # === WIZARDS === #
    "time_chosen_by": _("Time chosen by %(user)s."),
    "written_off_by": _("Written off by %(user)s."),
    # === WHEN TO TRY AGAIN (timing) === #
    "hours_only": _("Charges go out in the allowed hours of the customer's day."),
    "costs_more": _("A further try costs more than it is likely to bring."),
    "try_payday": _(
        "Try %(number)s of %(tries)s, when the customer's pay has probably come: %(percent)s "
        "%% likely to succeed."
    ),
    "try_smart": _(
        "Try %(number)s of %(tries)s, where it adds most to the tries before and after it: "
        "%(percent)s %% likely to succeed."
    ),
    "try_advice": _(
        "Try %(number)s of %(tries)s, after the wait that the card network asked for: "
        "%(percent)s %% likely to succeed."
    ),
    "try_ladder": _(
        "Try %(number)s of %(tries)s, at the instant of the fixed retry schedule: %(percent)s "
        "%% likely to succeed."
    ),
    "try_spread": _(
        "Try %(number)s of %(tries)s, at its place among tries that are spread over the "
        "window: %(percent)s %% likely to succeed."
    ),
    "try_hint": _(
        "Try %(number)s of %(tries)s, when it was asked for: %(percent)s %% likely to succeed."
    ),
    "window_of_days_over": _("The window of %(days)s days for retries is over."),
    "needs_other_method": _("This payment method will not work again; another one is needed."),
    "needs_details": _(
        "The details of the payment method have to be corrected before the next try."
    ),
    "needs_confirmation": _("The customer has to confirm the payment; a charge alone would fail."),
    "all_tries_made": _("All %(tries)s tries have been made."),
    "all_retries_used": _("All %(tries)s retries are used up."),
    "just_declined": _("The charge before it was only just declined."),
    "network_asked": _("The card network asked not to try again before then."),
    "somebody_asked": _("Somebody asked not to try before then."),
    "unreachable_often": _("The provider could not be reached %(failures)s times in a row."),
    "unreachable": _("The provider could not be reached; quick try %(number)s of %(tries)s."),
    "retry_after_days": _("Retry %(number)s of %(tries)s: %(amount)s days after the last failure."),
    "retry_after_hours": _(
        "Retry %(number)s of %(tries)s: %(amount)s hours after the last failure."
    ),
    "retry_spread": _("Retry %(number)s of %(tries)s, spread evenly over %(days)s days."),
    "ceiling_not_before": _("Not before %(at)s: %(rule)s."),
    "ceiling_represent": _("This invoice may not be debited from this account again: %(rule)s."),
    "ceiling_never": _("Never again with this payment method: %(rule)s."),
    # === WHEN TO WRITE (notices) === #
    "first_charge_fails": _("The first charge fails."),
    "another_attempt": _("Another attempt."),
    "invoice_paid": _("The invoice is paid."),
    "for_other_classes": _("The step is for other classes of declines."),
    "for_other_reasons": _("The step is for other reasons of declines."),
    "for_other_amounts": _("The step is for other amounts."),
    "for_other_attempts": _("The step is for other attempts."),
    "notices_excluded": _("Excluded from notices."),
    "notices_excluded_until": _("Excluded from notices until %(day)s."),
    "case_paused_until": _("The case is paused until %(at)s."),
    "case_paused": _("The case is paused."),
    "silent_until_mended": _(
        "Charges wait until the provider is mended; the customer hears nothing."
    ),
    "promised": _("The customer promised to pay by %(day)s."),
    "probably_paid_at": _("A charge at %(at)s will probably succeed (%(percent)s %%)."),
    "held_until": _("Held until the next message hours, %(at)s."),
    "first_failure_at_once": _("At once after the first failure."),
    "first_failure_a_day": _("A day after the first failure."),
    "first_failure_days": _("%(days)s days after the first failure."),
    "first_failure_hours": _("%(hours)s h after the first failure."),
    "each_failure_at_once": _("At once after a failed attempt."),
    "each_failure_a_day": _("A day after a failed attempt."),
    "each_failure_days": _("%(days)s days after a failed attempt."),
    "each_failure_hours": _("%(hours)s h after a failed attempt."),
    "before_attempt_at_once": _("Just before the next attempt."),
    "before_attempt_a_day": _("At least a day before the next attempt."),
    "before_attempt_days": _("At least %(days)s days before the next attempt."),
    "before_attempt_hours": _("At least %(hours)s h before the next attempt."),
    "on_due_date": _("On the due date."),
    "before_due_a_day": _("At least a day before the due date."),
    "before_due_days": _("At least %(days)s days before the due date."),
    "before_due_hours": _("At least %(hours)s h before the due date."),
    "after_due_a_day": _("A day after the due date."),
    "after_due_days": _("%(days)s days after the due date."),
    "after_due_hours": _("%(hours)s h after the due date."),
    "method_expires_at_once": _("On the day on which the payment method expires."),
    "method_expires_a_day": _("At least a day before the payment method expires."),
    "method_expires_days": _("At least %(days)s days before the payment method expires."),
    "method_expires_hours": _("At least %(hours)s h before the payment method expires."),
    "exhausted_at_once": _("At once after the last retry."),
    "exhausted_a_day": _("A day after the last retry."),
    "exhausted_days": _("%(days)s days after the last retry."),
    "exhausted_hours": _("%(hours)s h after the last retry."),
    "recovered_at_once": _("At once after the payment."),
    "recovered_a_day": _("A day after the payment."),
    "recovered_days": _("%(days)s days after the payment."),
    "recovered_hours": _("%(hours)s h after the payment."),
    "not_owed": _("The invoice was cancelled or credited."),
    "case_lost": _("The case is lost."),
    "step_barred": _("The invoice does not fulfil the conditions of the step."),
    "technical_silent": _(
        "Technical trouble, which is tried again without a word to the customer."
    ),
    "charged_from_method": _("The invoice is charged from a saved payment method."),
    "tried_themselves": _(
        "The customer tried to pay by themselves: they are written to once, and not reminded."
    ),
    "customer_excluded": _("The customer is excluded from notices."),
    "will_not_come": _("What the step was waiting for will not come any more."),
    "no_case": _("The case does not exist any more."),
    "attempt_begun": _("The attempt that it was to announce has begun."),
    "due_date_passed": _("The due date has passed."),
    "method_expired": _("The payment method has expired."),
    "moved_to_working_day": _("Moved to %(at)s, in message hours of a working day."),
    "moved_to_hours": _("Moved to %(at)s, in message hours."),
    "due_now": _("Due, and nothing holds it back."),
    "not_due": _("Not due before %(at)s."),
    "grouped": _("Sent in one message with the customer's other due notices, %(count)s in all."),
    "overtaken": _("A later step of the case is due as well and takes its place."),
    "other_step": _("Another step of the case goes out today; this one may go out from %(at)s."),
    "one_a_day": _(
        "The customer has had the one message of the day; the next may go out from %(at)s."
    ),
    "other_topic": _(
        "Another message goes to the customer today; this one may go out from %(at)s."
    ),
    "reserved": _("The customer's one message of the day goes out at %(at)s."),
    "choose_day": _("Choose a day from %(first)s to %(last)s."),
}
