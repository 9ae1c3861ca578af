from odoo import models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def write(self, vals):
        """Override of `mail` to let notices follow what the queue says of their messages."""
        result = super().write(vals)
        if "notification_status" in vals:
            # In sudo mode: who sends mail, or learns of a bounce, needn't be an accountant.
            self.env["recovery.notice"].sudo()._follow_delivery(self.mail_message_id)
        return result
