"""What went wrong with a rule is told once, and forgotten when it works again."""

from markupsafe import escape

from odoo import models


class BaseAutomation(models.Model):
    _inherit = "base.automation"

    def _recovery_tell_error(self, planned_action):
        """Keep what went wrong with the rule; tell administrators unless they know of an error.

        :param planned_action: the `recovery.planned.action` that failed
        """
        if not self:
            return  # The rule is gone, and its error with it.
        is_news = not self.recovery_error
        self.recovery_error = f"{planned_action.name}: {planned_action.sentence}"
        if not is_news:
            return
        self.message_post(body=self.recovery_error)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("An automation rule failed"),
            note=escape(self.recovery_error),
            user_id=self.env.ref("base.user_admin").id,
        )

    def _recovery_clear_error(self):
        """Forget the last error: the rule has just done an action."""
        self.recovery_error = False
        self.activity_unlink(["mail.mail_activity_data_todo"])
