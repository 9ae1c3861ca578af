"""The server action that lets the charges of a failing provider wait."""

from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError

KIND = "recovery_pause_provider"


class IrActionsServer(models.Model):
    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=[(KIND, "Recovery: Pause the Provider's Charges")],
        ondelete={KIND: "cascade"},
    )
    recovery_hours = fields.Integer(
        string="Hours",
        default=2,
        help="How long charges of the provider wait. They go out afterwards, and a person can "
        "resume them earlier on the provider.",
    )

    _recovery_hours_positive = models.Constraint(
        "CHECK (recovery_hours > 0)", "A provider is paused for at least one hour."
    )

    # === COMPUTE METHODS === #

    def _recovery_get_models(self):
        """Override to pause providers from their own list, too."""
        names = super()._recovery_get_models()
        return (*names, "payment.provider") if self.state == KIND else names

    # === RUN === #

    def _run_action_recovery_pause_provider_multi(self, eval_context=None):
        """Pause the charges of the providers that the records are about.

        :raise AccessError: for a user who is neither an administrator nor a manager of recovery
        :raise UserError: when no record tells of a provider
        """
        records = eval_context["records"] or eval_context["record"]
        if not (
            self.env.uid == SUPERUSER_ID
            or self.env.user.has_group("revenue_recovery.group_recovery_manager")
            or self.env.user.has_group("base.group_system")
        ):
            raise AccessError(
                self.env._("Only managers of Revenue Recovery pause the charges of a provider.")
            )
        # In sudo mode: providers are for administrators only; whose they are was checked before.
        providers_sudo = self._recovery_get_providers(records.sudo())
        if not providers_sudo:
            raise UserError(self.env._("There is no payment provider to pause."))
        providers_sudo._recovery_pause(
            timedelta(hours=self.recovery_hours), self._recovery_get_reason()
        )
        return False

    @api.model
    def _recovery_get_providers(self, records):
        """Return the providers that records of recovery are about.

        Hook for addons that run the action on models of their own.
        """
        if records._name == "payment.provider":
            return records
        providers = self.env["payment.provider"].sudo()
        for record in records:
            provider = record.provider_id if "provider_id" in record else None
            providers |= (provider or self._recovery_get_record_token(record).provider_id).sudo()
        return providers

    @api.model
    def _recovery_get_record_token(self, record):
        """Return the payment method that a record is about: its own, else the one charged last."""
        if "token_id" in record and record.token_id:
            return record.token_id
        if record._name == "account.move":
            case, move = record.recovery_case_id, record
        else:
            case = record if record._name == "recovery.case" else record.case_id
            move = record.move_id
        return case.token_id or (move and move._get_collect_token()) or self.env["payment.token"]
