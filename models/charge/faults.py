# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The company's own faults with a provider: which charges they keep from going out, and until when.

Nothing is stored of them but the declines. A decline of the class `merchant` counts until somebody
says that the provider was mended (the charge must have begun before that), or until a charge of the
kind that it concerns has been paid. What a customer typed into a form concerns their invoice only:
nobody may stop the charges of others.
"""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from odoo.tools import SQL

from ..case.states import CHARGING_STATES

if TYPE_CHECKING:
    from odoo import models

# Of a decline (`failed`), whether it still counts at its provider.
_COUNTS = SQL(
    """
    failed.recovery_decline ->> 'decline_class' = 'merchant'
    AND (provider.recovery_mended_at IS NULL
         OR CASE WHEN failed.state = 'done'  -- The bank took it back, long after it began.
                 THEN (failed.recovery_decline ->> 'at')::timestamptz AT TIME ZONE 'UTC'
                 ELSE COALESCE(failed.recovery_begun_at, failed.last_state_change)
            END >= provider.recovery_mended_at)
    """
)
_CONCERNS = SQL(
    """
    CASE WHEN failed.token_id IS NULL THEN 'charge' ELSE COALESCE(reason.concerns, 'charge') END
    """
)
# Whether a charge that began after a decline, and was paid, shows that its trouble is over.
_IS_OVER = SQL(
    """
    EXISTS (
        SELECT FROM payment_transaction paid
     LEFT JOIN payment_token paid_token ON paid_token.id = paid.token_id
         WHERE paid.provider_id = failed.provider_id
           AND paid.state = 'done'
           AND paid.recovery_decline IS NULL
           AND paid.token_id IS NOT NULL
           AND paid.operation IN ('offline', 'online_token')
           AND paid.recovery_begun_at
               > (failed.recovery_decline ->> 'at')::timestamptz AT TIME ZONE 'UTC'
           AND CASE %(concerns)s
               WHEN 'provider' THEN TRUE
               WHEN 'currency' THEN paid.currency_id = failed.currency_id
               WHEN 'method' THEN paid.payment_method_id = failed.payment_method_id
                    AND paid_token.recovery_network IS NOT DISTINCT FROM token.recovery_network
               WHEN 'smaller' THEN paid.currency_id = failed.currency_id
                    AND paid.amount <= failed.amount
               WHEN 'larger' THEN paid.currency_id = failed.currency_id
                    AND paid.amount >= failed.amount
               ELSE FALSE END)
    """,
    concerns=_CONCERNS,
)
# Whether anybody still waits for an end of what concerns single amounts and invoices.
_IS_OWED = SQL(
    """
    (%(concerns)s NOT IN ('charge', 'smaller', 'larger') OR EXISTS (
        SELECT FROM account_invoice_transaction_rel rel
          JOIN account_move move ON move.id = rel.invoice_id
         WHERE rel.transaction_id = failed.id
           AND move.state = 'posted'
           AND move.payment_state IN ('not_paid', 'partial'))
     OR EXISTS (SELECT FROM recovery_case
                 WHERE waiting_provider_id = failed.provider_id AND state IN %(charging)s)
     OR EXISTS (SELECT FROM recovery_attempt
                 WHERE waiting_provider_id = failed.provider_id AND state = 'planned'))
    """,
    concerns=_CONCERNS,
    charging=CHARGING_STATES,
)


class Fault(NamedTuple):
    """Something of the company's own that keeps a provider from taking charges.

    :ivar concerns: which charges, one of `declines.taxonomy.CONCERNS`
    :ivar reason: the `recovery.decline.reason`
    :ivar message: the provider's own words, if any
    :ivar at: naive UTC: when the provider said so
    """

    concerns: str
    reason: "models.Model"
    message: str
    at: datetime


class Faults:
    """The faults of one provider that are not mended.

    :param provider_sudo: a `payment.provider`, in sudo mode: they are for administrators only
    """

    def __init__(self, provider_sudo):
        self._provider_sudo = provider_sudo
        self._env = provider_sudo.env

    def find(self, token, move, amount):
        """Return what keeps a method from being charged an amount of an invoice now, or none.

        :param amount: in the invoice's currency
        :rtype: Fault | None
        """
        concerned = SQL(
            """
            CASE %(concerns)s
            WHEN 'provider' THEN TRUE
            WHEN 'currency' THEN failed.currency_id = %(currency)s
            WHEN 'method' THEN failed.token_id = %(token)s
                 OR failed.payment_method_id = %(method)s
                    AND COALESCE(token.recovery_network, '') = %(network)s
                    -- Cards whose network nobody tells may be of any.
                    AND (%(network)s != '' OR %(method_code)s != 'card')
            WHEN 'smaller' THEN failed.currency_id = %(currency)s AND failed.amount >= %(amount)s
            WHEN 'larger' THEN failed.currency_id = %(currency)s AND failed.amount <= %(amount)s
            ELSE EXISTS (SELECT FROM account_invoice_transaction_rel rel
                          WHERE rel.transaction_id = failed.id AND rel.invoice_id = %(move)s)
            END
            """,
            concerns=_CONCERNS,
            currency=move.currency_id.id,
            token=token.id,
            method=token.payment_method_id.id,
            method_code=token.payment_method_id.sudo().code or "",
            network=token.sudo().recovery_network or "",
            amount=amount,
            move=move.id,
        )
        return next(iter(self._read(concerned, limit=1)), None)

    def list(self):
        """Return what is to be told: the widest first, of those the latest.

        :rtype: list[Fault]
        """
        return self._read(_IS_OWED, limit=20)

    def _read(self, condition, limit):
        flush(self._env)
        rows = self._env.execute_query(
            SQL(
                """
                SELECT %(concerns)s, failed.recovery_reason_id,
                       failed.recovery_decline ->> 'message',
                       (failed.recovery_decline ->> 'at')::timestamptz AT TIME ZONE 'UTC' AS at
                  FROM payment_transaction failed
                  JOIN payment_provider provider ON provider.id = failed.provider_id
             LEFT JOIN recovery_decline_reason reason ON reason.id = failed.recovery_reason_id
             LEFT JOIN payment_token token ON token.id = failed.token_id
                 WHERE failed.provider_id = %(provider)s
                   AND %(counts)s AND %(condition)s AND NOT %(is_over)s
              ORDER BY %(concerns)s != 'provider', at DESC, failed.id DESC LIMIT %(limit)s
                """,
                concerns=_CONCERNS,
                provider=self._provider_sudo.id,
                counts=_COUNTS,
                condition=condition,
                is_over=_IS_OVER,
                limit=limit,
            )
        )
        reasons_sudo = self._env["recovery.decline.reason"].sudo()
        return [
            Fault(concerns, reasons_sudo.browse(reason_id), message or "", at)
            for concerns, reason_id, message, at in rows
        ]


def find_suspects(env):
    """Return the ids of the providers that have faults, be they over, or something waiting."""
    flush(env)
    rows = env.execute_query(
        SQL(
            """
            SELECT failed.provider_id
              FROM payment_transaction failed
              JOIN payment_provider provider ON provider.id = failed.provider_id
             WHERE %(counts)s
             UNION SELECT waiting_provider_id FROM recovery_case
                    WHERE waiting_provider_id IS NOT NULL AND state IN %(charging)s
             UNION SELECT waiting_provider_id FROM recovery_attempt
                    WHERE waiting_provider_id IS NOT NULL AND state = 'planned'
             UNION SELECT res_id FROM mail_activity
                    WHERE recovery_subject LIKE 'fault:%%' AND active
          ORDER BY 1
            """,
            counts=_COUNTS,
            charging=CHARGING_STATES,
        )
    )
    return [provider_id for (provider_id,) in rows]


def flush(env):
    """Write what is pending of what the queries read."""
    env["payment.transaction"].flush_model(
        [
            "amount",
            "currency_id",
            "invoice_ids",
            "last_state_change",
            "payment_method_id",
            "recovery_begun_at",
            "recovery_decline",
            "recovery_reason_id",
            "state",
            "token_id",
        ]
    )
    env["payment.token"].flush_model(["recovery_network"])
    env["payment.provider"].flush_model(["recovery_mended_at"])
    env["recovery.decline.reason"].flush_model(["concerns"])
    env["account.move"].flush_model(["state", "payment_state"])
    env["recovery.case"].flush_model(["waiting_provider_id", "state"])
    env["recovery.attempt"].flush_model(["waiting_provider_id", "state"])
