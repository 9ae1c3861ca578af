"""The day until which a customer promised to pay: nothing is charged before it is over."""

from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from ...notices import Place, promise_bounds, promise_end
from ..case.recovery_invoice_queue import FOLLOW
from ..case.states import OPEN_STATES
from ..rules.block import Block

FOLLOW.fill("promises", ("recovery.case", "_end_promises"))

# The case must not end before the charge that follows a promise that was not kept.
TIME_LEFT = timedelta(days=1)


class RecoveryCase(models.Model):
    _inherit = "recovery.case"

    promise_date = fields.Date(
        string="Promised",
        readonly=True,
        copy=False,
        help="The last day, where the customer lives, on which he promised to pay. Nothing is "
        "charged before it is over.",
    )
    promised_at = fields.Datetime(
        string="Promise Made", readonly=True, copy=False, help="When the customer promised."
    )
    promise_count = fields.Integer(
        string="Promises",
        readonly=True,
        copy=False,
        help="Days the customer has promised on his page. He may do so once, unless a person "
        "allows him another time.",
    )

    _promise_idx = models.Index("(promise_date) WHERE promise_date IS NOT NULL")

    # === ACTION METHODS === #

    def action_promise(self):
        """Ask for the day that the customer promised."""
        return self._open_wizard("promise", self.env._("Promised Day"))

    def action_withdraw_promise(self):
        """Forget the promise of these cases; charges go on."""
        reason = self.env._("The promise was withdrawn by %(user)s.", user=self.env.user.name)
        for case_sudo in self._check_may_act().filtered("promise_date"):
            case_sudo._end_promise(reason)
        return True

    def action_allow_promise(self):
        """Let the customers of these cases promise a day once more."""
        self._check_may_act().promise_count = 0
        return True

    # === BUSINESS METHODS === #

    def _promise(self, day, author=None):
        """Keep the day that the customer promised, and plan the charges anew.

        :param datetime.date day: the last day, in the customer's time zone
        :param author: the `res.partner` who promised; none when a person wrote it down for him
        :return: why it can't be promised, for a person; nothing when it is kept
        """
        self.ensure_one()
        block = self._get_promise_refusal(day, author)
        if block:
            return block
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

    def _get_promise_refusal(self, day, author):
        if self.state not in OPEN_STATES:
            return self.env._("The case of %(case)s is closed.", case=self.display_name)
        if block := self._get_in_flight_sentence():
            return block
        if author and self.promise_count:
            return self.env._(
                "A day was promised before. Please write to us if you need more time."
            )
        bounds = self._get_promise_bounds()
        if not bounds:
            return self.env._("No day can be promised any more.")
        if bounds.find_objection(day):
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
        """Tell a person that a promised day is over, and go on with the charges."""
        self._follow_invoice()
        end = self._get_promise_end(passed=True)
        if self.state not in OPEN_STATES or not end or end > fields.Datetime.now():
            return
        reason = self.env._(
            "The customer promised to pay by %(day)s and did not. Charges go on.",
            day=format_date(self.env, self.promise_date),
        )
        self.promise_date = False
        self._plan_next_charge()  # Where the charge is planned already, it stays as it is.
        self._ask_to_follow()
        self.message_post(body=reason)
        self._ask_for_attention(reason)
        self._emit("promise_broken", reason)

    def _ask_to_follow(self):
        """Let the job look at the case anew: notices keep to the promised day, too."""
        self.env["recovery.invoice.queue"]._add(self.move_id)

    def _on_closed(self, reason):
        """Fill the hook: a promise ends with its case."""
        super()._on_closed(reason)
        self.filtered("promise_date").promise_date = False

    def _get_promised_wait(self):
        """Fill the hook: nothing is charged before the promised day is over."""
        until = self._get_promise_end()
        return until and Block("promise", self._get_promise_sentence(), until)

    def _on_new_method(self):
        """Fill the hook: a promise is kept by another method, too."""
        super()._on_new_method()
        self.promise_date = False

    # === CRON === #

    @api.model
    def _end_promises(self):
        """Notice the promises that were not kept."""
        # A day ends on different instants around the world: each case looks at its own.
        tomorrow = fields.Date.today() + timedelta(days=1)
        self._work_on_each(
            Domain("promise_date", "<", tomorrow) & Domain("state", "in", OPEN_STATES),
            "_break_promise",
        )

    # === GETTERS === #

    def _get_promise_bounds(self):
        """Return the days that may be promised now, or none.

        :rtype: timing.notices.PromiseBounds | None
        """
        self.ensure_one()
        deadline = self.grace_until if self.state == "grace" else self.deadline_at
        return promise_bounds(
            fields.Datetime.now().replace(tzinfo=timezone.utc),
            self._get_promise_place(),
            self.policy_id.promise_days,
            (deadline - TIME_LEFT).replace(tzinfo=timezone.utc) if deadline else None,
        )

    def _get_promise_end(self, passed=False):
        """Return the naive UTC instant at which the promised day is over, or none.

        :param bool passed: whether to return one that has passed, too
        """
        if not self.promise_date:
            return None
        end = promise_end(self.promise_date, self._get_promise_place()).replace(tzinfo=None)
        return end if passed or end > fields.Datetime.now() else None

    def _get_promise_place(self):
        partner = self.partner_id.with_company(self.company_id)
        return Place(partner._get_recovery_tz())

    def _get_promise_sentence(self):
        return self.env._(
            "The customer promised to pay by %(day)s.",
            day=format_date(self.env, self.promise_date),
        )
