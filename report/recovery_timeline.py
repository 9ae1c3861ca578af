from odoo import fields, models
from odoo.tools import SQL


class RecoveryTimeline(models.Model):
    """Charges and notices of a case on one calendar, past and planned."""

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
    }

    case_id = fields.Many2one(comodel_name="recovery.case", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    at = fields.Datetime(string="When", readonly=True)
    kind = fields.Selection(selection=[("charge", "Charge"), ("notice", "Notice")], readonly=True)
    state = fields.Selection(
        selection=lambda self: self._get_states(), string="Status", readonly=True
    )
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    method_label = fields.Char(string="Payment Method", readonly=True)
    sentence = fields.Char(string="Explanation", readonly=True)

    @property
    def _table_query(self):
        # Even ids are charges, odd ones notices, so that each line keeps its id.
        return SQL(
            """
            SELECT attempt.id * 2 AS id,
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
            SELECT notice.id * 2 + 1,
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
            """
        )

    def _get_states(self):
        """Return the states of attempts and notices, each once."""
        states = {}
        for model, name in (("recovery.notice", "status"), ("recovery.attempt", "state")):
            states |= dict(self.env[model]._fields[name]._description_selection(self.env))
        return list(states.items())
