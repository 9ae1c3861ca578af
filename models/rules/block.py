# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Why a charge may not go out now: one value, whoever says so."""

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from odoo import models


class Block(NamedTuple):
    """What stands against a charge.

    :ivar kind: what says so: owed, small, disputed, excluded, in_flight, no_method, archived,
        removed, method, provider, fault, pause, backup, card, ceiling, cool_down, hours, promise,
        credit, or that of an addon
    :ivar sentence: for a person, with what to do
    :ivar until: UTC, naive: the instant from which the charge may be looked at again; empty when
        something has to change first
    :ivar rule: the `recovery.network.rule` that it comes from, if it is one
    :ivar decline_class: of the earlier charge that shut the payment method, when that is why
    :ivar reason: the `recovery.decline.reason` of that charge
    :ivar provider: the `payment.provider` that takes no charge for the company's own fault
    :ivar at: UTC, naive: the instant of that charge
    :ivar moot: nothing is owed any more, or nobody wants the charge
    :ivar alert: money may be in the wrong place; a person has to look
    :ivar subject: of that alert: what would answer it; the charge's own by default
    """

    kind: str
    sentence: str
    until: datetime | None = None
    rule: "models.Model | None" = None
    decline_class: str = ""
    reason: "models.Model | None" = None
    at: datetime | None = None
    moot: bool = False
    alert: bool = False
    subject: str = ""
    provider: "models.Model | None" = None
