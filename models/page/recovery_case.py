# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The customer's page: what it shows of a case, and what the customer does there.

Among that is the day until which they promised to pay: nothing is charged before it is over.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ...declines.taxonomy import BLOCKING_CLASSES
from ...notices import Place, promise_bounds, promise_end
from ...tools.instants import aware, naive
from ...tools.links import LINK_LIFE, Link, get_page_path
from ...tools.said import say
from ..case.answers import fill_answer
from ..case.recovery_invoice_queue import FOLLOW
from ..case.states import OPEN_STATES
from ..charge.begun import BEGUN_OPERATIONS
from ..method.rail import is_overdue
from ..notice.answers import is_reachable
from ..rules.block import Block
from ..schedule.method_choice import MethodChooser
from ..schedule.part_offer import PartOffer
from .contest import REASONS, STATES, Contest
from .shown import find_holding, show

# How long the page speaks of a payment that failed.
FAILED_WAIT = timedelta(minutes=30)
# Which decline a page about several invoices explains: what the customer has to act on.
CLASS_ORDER = ("customer_action", "fix_data", "never", "later", "technical", "merchant")
# So many payments that failed within so long are tries of cards.
FAILED_MOST = 10
FAILED_SPAN = timedelta(minutes=10)
# A question longer than this is no question.
QUESTION_LENGTH = 2000
QUESTIONS_A_DAY = 5
# Of more cases than this a promise is kept at once, and worked off by the job.
PROMISES_AT_ONCE = 20
# A new link is sent once an hour, however often it is asked for.
LINK_WAIT = timedelta(hours=1)
# The case must not end before the charge that follows a promise that was not kept.
TIME_LEFT = timedelta(days=1)


def _is_answered(case):
    """Return whether somebody of the company wrote after the customer's latest question."""
    messages = case.message_ids.filtered(lambda message: message.message_type == "comment")
    return any(not user.share for user in messages.sorted("id")[-1:].author_id.user_ids)


def _is_promise_over(case):
    """Return whether the customer promised anew, or was charged since they broke their promise."""
    charged = case.attempt_ids.filtered("transaction_id").mapped("started_at")
    since = case.promised_at
    return bool(case.promise_date or (since and any(at and at > since for at in charged)))


fill_answer("question", _is_answered)
fill_answer("promise", _is_promise_over)
FOLLOW.fill("promises", ("recovery.case", "_end_promises"))


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    promise_date = fields.Date(
        string="Promised",
        readonly=True,
        copy=False,
        help="The last day, where the customer lives, on which they promised to pay. Nothing is "
        "charged before it is over.",
    )
    promised_at = fields.Datetime(
        string="Promise Made", readonly=True, copy=False, help="When the customer promised."
    )
    promise_count = fields.Integer(
        string="Promises",
        readonly=True,
        copy=False,
        help="Days the customer has promised on their page. They may do so once, unless a person "
        "allows them another time.",
    )
    contest_reason = fields.Selection(
        selection=REASONS,
        string="Contested Because",
        readonly=True,
        copy=False,
        help="What the customer says on their page is wrong with the invoice.",
    )
    contest_state = fields.Selection(
        selection=STATES,
        string="Contest",
        readonly=True,
        copy=False,
        help="Whether the customer contests the invoice, and what came of it. A payment that they "
        "have their bank take back is a dispute instead.",
    )
    contested_at = fields.Datetime(
        string="Contested On", readonly=True, copy=False, help="When the customer first said so."
    )
    link_asked_at = fields.Datetime(
        readonly=True, copy=False, help="When a new link to the page was last sent on request."
    )
    links_withdrawn = fields.Integer(
        readonly=True,
        copy=False,
        help="How often the links to the customer's page were withdrawn. Those that were made "
        "before don't open the page any more.",
    )

    _promise_idx = models.Index("(promise_date) WHERE promise_date IS NOT NULL")

    # === ACTION METHODS === #

    def action_promise(self):
        """Ask for the day that the customer promised."""
        return self._open_wizard("promise", self.env._("Record Promise"))

    def action_withdraw_promise(self):
        """Forget the promise of these cases; charges go on."""
        reason = say(self.env, "promise_withdrawn", user=self.env.user.name)
        for case_sudo in self._check_may_act().filtered("promise_date"):
            case_sudo._end_promise(reason)
        return True

    def action_allow_promise(self):
        """Let the customers of these cases promise a day once more."""
        self._check_may_act().promise_count = 0
        return True

    def action_contest_stands(self):
        """Decide that these contested invoices stand: charges and notices go on."""
        reason = say(self.env, "contest_stands", user=self.env.user.name)
        for case_sudo in self._check_may_act():
            if Contest(case_sudo).is_open:
                Contest(case_sudo).decide(reason)
        return True

    def action_withdraw_links(self):
        """Let no link that was made so far show these cases; new messages carry new ones."""
        self._check_may_act()._withdraw_links(
            self.env._(
                "%(user)s withdrew the links to the customer's page. Those in messages sent so far "
                "don't open it any more.",
                user=self.env.user.name,
            )
        )
        return self._notify(self.env._("Links withdrawn. New messages carry new ones."))

    # === BUSINESS METHODS === #

    def _withdraw_links(self, note):
        """Let no link that was made so far show these cases any more.

        :param str note: what their chatter says of it
        """
        for case in self:
            case.links_withdrawn += 1
        self._message_log_batch(bodies=dict.fromkeys(self.ids, note))

    def _check_payable(self, amount):
        """Make sure that these invoices can be paid at this instant, all of them, by one payment.

        What the customer began elsewhere and did not finish is withdrawn at the provider first, or
        asked for, so that it can't be finished beside the new payment.

        :param amount: that the page showed, in the invoices' currency
        :return: what is owed on all of them, in that currency
        :raise ValidationError: with what the customer should know
        """
        self._check_failures()
        self.move_id._recovery_touch()
        shown = show(self)
        states = {each.state for each in shown.values()}
        if states & {"charging", "processing", "begun"}:
            raise ValidationError(self._get_busy_sentence())
        if states != {"open"}:
            raise ValidationError(
                self.env._("There is nothing to pay here any more. Please reload the page.")
            )
        owed = self.currency_id.round(sum(each.owed for each in shown.values()))
        if self.currency_id.compare_amounts(owed, amount):
            raise ValidationError(
                self.env._("The amount has changed meanwhile. Please reload the page.")
            )
        self._withdraw_begun()
        return owed

    def _check_failures(self):
        """Refuse whoever tries one card after another; counted here, whichever worker answered.

        :raise ValidationError: for some minutes after too many failures
        """
        failed = (
            self.env["payment.transaction"]
            .sudo()  # In sudo mode: the page is for somebody who isn't logged in.
            .search_count(
                Domain("invoice_ids", "in", self.move_id.ids)
                & Domain("operation", "in", BEGUN_OPERATIONS)
                & Domain("state", "=", "error")
                & Domain("last_state_change", ">", fields.Datetime.now() - FAILED_SPAN),
                limit=FAILED_MOST,
            )
        )
        if failed >= FAILED_MOST:
            raise ValidationError(
                self.env._("These were many tries. Please wait a few minutes, then try again.")
            )

    def _withdraw_begun(self):
        """Withdraw the payments of these invoices that were begun and not finished, however old.

        Their providers are asked for those that are overdue.

        :raise ValidationError: when one may have been finished
        """
        for transaction_sudo in self.env["recovery.attempt"]._search_money_under_way(self.move_id):
            is_open = transaction_sudo.state in ("draft", "error") or is_overdue(transaction_sudo)
            if is_open and not transaction_sudo._recovery_put_aside():
                raise ValidationError(self._get_busy_sentence())

    def _get_busy_sentence(self):
        return self.env._(
            "A payment is being processed already. Please wait a few minutes and reload the page: "
            "nothing has to be paid twice."
        )

    def _adopt_method(self, token, for_future):
        """Charge these invoices to a method that the customer has just chosen for them.

        :param bool for_future: whether they agreed to the same for their other invoices
        """
        lead = self[:1]
        # Written together: customers may owe very many.
        self.move_id.filtered(lambda move: move._is_own_token(token)).collect_token_id = token
        partner = lead.partner_id.with_company(lead.company_id)
        if not token._recovery_fits(partner, lead.company_id):
            return  # Whoever saved it has left meanwhile.
        if for_future and partner.collect_token_id != token:
            partner.collect_token_id = token

    def _ask_question(self, text, author, reason=None):
        """Put what the customer asks into the chatter, and make sure that somebody reads it.

        :param author: the contact who asks
        :param str reason: why they contest the invoice, one of `contest.REASONS`; none for a
            question
        :return: why it is refused, for the customer; nothing when it was posted
        """
        self.ensure_one()
        text = text.strip()
        label = dict(self._fields["contest_reason"]._description_selection(self.env)).get(reason)
        if not text and (not label or reason == "other"):
            return self.env._("Please write your question.")
        if len(text) > QUESTION_LENGTH:
            return self.env._(
                "Please shorten your question to %(length)s characters.", length=QUESTION_LENGTH
            )
        since = fields.Datetime.now() - timedelta(days=1)
        asked = self.env["mail.message"].search_count(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("author_id", "=", author.id),
                ("message_type", "=", "comment"),
                ("date", ">=", since),
            ]
        )
        if asked >= QUESTIONS_A_DAY:
            return self.env._(
                "Thank you, we have your questions. Please wait for our answer before you write "
                "again."
            )
        self.message_post(
            body=": ".join(filter(None, (label, text))),  # Plain text, which Odoo escapes.
            author_id=author.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        if label and self.state in OPEN_STATES and Contest(self).begin(reason):
            return None
        self._ask_for_attention(
            say(self.env, "question_asked"),
            activity=True,
            kind="question",
        )
        return None

    def _send_new_link(self):
        """Send the customer a new link, to the address that is known of them and no other."""
        lead = self[:1]
        now = fields.Datetime.now()
        if not lead._is_of_its_customer():
            return
        contact = lead._get_page_contact()
        is_recent = lead.link_asked_at and lead.link_asked_at > now - LINK_WAIT
        if is_recent or not is_reachable(contact) or lead.state not in OPEN_STATES:
            return
        self.link_asked_at = now
        lang_lead = lead.with_context(lang=contact.lang or self.env.lang)
        body = self.env["ir.qweb"]._render(
            "revenue_recovery.recovery_page_link_mail",
            {"case": lang_lead, "link": self._get_recovery_link()},
            lang=contact.lang or self.env.lang,
        )
        lang_lead.with_context(
            mail_notify_force_send=False, mail_post_autofollow=False
        ).message_post(
            body=body,
            subject=lang_lead.env._(
                "%(company)s: your new payment link", company=lead.company_id.name
            ),
            author_id=lead.company_id.partner_id.id,
            partner_ids=contact.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            email_layout_xmlid="revenue_recovery.mail_layout",
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _promise(self, day, author=None):
        """Keep the day that the customer promised, and plan the charges anew.

        :param datetime.date day: the last day, in the customer's time zone
        :param author: the `res.partner` who promised; none when a person wrote it down for them
        :return: why it can't be promised, for a person; nothing when it is kept
        """
        self.ensure_one()
        if error := self._get_promise_error(day, author):
            return error
        planned = self.next_attempt_id
        self.write(
            {
                "promise_date": day,
                "promised_at": fields.Datetime.now(),
                "promise_count": self.promise_count + bool(author),
            }
        )
        sentence = self._get_promise_sentence()
        planned._set_state("cancelled", sentence=sentence)
        self._plan_next_charge()
        self._ask_to_follow()
        self.message_post(
            body=sentence,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            **({"author_id": author.id} if author else {}),
        )
        return None

    def _promise_all(self, day, author):
        """Keep the day that the customer promised for all of these cases, or for none of them.

        Where they are many, the job that follows invoices plans their charges, and writes it on
        them: the customer doesn't wait for that.

        :return: why it can't be promised, for the customer; nothing when it is kept
        """
        for case in self:
            if error := case._get_promise_error(day, author):
                return error
        if len(self) <= PROMISES_AT_ONCE:
            for case in self:
                case._promise(day, author)
            return None
        planned = self.next_attempt_id
        values = {"promise_date": day, "promised_at": fields.Datetime.now()}
        for count, cases in self.grouped("promise_count").items():
            cases.write({**values, "promise_count": count + 1})
        sentence = self[0]._get_promise_sentence()
        planned._set_state("cancelled", sentence=sentence)
        self.env["recovery.invoice.queue"]._add(self.move_id)
        self.env["recovery.invoice.queue"]._add_note(self.move_id, sentence)
        return None

    def _get_promise_error(self, day, author):
        if self.state not in OPEN_STATES:
            return self.env._("The case of %(case)s is closed.", case=self.display_name)
        if block := self._get_in_flight_sentence():
            return block
        if self._get_running_part_plan():
            return self.env._("%(case)s is paid in parts.", case=self.display_name)
        if author and self.promise_count:
            return self.env._(
                "A day was promised before. Please write to us if you need more time."
            )
        bounds = self._get_promise_bounds()
        if not bounds:
            return self.env._("No day can be promised any more.")
        if bounds.check_day(day):
            return self.env._(
                "Choose a day from %(first)s to %(last)s.",
                first=format_date(self.env, bounds.first),
                last=format_date(self.env, bounds.last),
            )
        return None

    def _end_promise(self, reason):
        """Forget the promise and plan the charges as if it had not been made."""
        self.ensure_one()
        planned = self.next_attempt_id
        self.promise_date = False
        if planned.source != "user":
            planned._set_state("cancelled", sentence=reason)
        self._plan_next_charge()
        self._ask_to_follow()
        self.message_post(body=reason)

    def _break_promise(self):
        """Tell a person, and automations, that a promised day is over; charges go on."""
        self._follow_invoice()
        end = self._get_promise_end(passed=True)
        if self.state not in OPEN_STATES or not end or end > fields.Datetime.now():
            return
        reason = say(
            self.env,
            "promise_broken",
            day=self.promise_date,
        )
        self.promise_date = False
        self._plan_next_charge()  # Where the charge is planned already, it stays as it is.
        self._ask_to_follow()
        self.message_post(body=reason)
        self._ask_for_attention(reason, kind="promise")
        if self.state in OPEN_STATES:
            self._emit("promise_broken", reason)

    def _ask_to_follow(self):
        """Let the job look at the case anew: notices keep to the promised day, too."""
        self.env["recovery.invoice.queue"]._add(self.move_id)

    def _on_new_method(self):
        """Fill the hook: a promise is kept by another method, too."""
        result = super()._on_new_method()
        self.promise_date = False
        return result

    def _on_parts_agreed(self):
        """Fill the hook: what was promised before is kept by the parts."""
        result = super()._on_parts_agreed()
        self.promise_date = False
        return result

    def _on_closed(self, reason):
        """Fill the hook to let a promise end with its case."""
        result = super()._on_closed(reason)
        self.filtered("promise_date").promise_date = False
        for case in self:
            Contest(case).end()
        return result

    def _get_further_exclusions(self):
        """Fill the hook: what the customer contests is left alone until a person decides."""
        found = [Contest(case).get_exclusion() for case in self]
        return [*super()._get_further_exclusions(), *filter(None, found)]

    # === CRON === #

    @api.model
    def _end_promises(self):
        """Notice the promises that were not kept: a step of the job that follows invoices."""
        # A day ends on different instants around the world: each case looks at its own.
        tomorrow = fields.Date.today() + timedelta(days=1)
        self._work_on_each(
            Domain("promise_date", "<", tomorrow) & Domain("state", "in", OPEN_STATES),
            lambda case: case._break_promise(),
        )

    # === GETTERS === #

    def _get_page_state(self):
        """Return what the page says of this invoice at this instant: a state of `shown.Shown`."""
        self.ensure_one()
        return show(self)[self].state

    def _get_payment_under_way(self):
        """Return the payment that keeps the customer from paying these invoices, if one does."""
        found = find_holding(self)
        # In sudo mode: customers read no transactions of others.
        empty_sudo = self.env["payment.transaction"].sudo()
        return next((found[move] for move in self.move_id if move in found), empty_sudo)

    def _get_failed_payment(self):
        """Return the customer's latest payment of these invoices, if it has just failed."""
        since = fields.Datetime.now() - FAILED_WAIT
        # In sudo mode: the page is for somebody who isn't logged in.
        latest_sudo = (
            self.env["payment.transaction"]
            .sudo()
            .search([("invoice_ids", "in", self.move_id.ids)], order="id desc", limit=1)
        )
        is_failed = (
            latest_sudo.state == "error"
            and latest_sudo.operation != "offline"
            and latest_sudo.last_state_change >= since
        )
        return latest_sudo if is_failed else latest_sudo.browse()

    def _get_page_class(self):
        """Return the class of decline that the page explains; none when nothing is known."""
        classes = set(self.mapped("decline_class"))
        return next((each for each in CLASS_ORDER if each in classes), False)

    def _get_page_reason(self):
        """Return why the payment failed, as the customer is told.

        By class only: what a bank says of fraud, of stolen cards or closed accounts is not for a
        page that anybody with the link can open.
        """
        latest = self.attempt_ids.sorted("id").filtered("finished_at")[-1:]
        if latest.state == "returned":
            return self.env._("Your bank returned the direct debit.")
        if not latest and not self._get_page_class():
            return self.env._("This payment is overdue.")
        if all(case._get_notice_class() == "own" for case in self):
            return self.env._(
                "Your payment did not go through. You can try again, also with another payment "
                "method."
            )
        return self._explain_decline(self._get_page_class())

    def _explain_decline(self, decline_class):
        """Return the neutral sentence of a class of decline."""
        return {
            "later": self.env._("Your bank did not approve the charge. This often passes."),
            "technical": self.env._(
                "A technical problem between us and your bank kept the payment from going through."
            ),
            "fix_data": self.env._(
                "The details of your saved payment method are not up to date any more."
            ),
            "customer_action": self.env._("Your bank asks you to confirm this payment yourself."),
            "never": self.env._(
                "Your saved payment method can't be charged any more. Please use another one."
            ),
            "merchant": self.env._(
                "The payment did not go through, for a reason on our side. You can pay in another "
                "way now, or leave it to us."
            ),
        }.get(decline_class) or self.env._("The payment could not be collected.")

    def _is_method_shut(self, token, amount, history):
        """Return whether a method can't be charged for this case until it changes.

        :param history: of the method, which is long and the same for many cases
        """
        block = MethodChooser(self).find_lasting_block(token, amount, history)
        return bool(block) and block.decline_class in BLOCKING_CLASSES

    def _get_contest_choices(self):
        """Return what the page offers to those who contest an invoice: values and labels."""
        labels = dict(self._fields["contest_reason"]._description_selection(self.env))
        return [(value, labels[value]) for value, _label in REASONS]

    def _get_page_next(self):
        """Return what happens next when the customer does nothing, as they are told."""
        self.ensure_one()
        if contested := Contest(self).explain():
            return contested
        if self.promise_date and self._get_promise_end():
            return self.env._(
                "You promised to pay by %(day)s. We charge nothing until then.",
                day=format_date(self.env, self.promise_date),
            )
        charge = self.state == "in_recovery" and self._get_coming_charge()
        if charge and charge.part_id and self._get_running_part_plan():
            return self.env._(
                "You pay in parts. The next one is charged on %(day)s.",
                day=format_date(self.env, self._get_local_day(charge.planned_at)),
            )
        if charge:
            return self.env._(
                "If you do nothing, we try the saved payment method again on %(day)s.",
                day=format_date(self.env, self._get_local_day(charge.planned_at)),
            )
        return False

    def _may_pay_in_parts(self, author):
        """Return whether this contact may agree on their page to pay the case in parts.

        :param author: the contact who reads the page
        """
        self.ensure_one()
        return not PartOffer(self, author).find_reason()

    def _get_running_part_plans(self):
        """Return the plans by which these cases are paid in parts now."""
        plans = [case._get_running_part_plan() for case in self if case.part_plan_id]
        return self.env["recovery.part.plan"].union(*plans)

    def _get_page_contact(self):
        """Return whom a link is for: the contact of the invoice, as long as they belong to it."""
        self.ensure_one()
        contact = self.move_id.partner_id
        return contact if contact._belongs_to(self.partner_id) else self.partner_id

    def _get_recovery_link(self, notice=None, person=None):
        """Fill the hook: return the absolute URL of the customer's page for these cases.

        :param notice: the `recovery.notice` that carries the link, if one does
        :param person: the contact who gets it; the invoice's when not told
        :return: opens the one case; for several of its customer and company whatever is open of
            theirs when it is opened, the first case leading
        """
        lead = self[:1]
        has_others = any(
            case.partner_id == lead.partner_id and case.company_id == lead.company_id
            for case in self[1:]
        )
        kind = "customer" if has_others else "case"
        link = Link(
            kind,
            tuple(lead.ids),
            (person or lead._get_page_contact()).id,
            notice.id if notice else 0,
            fields.Datetime.now() + LINK_LIFE,
            lead._count_withdrawals(kind),
        )
        return f"{lead.move_id.get_base_url()}{get_page_path(link.sign(self.env))}"

    def _count_withdrawals(self, kind):
        """Return how often links to these cases were withdrawn, for one kind of `links.Link`.

        A link that shows whatever its customer owes ends with any withdrawal of one of their cases.
        """
        if kind != "customer":
            return sum(self.mapped("links_withdrawn"))
        lead = self[:1]
        # In sudo mode: whoever sends a message may not see all cases of its customer.
        [(count,)] = (
            self.env["recovery.case"]
            .sudo()
            .with_context(active_test=False)
            ._read_group(
                [
                    ("partner_id", "=", lead.partner_id.id),
                    ("company_id", "=", lead.company_id.id),
                ],
                aggregates=["links_withdrawn:sum"],
            )
        )
        return count or 0

    def _find_page_cases(self):
        """Return this case, and then what else is open of its customer and company.

        Not of what the customer hears nothing: what waits for the company itself, and what a person
        has excluded from notices.
        """
        self.ensure_one()
        others = self.search(
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("state", "in", OPEN_STATES)
            & Domain("waiting_since", "=", False)
            & (
                Domain("excluded", "not in", ("notices", "both"))
                | Domain("contest_state", "=", "open")
            ),
            order="first_failure_at, id",
        )
        return self | others

    def _get_promised_wait(self):
        """Fill the hook to put charges off until the promised day is over."""
        until = self._get_promise_end()
        if not until:
            return super()._get_promised_wait()
        return Block("promise", self._get_promise_sentence(), until=until)

    def _get_promise_bounds(self):
        """Return the days that may be promised now, or none.

        :rtype: notices.PromiseBounds | None
        """
        self.ensure_one()
        deadline = self.grace_until if self.state == "grace" else self.deadline_at
        return promise_bounds(
            aware(fields.Datetime.now()),
            self._get_promise_place(),
            self.policy_id.promise_days,
            aware(deadline - TIME_LEFT) if deadline else None,
        )

    def _get_promise_end(self, passed=False):
        """Return the naive UTC instant at which the promised day is over, or none.

        :param bool passed: whether to return one that has passed, too
        """
        if not self.promise_date:
            return None
        end = naive(promise_end(self.promise_date, self._get_promise_place()))
        return end if passed or end > fields.Datetime.now() else None

    def _get_promise_place(self):
        partner = self.partner_id.with_company(self.company_id)
        return Place(partner._get_recovery_tz())

    def _get_promise_sentence(self):
        return say(
            self.env,
            "promised",
            day=self.promise_date,
        )
