# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What Odoo's series do in different ways: calls into payment and accounting, and their states.

Whatever of that is called goes through here, so that a branch for another series changes this file
and the overrides that `docs/odoo20.md` lists. Each function says what 20.0 does in place of it.

What people and the engine ask of a payment is a meaning (its money is there, it went back), not a
state: 20.0 has given the states other names.
"""

_POST_PROCESSING = "payment.cron_post_process_payment_tx"
# The states of an `account.payment`, in the words of this series.
_BOOKED, _MATCHED = "in_process", "paid"
REJECTED = "rejected"

# Its money is there: it was booked, whether a bank statement has shown it or not.
ARRIVED_STATES = (_BOOKED, _MATCHED)
# Its money did not come, or went back.
GONE_STATES = (REJECTED, "canceled")


# === Payment === #


def charge(transaction):
    """Charge the saved method of a transaction, now; its state afterwards is the provider's answer.

    20.0: the same call sends the charge, but only records the answer as `payment.data`. The
    transaction stays in `draft` until the job has processed it. A branch for 20.0 processes the
    recorded data of this one transaction before it returns, as `process` does.
    """
    transaction._charge_with_token()


def process(transaction, payment_data):
    """Bring a transaction to the state that payment data of its provider tell of.

    20.0: `_process` takes the data only, and what it writes is refused without the context's
    `payment_safe_write`: a promise that the transaction, and the one it comes from, are locked.
    """
    transaction._process(transaction.provider_code, payment_data)


def set_state(transaction, state, message=None, further=()):
    """Put a transaction into a state by Odoo's own setter, which refuses what must not follow.

    20.0: the same setters, under the same promise as `process`.

    :param str state: done, pending, canceled or error
    :param further: states beside the usual ones from which it may come
    """
    setter = getattr(transaction, f"_set_{state}")
    options = {"extra_allowed_states": tuple(further)} if further else {}
    setter(**({"state_message": message} if message is not None else {}), **options)


def post_process(transactions):
    """Book transactions: payments, reconciliation, notes.

    20.0: the job that processes payment data does this behind each of them, under a lock
    (`_post_process_with_lock`); one that is done already is left alone.
    """
    transactions._post_process()


def book_soon(env):
    """Wake Odoo's own job that books.

    20.0: the job is called `payment.post_processing_cron`.
    """
    env.ref(_POST_PROCESSING).sudo()._trigger()


# === Accounting === #


def has_arrived(payment):
    """Return whether the money of an `account.payment` is there."""
    return payment.state in ARRIVED_STATES


def was_booked(payment):
    """Return whether a payment is booked, or was until the bank took it back."""
    return has_arrived(payment) or payment.state == REJECTED


def is_rejected(payment):
    """Return whether the bank took the money of a payment back."""
    return payment.state == REJECTED


def reject(payment):
    """Let a payment count no more."""
    payment.state = REJECTED


def restore(payment):
    """Let a payment count again that was rejected.

    20.0: *In Process* is *Paid*, and what is *Paid* here is *Reconciled* there.
    """
    payment.state = _MATCHED if payment.is_matched else _BOOKED
