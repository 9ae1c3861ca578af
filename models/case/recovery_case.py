import logging

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .recovery_attempt import IN_FLIGHT

_logger = logging.getLogger(__name__)

OPEN_STATES = ("in_recovery", "paused", "suspended", "grace")
CHARGING_STATES = ("in_recovery", "grace")
# Which state a case may go to. A closed case opens again when its payment is taken back, and a
# late payment still recovers a lost one.
TRANSITIONS = {
    "in_recovery": {"paused", "suspended", "grace", "recovered", "lost", "cancelled"},
    "paused": {"in_recovery", "suspended", "grace", "recovered", "lost", "cancelled"},
    "suspended": {"in_recovery", "grace", "recovered", "lost", "cancelled"},
    "grace": {"in_recovery", "paused", "suspended", "recovered", "lost", "cancelled"},
    "recovered": {"in_recovery", "cancelled"},
    "lost": {"recovered", "cancelled"},
    "cancelled": {"in_recovery"},
}


class RecoveryCase(models.Model):
    """One invoice being recovered, from its first failed charge to the end."""

    _name = "recovery.case"
    _description = "Recovery Case"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "first_failure_at desc, id desc"
    _check_company_auto = True

    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        help="The company, or the person, that owes the invoice.",
    )
    policy_id = fields.Many2one(
        comodel_name="recovery.policy",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        tracking=True,
    )
    state = fields.Selection(
        selection=[
            ("in_recovery", "In Recovery"),
            ("paused", "Paused"),
            ("suspended", "Suspended"),
            ("grace", "Grace"),
            ("recovered", "Recovered"),
            ("lost", "Lost"),
            ("cancelled", "Cancelled"),
        ],
        default="in_recovery",
        required=True,
        readonly=True,
        index=True,
        copy=False,
        help="Paused: by a person, charges and notices wait.\n"
        "Suspended: the invoice is a draft, blocked or excluded from follow-ups; the case goes on "
        "when that ends.\n"
        "Grace: all retries are used up; the end action is still to come.\n"
        "Lost: the end action has run; a late payment still recovers the case.\n"
        "Cancelled: the invoice was cancelled or credited, so there is nothing to recover.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Responsible", tracking=True, index="btree_not_null"
    )
    tag_ids = fields.Many2many(comodel_name="recovery.case.tag", string="Tags")
    attention = fields.Char(
        string="Needs Attention",
        readonly=True,
        copy=False,
        help="What a person has to look at; empty when the case runs by itself.",
    )
    ladder = fields.Json(
        readonly=True,
        copy=False,
        help="The retry schedule, as the policy had it when the case opened.",
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    failed_amount = fields.Monetary(
        readonly=True, help="The amount of the first charge that failed."
    )
    settled_before = fields.Monetary(
        readonly=True, help="What had been paid on the invoice when the case opened."
    )
    recovered_amount = fields.Monetary(
        readonly=True, copy=False, help="What has been paid since the case opened."
    )
    amount_owed = fields.Monetary(
        compute="_compute_amount_owed", help="What is open now of the instalments in recovery."
    )
    due_date = fields.Date(
        required=True, readonly=True, help="Instalments due up to this date are recovered."
    )
    first_attempt_id = fields.Many2one(
        comodel_name="recovery.attempt",
        string="First Charge",
        readonly=True,
        copy=False,
        help="The failed charge that opened the case; empty when somebody else had started it.",
    )
    first_failure_at = fields.Datetime(string="First Failure", required=True, readonly=True)
    deadline_at = fields.Datetime(
        string="Retries Until",
        readonly=True,
        copy=False,
        help="The end of the policy's window: no automatic charge lies after it.",
    )
    paused_until = fields.Date(
        readonly=True, copy=False, help="The case goes on by itself on this day."
    )
    grace_until = fields.Datetime(
        readonly=True, copy=False, help="When the policy's end action runs."
    )
    closed_at = fields.Datetime(string="Closed", readonly=True, copy=False)
    channel = fields.Selection(
        selection=[
            ("retry", "Retry"),
            ("notice", "Link in a notice"),
            ("portal", "Customer portal"),
            ("bank_transfer", "Bank transfer"),
            ("manual", "Recorded payment"),
        ],
        string="Recovered By",
        readonly=True,
        copy=False,
        help="How the last payment came in. Link in a notice: the customer paid without logging "
        "in after a notice was sent.",
    )
    end_reason = fields.Char(readonly=True, copy=False, help="Why the case is in its state.")
    token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Failed Method",
        readonly=True,
        ondelete="set null",
        help="The payment method of the failed charge, when the company made it. It is used when "
        "neither the invoice nor the customer names another one.",
    )
    write_off_move_id = fields.Many2one(
        comodel_name="account.move", string="Write-Off Entry", readonly=True, copy=False
    )
    attempt_ids = fields.One2many(comodel_name="recovery.attempt", inverse_name="case_id")
    notice_ids = fields.One2many(comodel_name="recovery.notice", inverse_name="case_id")
    timeline_ids = fields.One2many(comodel_name="recovery.timeline", inverse_name="case_id")
    attempt_count = fields.Integer(
        compute="_compute_attempts", help="Charges sent to the provider, the first one included."
    )
    next_attempt_id = fields.Many2one(
        comodel_name="recovery.attempt", compute="_compute_attempts", string="Planned Charge"
    )
    next_attempt_at = fields.Datetime(
        compute="_compute_attempts", search="_search_next_attempt_at", string="Next Attempt"
    )
    next_attempt_sentence = fields.Char(
        compute="_compute_attempts", string="Why Then", help="Why the next charge is planned so."
    )
    next_attempt_rule_id = fields.Many2one(
        comodel_name="recovery.network.rule",
        compute="_compute_attempts",
        string="Bound By",
        help="The network's rule that put the next charge off.",
    )
    in_flight_state = fields.Selection(
        selection=[("running", "Running"), ("unknown", "Unknown"), ("pending", "Pending")],
        compute="_compute_attempts",
    )
    method_label = fields.Char(
        string="Payment Method",
        compute="_compute_method_label",
        help="The saved payment method that the next attempt charges.",
    )
    active = fields.Boolean(default=True)

    # Closed cases stay; an invoice whose next instalment fails gets another one.
    _open_uniq = models.UniqueIndex(
        "(move_id) WHERE state IN ('in_recovery', 'paused', 'suspended', 'grace')",
        "The invoice is in recovery already.",
    )
    _deadline_idx = models.Index("(deadline_at) WHERE state = 'in_recovery'")
    _grace_idx = models.Index("(grace_until) WHERE state = 'grace'")
    _paused_idx = models.Index("(paused_until) WHERE state = 'paused'")

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_display_name(self):
        for case in self:
            case.display_name = case.move_id.name or case.move_id.display_name

    @api.depends("move_id.amount_residual", "due_date")
    def _compute_amount_owed(self):
        for case in self:
            case.amount_owed = case._get_owed()

    @api.depends("attempt_ids.state", "attempt_ids.planned_at")
    def _compute_attempts(self):
        for case in self:
            attempts = case.attempt_ids
            case.attempt_count = len(attempts.filtered("transaction_id"))
            case.next_attempt_id = attempts.filtered(lambda attempt: attempt.state == "planned")[:1]
            case.next_attempt_at = case.next_attempt_id.planned_at
            case.next_attempt_sentence = case.next_attempt_id.sentence
            case.next_attempt_rule_id = case.next_attempt_id.rule_id
            in_flight = attempts.filtered(lambda attempt: attempt.state in IN_FLIGHT)
            case.in_flight_state = in_flight[:1].state

    def _search_next_attempt_at(self, operator, value):
        domain = [("state", "=", "planned"), ("planned_at", operator, value)]
        return [("attempt_ids", "any", domain)]

    @api.depends("move_id.collect_token_id", "partner_id", "token_id", "attempt_ids.state")
    def _compute_method_label(self):
        for case in self:
            token = case.next_attempt_id.token_id or case._get_default_token()
            case.method_label = token._recovery_get_label() if token else False

    # === CRUD METHODS === #

    def write(self, vals):
        """Keep what the engine writes from everybody else, RPC included."""
        engine_fields = sorted(name for name in vals if self._fields[name].readonly)
        if engine_fields and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(fields)s can't be edited: use the buttons of the case.",
                    fields=", ".join(self._fields[name].string for name in engine_fields),
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_evidence(self):
        if self.attempt_ids.transaction_id:
            raise UserError(self.env._("A case with charges can't be deleted: archive it instead."))

    # === BUSINESS METHODS === #

    def _set_state(self, target, reason=None, **values):
        """Move the cases to a state, where :data:`TRANSITIONS` allow it.

        :param str reason: the sentence that explains it
        :param values: further fields to write with the state
        :return: the cases that changed
        """
        changed = self.browse()
        for case in self:
            if target in TRANSITIONS[case.state]:
                changed |= case
            elif case.state != target:
                _logger.warning(
                    "Refused to move case %s from %s to %s", case.id, case.state, target
                )
        if changed:
            values["notices_outdated"] = True
            changed.write({"state": target, "end_reason": reason, **values})
        return changed

    def _ask_for_attention(self, sentence, activity=False):
        """Put these cases on the list of those that need a person; schedule one activity at most.

        :param bool activity: whether it is urgent enough for a to-do of somebody
        """
        for case in self.filtered(lambda case: case.attention != sentence):
            case.attention = sentence
            if activity:
                case._schedule_activity(sentence)

    def _schedule_activity(self, sentence):
        self.ensure_one()
        user = self.user_id or self.move_id.invoice_user_id
        if not user.active or user.share:
            user = self.env.ref("base.user_admin")
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Recovery needs attention"),
            note=escape(sentence),
            user_id=user.id,
        )

    def _clear_attention(self):
        """Take these cases off the list of those that need a person."""
        cases = self.filtered("attention")
        cases.attention = False
        cases.activity_unlink(["mail.mail_activity_data_todo"])

    def _is_charging(self):
        """Tell whether charges of this case may go out."""
        self.ensure_one()
        return self.state in CHARGING_STATES
