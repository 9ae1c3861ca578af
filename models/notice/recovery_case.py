# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The notices of a case: when they are planned, and the facts that their texts print."""

from base64 import b64encode
from collections import defaultdict
from datetime import timedelta
from io import BytesIO

from odoo import api, fields, models
from odoo.tools import SQL

from ...declines.networks import CARD_NETWORKS
from ...notices import compare, plan_notices
from ...tools.errors import describe_error
from ...tools.jobs import commit, work
from ...tools.said import say
from ..case.alerts import answer_case
from ..case.exclusion import find_exclusion
from ..case.recovery_case import OPEN_STATES
from .facts import FAILED_CHARGES, read_facts
from .parts import confirm, remind

# The kinds of steps that reach the customer.
MESSAGES = ("email", "sms", "letter")
# Triggers about invoices and methods that have no case.
AHEAD_TRIGGERS = ("before_due", "method_expires")
PLAN_BATCH = 500
# Announces the first charge of a backup method.
BACKUP_TEMPLATE = "revenue_recovery.mail_template_backup_method"


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    notice_ids = fields.One2many(comodel_name="recovery.notice", inverse_name="case_id")
    notices_outdated = fields.Boolean(
        readonly=True,
        default=True,
        copy=False,
        help="Something happened since the notices were planned; the job plans them anew.",
    )

    _notices_outdated_idx = models.Index("(id) WHERE notices_outdated IS TRUE")

    # === BUSINESS METHODS === #

    def _plan_notices(self):
        """Bring the planned notices of these cases in line with the facts.

        :return: the facts of each case, and all notices that they ask for
        :rtype: dict[recovery.case, tuple[notices.CaseFacts, tuple[notices.Notice]]]
        """
        facts = self._get_notice_facts()
        stored = self._get_stored_notices()
        wanted = {}
        values, notices = [], self.env["recovery.notice"]
        for company, cases in self.grouped("company_id").items():
            place = company.partner_id._get_recovery_place()
            steps = {
                policy: policy.step_ids.filtered(
                    lambda step: step.trigger not in AHEAD_TRIGGERS
                )._make_steps()
                for policy in cases.policy_id
            }
            for case in cases:
                records = stored.get(case, notices)
                wanted[case] = (
                    *plan_notices(
                        facts[case],
                        steps[case.policy_id],
                        case.partner_id._get_recovery_place(),
                        place,
                    ),
                    *records._plan_asked(facts[case]),
                )
                changes = compare(records._get_stored(), wanted[case])
                values += records._apply_changes(changes, case._prepare_notice_vals())
        notices.create(values)
        answer_case(self, "planning")
        self.filtered("notices_outdated").notices_outdated = False
        return {case: (facts[case], wanted[case]) for case in self}

    def _prepare_notice_vals(self):
        """Return the values that all notices of this case have."""
        self.ensure_one()
        return {
            "case_id": self.id,
            "move_id": self.move_id.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
        }

    def _on_changed(self):
        """Fill the hook: the job plans the notices anew."""
        result = super()._on_changed()
        self.filtered(lambda case: not case.notices_outdated).notices_outdated = True
        return result

    def _on_closed(self, reason):
        """Fill the hook: withdraw the planned notices of closed cases.

        What a step says after the last retry may be that the case is lost.
        """
        result = super()._on_closed(reason)
        for case in self:
            planned = case.notice_ids.filtered(lambda notice: notice.state == "planned")
            if case.state == "lost" and case.exhausted_at:
                planned = planned.filtered(lambda notice: notice.step_id.trigger != "exhausted")
            planned._skip(reason)
        return result

    def _follow_settled(self):
        """Let those of these cases follow their invoices that are settled or left alone by now."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT recovery_case.id
                  FROM recovery_case
                  JOIN account_move move ON move.id = recovery_case.move_id
                 WHERE recovery_case.id IN %s
                   AND recovery_case.state IN %s
                   AND (move.state != 'posted'
                        OR move.commercial_partner_id != recovery_case.partner_id
                        OR move.payment_state NOT IN ('not_paid', 'partial')
                        OR recovery_case.state = 'suspended'
                        OR NOT EXISTS (
                            SELECT FROM account_move_line line
                             WHERE line.move_id = move.id
                               AND line.display_type = 'payment_term'
                               AND NOT line.reconciled
                               AND line.no_followup IS NOT TRUE
                               AND line.date_maturity <= recovery_case.due_date))
                """,
                tuple(self.ids) or (0,),
                OPEN_STATES,
            )
        )
        for case in self.browse(case_id for (case_id,) in rows):
            case._follow_invoice()

    def _announce_backup(self, token):
        """Fill the hook: tell the customer by e-mail, within the one message of a day."""
        result = super()._announce_backup(token)
        is_planned = self.notice_ids.filtered(
            lambda notice: notice.token_id == token and notice.state == "planned"
        )
        template = self.env.ref(BACKUP_TEMPLATE, raise_if_not_found=False)
        if not template:
            self._ask_for_attention(
                say(
                    self.env,
                    "backup_not_told",
                    method=token._recovery_get_label(),
                )
            )
        elif not is_planned:
            notice = self.env["recovery.notice"]._ask(
                self,
                {"action_type": "email", "mail_template_id": template.id},
                say(self.env, "announces_backup"),
            )
            notice.token_id = token
        return result

    def _on_parts_agreed(self):
        """Fill the hook: confirm by e-mail what was agreed."""
        result = super()._on_parts_agreed()
        confirm(self)
        return result

    def _remind_of_part(self, attempt):
        """Fill the hook: remind by e-mail, within the one message of a day."""
        result = super()._remind_of_part(attempt)
        remind(self, attempt)
        return result

    # === CRON === #

    @api.model
    def _plan_outdated_notices(self):
        """Plan the notices anew of the cases to which something happened, and commit.

        Cases that somebody else works on are left for the next time; one that can't be planned is
        told on it, and the others go on.
        """
        after, alone_to = 0, 0
        while ids := self._find_outdated(after, 1 if after < alone_to else PLAN_BATCH):
            cases = self.browse(ids)
            done = work(
                self.env,
                lambda cases=cases: cases.try_lock_for_update(
                    allow_referencing=True
                )._plan_notices(),
                failed=cases._fail_planning if len(ids) == 1 else None,
                doing=f"Planning the notices of {len(ids)} cases",
            )
            if done or len(ids) == 1:
                after = ids[-1]
            else:
                alone_to = ids[-1]  # One by one, to find the one it is.
            if not commit(self.env):
                return

    @api.model
    def _find_outdated(self, after, limit):
        """Return the ids of outdated cases in their order, from one id on.

        Not of customers who have a notice due: who sends it looks at all that is theirs again, and
        would plan it a second time.
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id
                  FROM recovery_case
                 WHERE notices_outdated IS TRUE
                   AND id > %(after)s
                   AND NOT EXISTS (
                       SELECT FROM recovery_notice notice
                        WHERE notice.company_id = recovery_case.company_id
                          AND notice.partner_id = recovery_case.partner_id
                          AND notice.state = 'planned'
                          AND COALESCE(notice.held_until, notice.planned_at) <= %(now)s)
              ORDER BY id
                 LIMIT %(limit)s
                """,
                after=after,
                now=fields.Datetime.now(),
                limit=limit,
            )
        )
        return [case_id for (case_id,) in rows]

    def _fail_planning(self, error):
        """Tell that the notices of a case can't be planned; it is tried at its next event."""
        self.notices_outdated = False
        self._ask_for_attention(
            say(self.env, "notices_trouble", error=describe_error(error)),
            activity=True,
            kind="planning",
        )

    # === GETTERS === #

    def _has_sent_notices(self):
        """Fill the hook: one that was handed over counts."""
        return super()._has_sent_notices() or "sent" in self.notice_ids.mapped("state")

    def _has_heard(self):
        """Return whether a message of this life of the case went to its customer."""
        self.ensure_one()
        return any(
            notice.state == "sent" and notice.life == self.life and notice.action_type in MESSAGES
            for notice in self.notice_ids
        )

    def _get_notice_facts(self):
        """Return what the planner is told of each of these cases.

        :rtype: dict[recovery.case, notices.CaseFacts]
        """
        return read_facts(self)

    def _get_stored_notices(self):
        """Return the notices of each of these cases."""
        notices = self.env["recovery.notice"].search_fetch(
            [("case_id", "in", self.ids)],
            ["case_id", "life", "step_id", "occurrence", "planned_at", "state"],
        )
        return notices.grouped("case_id")

    def _get_notice_class(self):
        """Return what the latest failure asks of the customer, for the text of a step."""
        self.ensure_one()
        latest = self.attempt_ids.filtered(lambda attempt: attempt.state in FAILED_CHARGES)
        latest = latest.sorted("id")[-1:]
        if not latest and not self.token_id and self.opened_by in ("failure", "customer"):
            return "own"  # Whatever they typed: no saved method has anything to do with it.
        if latest.state == "returned" and latest.network not in CARD_NETWORKS:
            return "returned"
        return self.decline_class or "later"

    def _get_recovery_link(self, notice=None, person=None):
        """Hook for the address of the customer's page for these cases.

        Filled by the page; it does nothing by itself.

        :param notice: the `recovery.notice` that carries the link, if one does
        :param person: the contact who gets it; the invoice's when not told
        """
        return ""

    # What templates print. Methods whose name holds "notice" work in subjects and SMS, too: there,
    # the renderer tells a text of which notice it is only when it asks for one.

    def _get_message_cases(self):
        """Return the cases that a message about this one lists, this one first.

        Thanks, and news of an end, are about cases that ended so; other messages about open ones.
        """
        self.ensure_one()
        rendering = self.env.context.get("recovery_rendering")
        if rendering is None:
            return self._find_message_cases()
        return self.browse(rendering.keep(self.id, lambda: self._find_message_cases().ids))

    def _find_message_cases(self):
        states = OPEN_STATES if self.state in OPEN_STATES else (self.state,)
        return self | self._get_cases_of_notice().filtered(lambda case: case.state in states)

    def _get_cases_of_notice(self):
        """Return the cases that an e-mail about this one lists, this one first.

        While a notice is sent, that is what was decided for it; else the customer's open ones.
        """
        self.ensure_one()
        rendering = self.env.context.get("recovery_rendering")
        if rendering is not None and rendering.case_ids is not None:
            return self | self.browse(rendering.case_ids)
        others = self.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("in_recovery", "grace")),
                # Of these the customer hears nothing: the company has to mend its own set-up.
                ("waiting_since", "=", False),
            ],
            order="first_failure_at, id",
        )
        return self | others.filtered(lambda case: not find_exclusion(case.move_id, "notices"))

    def _get_notice_label(self):
        """Return what a subject calls the message's invoices: the first, and how many follow."""
        self.ensure_one()
        others = len(self._get_message_cases()) - 1
        return f"{self.move_id.name} +{others}" if others else self.move_id.name

    def _get_notice_link(self, to_replace=False):
        """Return the address of the page on which the customer pays the message's invoices.

        :param bool to_replace: whether to lead to the form that replaces the saved method, where
            all of them are charged to the new one
        """
        self.ensure_one()
        notice = self.env.context.get("recovery_notice")
        cases = self._get_message_cases()
        link = cases._get_recovery_link(notice=notice)
        if to_replace and link and all(case._charges_new_method() for case in cases):
            return f"{link}/method"
        return link

    def _get_message_totals(self):
        """Return what the customer owes on the message's invoices, by currency.

        :rtype: list[tuple[res.currency, float]]
        """
        totals = defaultdict(float)
        for case in self._get_message_cases():
            totals[case.currency_id] += case._get_owed()
        return [(currency, currency.round(total)) for currency, total in totals.items()]

    def _get_notice_backup(self):
        """Return the backup method that the message is about, in sudo mode, or none."""
        self.ensure_one()
        notice = self.env.context.get("recovery_notice")
        # In sudo mode: methods of contacts are for few users.
        return ((notice and notice.token_id) or self.next_attempt_id.token_id).sudo()

    def _get_notice_part(self):
        """Return the part that the message is about, else the one that is charged next, or none."""
        self.ensure_one()
        notice = self.env.context.get("recovery_notice")
        charges = self._get_running_part_plan()._list_part_charges()
        return (notice and notice.part_id) or next(iter(charges), self.env["recovery.part"])

    def _get_notice_part_amount(self):
        """Return what is charged of the part that the message is about."""
        part = self._get_notice_part()
        return self._get_running_part_plan()._list_part_charges().get(part, 0.0)

    def _get_announced_charge(self):
        """Return the day on which all the message's invoices are charged next, or none.

        In the customer's time zone. A message that tells one date for invoices with several would
        be wrong for most of them, so it tells none.
        """
        self.ensure_one()
        days = set()
        for case in self._get_message_cases():
            charge = case._get_coming_charge()
            days.add(bool(charge) and case._get_local_day(charge.planned_at))
        return days.pop() if len(days) == 1 else False

    def _get_end_day(self):
        """Return the last whole day on which a payment keeps the end action from happening.

        In the customer's time zone; none before the retries are used up.
        """
        self.ensure_one()
        if not self.grace_until:
            return False
        last_day = self._get_local_day(self.grace_until - timedelta(days=1))
        return max(last_day, self._get_local_day(fields.Datetime.now()))

    def _get_letter_code(self):
        """Return the picture of a QR code that leads to the customer's page, as a data URI.

        Not by Odoo's barcode field: it needs a renderer that servers without it lack, and the
        letter would fail with it.
        """
        import qrcode  # Only letters need it.

        content = BytesIO()
        qrcode.make(self._get_notice_link(), box_size=4, border=2).save(content, "PNG")
        return f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"

    def _get_letter_leads(self):
        """Return one case of each customer for whom a letter is printed: it lists all of theirs."""
        leads = self.browse()
        told = self.browse()
        for case in self:
            if case not in told:
                leads |= case
                told |= case._get_message_cases()
        return leads

    def _get_local_day(self, instant):
        """Return the customer's calendar day at a naive UTC instant."""
        return self.partner_id.with_company(self.company_id)._get_recovery_day(instant)
