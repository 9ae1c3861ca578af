from odoo import fields, models
from odoo.tools import SQL


class RecoveryTimeline(models.Model):
    """Charges, notices and actions of rules of a case on one calendar, past and planned."""

    _name = "recovery.timeline"
    _description = "Recovery Timeline"
    _auto = False
    _order = "at, id"
    _depends = {
        "recovery.attempt": [
            "case_id",
            "company_id",
            "state",
            "planned_at",
            "started_at",
            "finished_at",
            "sentence",
            "amount",
            "currency_id",
            "method_label",
        ],
        "recovery.notice": [
            "case_id",
            "company_id",
            "status",
            "planned_at",
            "held_until",
            "sent_at",
            "name",
            "sentence",
        ],
        "recovery.planned.action": [
            "case_id",
            "company_id",
            "state",
            "planned_at",
            "done_at",
            "name",
            "sentence",
        ],
    }

    case_id = fields.Many2one(comodel_name="recovery.case", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    at = fields.Datetime(string="When", readonly=True)
    kind = fields.Selection(
        selection=[("charge", "Charge"), ("notice", "Notice"), ("action", "Action")], readonly=True
    )
    state = fields.Selection(
        selection=lambda self: self._get_states(), string="Status", readonly=True
    )
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    method_label = fields.Char(string="Payment Method", readonly=True)
    sentence = fields.Char(string="Explanation", readonly=True)

    # === ACTION METHODS === #

    def action_cancel(self):
        """Withdraw planned actions, and those of their rules that were to follow."""
        self.check_access("read")
        actions = self.filtered(lambda line: line.kind == "action")
        planned_actions = self.env["recovery.planned.action"].browse(
            line.id // 3 for line in actions
        )
        return planned_actions.action_cancel()

    # === QUERY === #

    @property
    def _table_query(self):
        # The remainder of an id tells the kind, so that each line keeps its id.
        return SQL(
            """
            SELECT attempt.id * 3 AS id,
                   attempt.case_id,
                   attempt.company_id,
                   COALESCE(attempt.started_at, LEAST(attempt.planned_at, attempt.finished_at))
                       AS at,
                   'charge' AS kind,
                   attempt.state,
                   NULLIF(attempt.amount, 0) AS amount,
                   attempt.currency_id,
                   attempt.method_label,
                   attempt.sentence
              FROM recovery_attempt attempt
             WHERE attempt.case_id IS NOT NULL
         UNION ALL
            SELECT notice.id * 3 + 1,
                   notice.case_id,
                   notice.company_id,
                   COALESCE(notice.sent_at, GREATEST(notice.planned_at, notice.held_until)),
                   'notice',
                   notice.status,
                   NULL,
                   NULL,
                   NULL,
                   CASE WHEN notice.name IS NULL THEN notice.sentence
                        ELSE concat(notice.name, ': ', notice.sentence) END
              FROM recovery_notice notice
             WHERE notice.case_id IS NOT NULL
         UNION ALL
            SELECT planned_action.id * 3 + 2,
                   planned_action.case_id,
                   planned_action.company_id,
                   COALESCE(planned_action.done_at, planned_action.planned_at),
                   'action',
                   planned_action.state,
                   NULL,
                   NULL,
                   NULL,
                   concat(planned_action.name, ': ', planned_action.sentence)
              FROM recovery_planned_action planned_action
             WHERE planned_action.case_id IS NOT NULL
            """
        )

    def _get_states(self):
        """Return the states of attempts, notices and actions, each once."""
        states = {}
        for model, name in (
            ("recovery.planned.action", "state"),
            ("recovery.notice", "status"),
            ("recovery.attempt", "state"),
        ):
            states |= dict(self.env[model]._fields[name]._description_selection(self.env))
        return list(states.items())
