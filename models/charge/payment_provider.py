from datetime import timedelta

from odoo import models
from odoo.exceptions import ValidationError

from ...declines import Certainty, judge_exception

# How long a provider answers the same idempotency key with the same charge, less an hour's
# safety. Only those are listed whose Odoo addon sends a key, and the same body, each time; a
# second request to any other provider would be a second charge.
IDEMPOTENCY_WINDOWS = {
    "stripe": timedelta(hours=23),
    "adyen": timedelta(days=6, hours=23),
    "worldline": timedelta(hours=23),
}


class UnclearAnswer(Exception):
    """A charge was sent and no clear answer came back.

    Not a ``ValidationError``: the providers' addons turn those into the state *error*, which
    would say that nothing was charged.
    """


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _send_api_request(self, method, endpoint, **kwargs):
        """Override of `payment` to tell an unclear answer from a refusal, for our own charges."""
        answer = self.env.context.get("recovery_answer")
        if answer is None:
            return super()._send_api_request(method, endpoint, **kwargs)
        try:
            return super()._send_api_request(method, endpoint, **kwargs)
        except ValidationError as error:
            # `payment` raises inside its own `except`: the original exception is the context.
            answer.certainty, answer.error = judge_exception(error.__context__)
            answer.refusal = str(error)
            if answer.certainty is Certainty.UNCLEAR:
                raise UnclearAnswer(str(error)) from error
            raise
        except Exception:
            # The answer came but could not be read: the charge may well have been made.
            answer.certainty = Certainty.UNCLEAR
            raise

    def _get_idempotency_window(self):
        """Return how long the same charge may be sent again without charging twice, or none.

        Hook for addons of providers that honour idempotency keys.

        :rtype: timedelta | None
        """
        self.ensure_one()
        return IDEMPOTENCY_WINDOWS.get(self._get_code())
