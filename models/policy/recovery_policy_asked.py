"""The policy that no invoice has: it holds the messages that automations ask for."""

from odoo import models


class RecoveryPolicy(models.Model):
    _inherit = "recovery.policy"

    def _get_asked_step(self, values):
        """Return the step of this policy that stands for a message, a new one when there is none.

        :param dict values: its action and its text, as fields of the step
        """
        self.ensure_one()
        # What is said after the last retry may be that the case is lost; and what somebody asked
        # for gives way to no reminder.
        values = {**values, "trigger": "exhausted", "is_final": True}
        steps = self.with_context(active_test=False).step_ids
        step = steps.filtered(
            lambda step: all(step[field] == value for field, value in _read(step, values).items())
        )
        return step[:1] or steps.create(
            {"name": self._name_asked_step(values), "policy_id": self.id, **values}
        )

    def _name_asked_step(self, values):
        template = self.env["mail.template"].browse(values.get("mail_template_id"))
        sms = self.env["sms.template"].browse(values.get("sms_template_id"))
        return (template or sms).name or self.env._("Message")


def _read(step, values):
    """Return values as a step holds them: records instead of ids."""
    return {
        field: step[field].browse(value) if step._fields[field].relational else value
        for field, value in values.items()
    }
