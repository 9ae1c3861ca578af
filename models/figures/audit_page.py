# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What an audit says, in the words of whoever reads it."""

from odoo.tools import format_amount, format_date, format_datetime

# Reasons that are shown, the commonest by amount.
SHOWN_REASONS = 12
_BACK = ("customer", "other", "retry")


class AuditPage:
    """The page of one audit, for the screen and for paper."""

    def __init__(self, audit):
        self.audit = audit
        self.env = audit.env
        self.result = audit.result or {}
        self.file = self.result.get("file")
        name = self.file and self.file["currency"]
        currencies = self.env["res.currency"].with_context(active_test=False)
        self.currency = (
            name and currencies.search([("name", "=", name)], limit=1)
        ) or audit.company_id.currency_id

    def get_values(self):
        """Return what the template `recovery_audit_page` shows: words and rows of words."""
        return {
            "company": self.audit.company_id.sudo().name,
            "introduction": self._introduce(),
            "file_notes": self._describe_file() if self.file else [],
            "tiles": self._get_tiles(),
            "reasons": self._get_reasons(),
            "reasons_note": self._describe_reasons(),
            "back": self._get_back(),
            "waste": self._get_waste(),
            "cards": self._describe_cards(),
            "prospects": [self._prepare_prospect(one) for one in self.result["prospects"]],
            "basis": self._describe_basis(),
            "suggestion": self._suggest(),
            "is_empty": not self.result["failed"][0],
        }

    # Words

    def _amount(self, amount):
        return format_amount(self.env, amount, self.currency)

    def _share(self, share):
        return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"

    def _introduce(self):
        audit = self.audit
        values = {
            "start": format_date(self.env, audit.date_from),
            "end": format_date(self.env, audit.date_to),
            "at": format_datetime(self.env, audit.made_at),
        }
        if self.file:
            names = {
                "stripe": self.env._("Stripe's payments"),
                "adyen": self.env._("Adyen's payment report"),
                "adyen_settlement": self.env._("Adyen's settlement details"),
            }
            return self.env._(
                "%(file)s, %(format)s, payments from %(start)s to %(end)s, read on %(at)s.",
                file=audit.file_name or self.env._("File"),
                format=names[self.file["format"]],
                **values,
            )
        count, failed = self.result["payments"]
        return self.env._(
            "Payments of this database from %(start)s to %(end)s, read on %(at)s: %(count)s of "
            "them, of which %(failed)s failed. Invoices with a recovery case are left out: the "
            "dashboard tells of them.",
            count=count,
            failed=failed,
            **values,
        )

    def _describe_file(self):
        """Return a sentence for each thing to know of how the file was read."""
        file, say = self.file, self.env._
        notes = [
            say(
                "%(rows)s rows: %(payments)s payments, of which %(paid)s were paid; %(others)s "
                "rows tell of something else.",
                rows=file["rows"],
                payments=file["payments"],
                paid=file["paid"],
                others=file["others"],
            )
        ]
        if file["unread"]:
            notes.append(
                say(
                    "Rows that could not be read, and are not counted: %(count)s, the first of "
                    "them %(rows)s.",
                    count=file["unread"],
                    rows=", ".join(map(str, file["unread_rows"])),
                )
            )
        if file["twice"]:
            notes.append(say("%(count)s payments are in it twice.", count=file["twice"]))
        if file["foreign"]:
            notes.append(
                say(
                    "%(count)s payments in other currencies than %(currency)s are left out.",
                    count=file["foreign"],
                    currency=file["currency"],
                )
            )
        if file["known"]:
            notes.append(
                say(
                    "%(count)s payments are in this database, too, and are left out: the audit of "
                    "the database counts them.",
                    count=file["known"],
                )
            )
        if not file["lists_failures"]:
            notes.append(
                say(
                    "Settlement details list what was paid only: nothing can be told of payments "
                    "that failed. Take the payment accounting report, or the received payment "
                    "details."
                )
            )
        return notes

    def _get_tiles(self):
        back, result = self.result["back"], self.result
        by_itself = [sum(back.get(way, (0, 0))[part] for way in _BACK[:2]) for part in (0, 1)]
        rows = (
            (self.env._("Failed"), result["failed"]),
            (self.env._("Came back by itself"), by_itself),
            (self.env._("Came back when charged again"), back.get("retry", (0, 0.0))),
            (self.env._("Still owed"), result["owed"]),
        )
        return [
            {
                "label": label,
                "amount": self._amount(amount),
                "count": self.env._("1 payment")
                if count == 1
                else self.env._("%(count)s payments", count=count),
            }
            for label, (count, amount) in rows
        ]

    def _get_reasons(self):
        reasons = self.env["recovery.decline.reason"].sudo()
        classes = dict(reasons._fields["decline_class"]._description_selection(self.env))
        rows = [
            {
                "name": reasons._find(name).name or name,
                "class": classes.get(decline_class, decline_class),
                "count": count,
                "amount": self._amount(amount),
            }
            for decline_class, name, count, amount in self.result["reasons"][:SHOWN_REASONS]
        ]
        rest = self.result["reasons"][SHOWN_REASONS:]
        if rest:
            rows.append(
                {
                    "name": self.env._("Other reasons"),
                    "class": "",
                    "count": sum(row[2] for row in rest),
                    "amount": self._amount(sum(row[3] for row in rest)),
                }
            )
        return rows

    def _describe_reasons(self):
        (failed, _all), (known, _known), (readable, _amount) = (
            self.result[name] for name in ("failed", "known", "readable")
        )
        return self.env._(
            "A reason could be read for %(readable)s of %(failed)s; %(silent)s only say that the "
            "payment was declined, and of %(unread)s nothing could be read.",
            readable=readable,
            failed=failed,
            silent=known - readable,
            unread=failed - known,
        )

    def _get_back(self):
        names = {
            "customer": self.env._("The customer paid online by themselves"),
            "other": self.env._("Paid another way, as by bank transfer"),
            "retry": self.env._("A saved method was charged again"),
        }
        back = self.result["back"]
        return [
            {"name": names[way], "count": back[way][0], "amount": self._amount(back[way][1])}
            for way in _BACK
            if way in back
        ]

    def _get_waste(self):
        """Return a row for each kind of charge that should not have been made."""
        rows = []
        count, amount = self.result["dead"]
        if count:
            name = self.env._("Charged again although the card had been refused for good")
            rows.append({"name": name, "count": count, "amount": self._amount(amount)})
        for rule, count, amount in self.result["beyond"]:
            name = self.env._("Against a rule: %(rule)s", rule=rule)
            rows.append({"name": name, "count": count, "amount": self._amount(amount)})
        return rows

    def _describe_cards(self):
        if "cards" not in self.result:
            return False
        count, amount = self.result["cards"]
        if not count:
            return self.env._(
                "No overdue invoice belongs to a customer with a saved method that paid last."
            )
        return self.env._(
            "%(count)s overdue invoices, of which %(amount)s is owed, belong to customers with a "
            "saved method that paid when it was last charged. Charge only those who agreed to it.",
            count=count,
            amount=self._amount(amount),
        )

    def _prepare_prospect(self, one):
        basis = self.result["basis"]
        row = {
            "name": one["name"],
            "schedule": self.env._(
                "%(tries)s tries in %(days)s days", tries=one["tries"], days=f"{one['days']:g}"
            ),
            "doubt": self._describe_doubt(one["why"], one),
            "is_smart": one["smart"],
            "is_suggested": one["policy"] == self.result.get("suggested"),
        }
        if one["why"]:
            return row
        amount = basis["amount"]
        return {
            **row,
            "share": self._share(one["share"]),
            "low": self._share(one["low"]),
            "high": self._share(one["high"]),
            "amount": self._amount(one["share"] * amount),
            "more": self._amount(one["share"] * amount - basis["back"]),
            "more_low": self._amount(one["low"] * amount - basis["back"]),
            "more_high": self._amount(one["high"] * amount - basis["back"]),
        }

    def _describe_doubt(self, why, one=None):
        if not why:
            return False
        say = self.env._
        if why == "wide":
            return say(
                "Can't tell: anything between %(low)s and %(high)s would fit what was seen.",
                low=self._share(one["low"]),
                high=self._share(one["high"]),
            )
        return {
            "few": say("Can't tell: too few payments failed that charging again could bring back."),
            "unread": say("Can't tell: the reasons of most failures can't be read."),
            "no_retries": say(
                "Can't tell: hardly any failed payment was charged again, so nothing shows how "
                "these customers answer."
            ),
        }[why]

    def _describe_basis(self):
        basis = self.result["basis"]
        if "sampled" not in basis:
            return self._describe_doubt(basis["why"])
        return self.env._(
            "Payments that failed up to %(until)s, could heal by waiting and had a saved method: "
            "%(count)s, worth %(amount)s, of which %(back)s came back as things were. Looked at "
            "one by one: %(sampled)s. Charges that had been made again: %(retries)s; %(seen)s of "
            "them succeeded, where %(expected)s were expected.",
            count=basis["count"],
            until=format_date(self.env, basis["until"]),
            amount=self._amount(basis["amount"]),
            back=self._amount(basis["back"]),
            sampled=basis["sampled"],
            retries=basis["retries"],
            seen=self._share(basis["seen"]),
            expected=self._share(basis["expected"]),
        )

    def _suggest(self):
        policy = self.audit.suggested_policy_id.sudo()
        if not policy:
            return self.env._("No policy is suggested: what they would bring can't be told.")
        return self.env._(
            "Suggested: “%(policy)s”, the shortest of those that would have brought back about as "
            "much as the best.",
            policy=policy.name,
        )


def describe_refusal(env, why):
    """Return why a file is refused, and what to do.

    :param why: one of `audit.exports.REFUSALS`
    """
    return {
        "empty": env._("The file is empty."),
        "large": env._(
            "The file is too large: at most 100 MB and a million rows are read. Export a shorter "
            "time."
        ),
        "binary": env._("This is no CSV file. Choose CSV, not Excel or PDF, when you export."),
        "encoding": env._("The file is not written in UTF-8. Save it as CSV in UTF-8."),
        "table": env._("This is no table: its first row must hold the names of the columns."),
        "unknown": env._(
            "These columns are not those of an export that can be read. Take Stripe's export of "
            "payments, or Adyen's payment accounting, received payment details or settlement "
            "details report."
        ),
        "columns": env._(
            "Columns are missing. Stripe: id, Created date (UTC), Amount, Currency and Status; "
            "Decline Reason, Customer ID, Invoice ID and Card Brand help. Adyen: Psp Reference, "
            "Record Type, Booking Date, Main Amount and Main Currency, or what the received "
            "payment details have instead."
        ),
        "rows": env._("None of the rows could be read as a payment."),
    }[why]
