import logging
from datetime import timedelta

from odoo import api, fields, models

from ...notices import NoticeKey, Stored
from ...tools.instants import aware as _aware
from ...tools.instants import naive as _naive
from ..policy.recovery_policy_step import ACTION_TYPES

_logger = logging.getLogger(__name__)

# A step that somebody adds is not for what has long been over.
STALE = timedelta(days=7)


class RecoveryNotice(models.Model):
    """One step at one occurrence of its trigger: planned, handed over, or skipped with a reason.

    Most are about a case. One before the due date is about an invoice that has none yet, and one
    about an expiring method about the method.
    """

    _name = "recovery.notice"
    _description = "Recovery Notice"
    _order = "planned_at desc, id desc"

    case_id = fields.Many2one(
        comodel_name="recovery.case", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Payment Method",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Customer",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
        help="The company, or the person, that owes the invoice.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    step_id = fields.Many2one(
        comodel_name="recovery.policy.step",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    name = fields.Char(string="Step Name", readonly=True, help="The step as it was called.")
    action_type = fields.Selection(
        selection=ACTION_TYPES, string="Action", default="email", required=True, readonly=True
    )
    life = fields.Integer(
        default=1,
        readonly=True,
        help="How often the case had been opened: a payment taken back begins anew.",
    )
    occurrence = fields.Char(
        default="first",
        required=True,
        readonly=True,
        help="Which event of the step's trigger: the first failure, an attempt, a due date.",
    )
    state = fields.Selection(
        selection=[
            ("planned", "Planned"),
            ("sent", "Handed Over"),
            ("skipped", "Skipped"),
            ("failed", "Failed"),
        ],
        default="planned",
        required=True,
        readonly=True,
        help="Handed Over: to the outgoing queue, or done. Whether it arrived is told by the "
        "status.",
    )
    planned_at = fields.Datetime(string="Planned For", required=True, readonly=True)
    held_until = fields.Datetime(
        readonly=True, copy=False, help="When it is asked again whether it may go out."
    )
    sent_at = fields.Datetime(string="Sent", readonly=True, copy=False)
    sentence = fields.Char(string="Explanation", readonly=True)

    # PostgreSQL keeps what the planner promises: one notice for each key.
    _key_uniq = models.UniqueIndex(
        "(COALESCE(case_id, 0), COALESCE(move_id, 0), COALESCE(token_id, 0), life, step_id, "
        "occurrence) WHERE step_id IS NOT NULL",
        "The step is planned for this already.",
    )
    _due_idx = models.Index(
        "(COALESCE(held_until, planned_at), company_id, partner_id) WHERE state = 'planned'"
    )
    _subject_check = models.Constraint(
        "CHECK(case_id IS NOT NULL OR move_id IS NOT NULL OR token_id IS NOT NULL)",
        "A notice is about a case, an invoice or a payment method.",
    )

    # === COMPUTE METHODS === #

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for notice in self:
            about = notice.move_id.name or notice.partner_id.display_name
            notice.display_name = f"{notice.name or ''} · {about or ''}"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Complete what follows from the case."""
        for vals in vals_list:
            if vals.get("case_id") and not (vals.get("partner_id") and vals.get("move_id")):
                case = self.env["recovery.case"].browse(vals["case_id"])
                vals.setdefault("partner_id", case.partner_id.id)
                vals.setdefault("move_id", case.move_id.id)
                vals.setdefault("company_id", case.company_id.id)
        return super().create(vals_list)

    # === BUSINESS METHODS === #

    def _apply_changes(self, changes, common):
        """Move and skip these notices as the planner asks.

        :param timing.notices.Changes changes: what to do with them
        :param common: values that new ones have in common
        :return: the values of the notices to create
        """
        records = (
            {notice._get_key(): notice for notice in self} if changes.move or changes.skip else {}
        )
        for wanted in changes.move:
            records[wanted.key].write(
                {
                    "planned_at": _naive(wanted.at),
                    "held_until": False,
                    "sentence": self._explain(wanted),
                }
            )
        for key, sentence in changes.skip:
            records[key]._skip(self._render(sentence))
        oldest = _aware(fields.Datetime.now()) - STALE
        return [
            {**common, **self._prepare_vals(wanted)}
            for wanted in changes.create
            if wanted.at >= oldest
        ]

    @api.model
    def _prepare_vals(self, wanted):
        """Return the values of a notice as `timing.notices` plans it."""
        step = self.env["recovery.policy.step"].browse(wanted.key.step)
        return {
            "step_id": step.id,
            "name": step.name,
            "action_type": wanted.step.action,
            "life": wanted.key.life,
            "occurrence": wanted.key.occurrence,
            "planned_at": _naive(wanted.at),
            "sentence": self._explain(wanted),
        }

    def _skip(self, reason):
        """Withdraw planned notices, for a reason."""
        planned = self.filtered(lambda notice: notice.state == "planned")
        planned.write({"state": "skipped", "sentence": reason, "held_until": False})

    def _keep_back(self, until, reason):
        """Keep planned notices back until a naive UTC instant, for a reason."""
        self.write({"held_until": until, "sentence": reason})

    def _fail(self, reason, activity=True):
        """Note why notices could not be sent, and tell a person once."""
        self.write({"state": "failed", "sentence": reason, "held_until": False})
        self.case_id._ask_for_attention(reason, activity=activity)
        for move in self.filtered(lambda notice: not notice.case_id).move_id:
            move._message_log(body=reason)

    # === GETTERS === #

    @api.model
    def _render(self, sentence):
        """Translate a sentence of `timing`, whose terms are exported with the addon's."""
        return self.env["recovery.case"]._render(sentence)

    @api.model
    def _explain(self, wanted):
        """Return why a notice is planned when it is."""
        sentences = filter(None, (wanted.sentence, wanted.moved))
        return " ".join(self._render(sentence) for sentence in sentences)

    def _get_fact_key(self):
        """Return what the notice is about, as the facts of `timing.notices` are keyed."""
        self.ensure_one()
        if self.case_id:
            return self.case_id.id
        if self.token_id:
            return f"customer {self.partner_id.id}"
        return f"invoice {self.move_id.id}"

    def _get_key(self):
        """Return what `timing.notices` knows the notice by."""
        return NoticeKey(self._get_fact_key(), self.life, self.step_id.id, self.occurrence)

    def _get_stored(self):
        """Return these notices as `timing.notices` compares them."""
        return [
            Stored(notice._get_key(), _aware(notice.planned_at), notice.state == "planned")
            for notice in self
        ]

    def _get_subject(self):
        """Return the record that the step's text and action are about."""
        self.ensure_one()
        model = self.step_id.subject_model
        if model == "account.move":
            return self.move_id
        return self.token_id if model == "payment.token" else self.case_id
