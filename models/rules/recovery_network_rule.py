# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import logging

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError

from ...declines.networks import BANK_SCHEMES, CARD_NETWORKS
from ...timing.ceiling import OTHER, load_rules, read_rows
from . import recovery_shipped_mixin  # noqa: F401 (its model has to be there first)
from .floor import is_laxer

_logger = logging.getLogger(__name__)

# Begins the id of a rule that somebody added; no shipped one has a colon.
_OWN = "own:"
# Ten years; a longer window leaves the calendar.
_MAX_HOURS = 87600


class RecoveryNetworkRule(models.Model):
    """A ceiling: what a card network or bank scheme allows, whatever a policy says."""

    _name = "recovery.network.rule"
    _description = "Recovery Network Rule"
    _inherit = ["recovery.shipped.mixin", "mail.thread"]
    _order = "scopes, kind, valid_from, id"

    _shipped_fields = (
        "name",
        "scopes",
        "kind",
        "categories",
        "codes",
        "reasons",
        "advice_codes",
        "limit",
        "window_hours",
        "same_amount",
        "consecutive",
        "countries",
        "valid_from",
        "valid_to",
        "source",
        "link",
    )
    _shipped_identity = ("code",)

    active = fields.Boolean(tracking=True)
    code = fields.Char(
        readonly=True, copy=False, help="The technical name of a rule that comes with the addon."
    )
    name = fields.Char(
        required=True, translate=True, help="Short: it ends the sentence that refuses a charge."
    )
    scopes = fields.Char(
        string="Networks",
        required=True,
        tracking=True,
        help="Card networks and bank schemes that the rule is about, parted by blanks, such as "
        "visa mastercard or sepa. “other” stands for those without a shipped rule and for "
        "unknown ones.",
    )
    kind = fields.Selection(
        selection=[
            ("attempts", "Limit the tries"),
            ("wait", "Wait after a decline"),
            ("never", "Never again after a decline"),
            ("represent", "Limit presenting a debit again"),
        ],
        default="attempts",
        required=True,
        tracking=True,
        help="Limit the tries: at most so many unpaid charges of a card or account in the window.\n"
        "Wait after a decline: no charge before the window has passed.\n"
        "Never again after a decline: no charge until one is paid in another way.\n"
        "Limit presenting a debit again: only after these codes, at most so many times, and only "
        "within the window of the first debit.",
    )
    categories = fields.Char(
        string="Visa Categories",
        tracking=True,
        help="Only declines of these categories, 1 to 4, parted by blanks. Empty: all.",
    )
    codes = fields.Char(
        tracking=True,
        help="Only declines with these codes of the network or scheme, parted by blanks; AM04@DE "
        "is the code AM04 from a bank in Germany. Empty: all.",
    )
    reasons = fields.Char(
        tracking=True,
        help="Only declines for these reasons, where the answer has no code of the network: "
        "technical names of reasons, parted by blanks and written like the codes. Empty: all.",
    )
    advice_codes = fields.Char(
        tracking=True,
        help="Only declines with these advice codes of the network, parted by blanks. Empty: all.",
    )
    limit = fields.Integer(
        string="At Most",
        tracking=True,
        help="So many tries in the window, or so many times a debit is presented again. "
        "0: none at all.",
    )
    window_hours = fields.Integer(string="Window", tracking=True, help="In hours.")
    same_amount = fields.Boolean(
        tracking=True, help="Count only the charges of the same amount and currency."
    )
    consecutive = fields.Boolean(
        string="In a Row", tracking=True, help="Count only the charges since the last paid one."
    )
    countries = fields.Char(
        tracking=True,
        help="Only cards and accounts of these countries, by their two letters and parted by "
        "blanks, such as AT DE. Empty: all.",
    )
    valid_from = fields.Date(
        tracking=True, help="First day on which charges are bound by it. Empty: since ever."
    )
    valid_to = fields.Date(
        string="Valid Until", tracking=True, help="Last such day. Empty: until further notice."
    )
    source = fields.Char(help="Where the rule is written down.")
    link = fields.Char(help="Where it can be read.")
    loosening_reason = fields.Char(
        string="Why It Allows More",
        copy=False,
        help="To let a shipped rule allow more than the network does, or to archive it, an "
        "administrator in developer mode confirms it by saying why, in the same step. It is kept "
        "in the history of the rule.",
    )
    problem = fields.Char(
        compute="_compute_problem", help="Why the rule can't be applied, when it can't."
    )

    _code_uniq = models.Constraint("UNIQUE(code)", "A rule with this code exists already.")
    _limit_check = models.Constraint(
        'CHECK("limit" >= 0)', "A rule can't allow less than no try at all."
    )
    _window_check = models.Constraint(
        "CHECK(kind = 'never' OR COALESCE(window_hours, 0) > 0)",
        "This kind of rule needs a window of at least one hour.",
    )
    _window_max_check = models.Constraint(
        f"CHECK(window_hours BETWEEN 0 AND {_MAX_HOURS})",
        "The window of a rule can't be negative or longer than ten years.",
    )
    _valid_check = models.Constraint(
        "CHECK(valid_to >= valid_from)", "A rule can't end before it begins."
    )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: ("code", "shipped", *self._shipped_fields))
    def _compute_problem(self):
        for rule in self:
            try:
                rule._to_rule()
            except (ValueError, OverflowError) as error:
                rule.problem = str(error)
            else:
                rule.problem = False

    # === CONSTRAINT METHODS === #

    @api.constrains("scopes", "categories", "codes", "reasons", "advice_codes", "countries")
    def _check_words(self):
        countries = set(
            self.env["res.country"].sudo().search([("code", "!=", False)]).mapped("code")
        )
        known = {
            "scopes": CARD_NETWORKS | BANK_SCHEMES | {OTHER},
            "categories": {"1", "2", "3", "4"},
            "reasons": {reason.id for reason in self.env["recovery.decline.reason"]._get_reasons()},
            "countries": countries,
        }
        for rule in self:
            for field in ("scopes", "categories", "codes", "reasons", "countries"):
                for word in (rule[field] or "").split():
                    rule._check_word(field, word, known.get(field), countries)

    def _check_word(self, field, word, known, countries):
        """Refuse a word of one of the lists that nothing could ever match.

        :raise ValidationError: when it is not known
        """
        value, at, country = (
            word.partition("@") if field in ("codes", "reasons") else (word, "", "")
        )
        if at and country not in countries:
            raise ValidationError(
                self.env._(
                    "“%(word)s” in the rule “%(rule)s” needs a country's two letters after the @, "
                    "such as AM04@DE.",
                    word=word,
                    rule=self.name,
                )
            )
        if known is None or value in known:
            return
        names = {
            "scopes": self.env._("no card network or bank scheme, such as visa or sepa"),
            "categories": self.env._("no category of Visa, which are 1, 2, 3 and 4"),
            "reasons": self.env._("not the technical name of a reason, such as account_closed"),
            "countries": self.env._("not the two letters of a country, such as DE"),
        }
        raise ValidationError(
            self.env._(
                "“%(word)s” in the rule “%(rule)s” is %(problem)s. Part several by blanks.",
                word=word,
                rule=self.name,
                problem=names[field],
            )
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Give rules that somebody adds no code: it would replace a shipped rule's."""
        if not self._is_loading():
            own = {"code": False, "loosening_reason": False}
            vals_list = [{**vals, **own} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        """Keep what a network asks for: a shipped rule gets stricter, and laxer only on purpose.

        :raise UserError: when somebody makes a shipped rule laxer who may not, or says not why
        """
        if self._is_loading():
            return super().write(vals)
        self.check_access("write")
        loosened = self.filtered(lambda rule: rule._find_laxer(vals))
        if loosened:
            loosened._check_may_loosen(vals)
        elif "loosening_reason" in vals and not self._may_loosen():
            raise AccessError(
                self.env._("Only administrators in developer mode say why a rule allows more.")
            )
        if not all(self.mapped("shipped")):  # A code would let it stand for a shipped rule.
            vals = {name: value for name, value in vals.items() if name != "code"}
        result = super().write(vals)
        for rule in loosened:
            rule._log_loosening()
        return result

    # === ACTION METHODS === #

    def action_restore_shipped(self):
        """Give the rules the values that come with the addon."""
        result = super().action_restore_shipped()
        self._with_loading().loosening_reason = False
        return result

    # === THE FLOOR === #

    def _find_laxer(self, vals):
        """Return the fields that these values make laxer than now, and than what is shipped."""
        self.ensure_one()
        new = self._read_new(vals)
        if not new or not self.shipped:
            return []
        floor = {**self._get_shipped_rows().get(self._get_shipped_key(), {}), "active": True}
        return [
            name
            for name, value in new.items()
            if name in floor
            and is_laxer(name, value, floor[name], self.kind)
            and is_laxer(name, value, self[name], self.kind)
        ]

    def _read_new(self, vals):
        """Return values to be written as a record holds them."""
        names = vals.keys() & {"active", *self._shipped_fields}
        return {
            name: self._fields[name].convert_to_record(
                self._fields[name].convert_to_cache(vals[name], self), self
            )
            for name in names
        }

    def _check_may_loosen(self, vals):
        """Refuse to make these rules laxer, unless an administrator confirms it.

        :raise UserError: with what helps
        """
        names = {
            "rule": self[0].display_name,
            "fields": ", ".join(
                self._fields[name]._description_string(self.env)
                for name in self[0]._find_laxer(vals)
            ),
        }
        if not self._may_loosen():
            raise UserError(
                self.env._(
                    "“%(rule)s” comes with the addon: it may forbid more than the network does, "
                    "not less (%(fields)s). Add a rule of your own for what is stricter. Only an "
                    "administrator in developer mode can let it allow more.",
                    **names,
                )
            )
        if not (vals.get("loosening_reason") or "").strip():
            raise UserError(
                self.env._(
                    "“%(rule)s” would allow more than the network does (%(fields)s), which costs "
                    "fees and may cost you the right to charge. To confirm it, fill “Why It Allows "
                    "More” in the same step; it is kept in the rule's history.",
                    **names,
                )
            )

    def _may_loosen(self):
        """Return whether the user is an administrator in developer mode, whatever the mode."""
        user = self.env.user
        return user.has_group("base.group_system") and user.has_group("base.group_no_one")

    def _log_loosening(self):
        self.ensure_one()
        self.message_post(
            body=self.env._(
                "%(user)s confirmed that this rule allows more than the network does: %(reason)s",
                user=self.env.user.name,
                reason=self.loosening_reason,
            )
        )

    # === GETTERS === #

    @api.model
    @tools.ormcache("self.env.lang")
    def _get_rules(self):
        """Return the database's rules as values of `timing`, named in the current language.

        A rule that can't be read is left out and logged; its record says so.
        """
        # In sudo mode because whoever pays has no rights on rules.
        rules_sudo = self.sudo().search([("active", "=", True)])
        rules = []
        for rule_sudo in rules_sudo:
            try:
                rules.append(rule_sudo._to_rule())
            except (ValueError, OverflowError) as error:
                _logger.warning("Network rule %s is left out: %s", rule_sudo.id, error)
        return tuple(rules)

    @api.model
    def _find(self, rule_id):
        """Return the record of the rule with this id, archived or not; empty when it is gone.

        :param str rule_id: `Rule.id`, as a ceiling has it
        """
        own_id = rule_id.removeprefix(_OWN)
        if own_id != rule_id:
            return self.browse(int(own_id)).exists() if own_id.isdecimal() else self.browse()
        return self.with_context(active_test=False).search([("code", "=", rule_id)], limit=1)

    def _to_rule(self):
        """Return the rule as a value of `timing`.

        :raise ValueError: when its values make no rule
        """
        self.ensure_one()
        row = {name: self[name] or "" for name in self._shipped_fields}
        row |= {
            "id": self.code or f"{_OWN}{self.id}",
            "valid_from": self.valid_from.isoformat() if self.valid_from else "",
            "valid_to": self.valid_to.isoformat() if self.valid_to else "",
            "own": not self.code,
        }
        return load_rules([row])[0]

    @api.model
    def _get_shipped_rows(self):
        """Fill the hook: read the data file."""
        rows = {}
        for row in read_rows():
            rows[(row["id"],)] = {name: row[name] or False for name in self._shipped_fields} | {
                "code": row["id"],
                "limit": int(row["limit"] or 0),
                "window_hours": int(row["window_hours"] or 0),
                "same_amount": bool(row["same_amount"]),
                "consecutive": bool(row["consecutive"]),
                "valid_from": fields.Date.to_date(row["valid_from"]) or False,
                "valid_to": fields.Date.to_date(row["valid_to"]) or False,
            }
        return rows

    def _get_floor_vals(self, shipped_vals):
        """Fill the hook: what networks ask for now holds for edited rules, too."""
        self.ensure_one()
        if self.loosening_reason:
            return {}
        floor = {**shipped_vals, "active": True}
        return {
            name: value
            for name, value in floor.items()
            if name != "code" and is_laxer(name, self[name], value, self.kind)
        }

    def _get_shipped_xmlid(self):
        """Fill the hook: rules have names."""
        self.ensure_one()
        return f"recovery_network_rule_{self.code}"
