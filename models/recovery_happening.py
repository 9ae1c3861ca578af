"""The queue between what sets a rule off and the job that plans its actions."""

from odoo import fields, models


class RecoveryHappening(models.Model):
    """A rule was set off for a record; the job plans its actions.

    Rows are inserted in whatever database transaction changed the record, maybe the one of a
    charge: they refer to nothing, so that the insert waits for nothing and fails for nothing.
    """

    _name = "recovery.happening"
    _description = "Recovery Happening"
    _log_access = False

    automation = fields.Integer(required=True)
    res_model = fields.Char(required=True)
    res_id = fields.Integer(required=True)
    occurred_at = fields.Datetime(required=True)
    key = fields.Char(required=True, help="The same for all rules that one change sets off.")
    state_then = fields.Char(help="The state of the record that set the rule off.")
    is_owed = fields.Boolean(help="Whether somebody still waited for the money then.")
    chain = fields.Char()
    depth = fields.Integer(required=True)
    error = fields.Char(help="Why the rule's condition could not be evaluated.")
