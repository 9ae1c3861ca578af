# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The picture of a flow: what sets it off, under which conditions, what it does and when."""

from ast import literal_eval

from odoo.fields import Domain

from .criteria import CASE, EVENT, get_whens


class Picture:
    """The picture of one automation rule.

    :param rule: a `base.automation`
    """

    def __init__(self, rule):
        rule.ensure_one()
        self.rule = rule
        self.env = rule.env

    def draw(self):
        """Return the picture as HTML."""
        branches = self.rule.action_server_ids.sorted("sequence").grouped("recovery_otherwise")
        return self.env["ir.qweb"]._render(
            "revenue_recovery.flow_picture",
            {
                "trigger": self._describe_trigger(),
                "conditions": self.describe_conditions(self.rule.filter_domain),
                "acts": self._describe_acts(branches.get(False, ())),
                "otherwise": self._describe_acts(branches.get(True, ())),
            },
        )

    def _describe_acts(self, actions):
        """Return what is done in one branch, with the waits."""
        return [
            {
                "wait": self._describe_wait(action),
                "name": action.name,
                "conditions": self.describe_conditions(action.recovery_condition),
            }
            for action in actions
        ]

    def _describe_trigger(self):
        """Return in a few words what sets the rule off."""
        whens = dict(get_whens(self.env))
        if self.rule.model_name == EVENT:
            for condition in self._read_conditions(self.rule.filter_domain):
                if condition.field_expr == "type":
                    types = _get_values(condition)
                    return ", ".join(whens.get(f"event:{each}", str(each)) for each in types)
        if self.rule.model_name == CASE and self.rule.trigger == "on_create":
            return whens["case:opened"]
        if self.rule.trigger == "on_time":
            return self.env._(
                "%(count)s %(unit)s %(mode)s: %(field)s",
                count=self.rule.trg_date_range,
                unit=self._get_label("trg_date_range_type").lower(),
                mode=self._get_label("trg_date_range_mode").lower(),
                field=self.rule.trg_date_id.field_description,
            )
        state = self.rule.trg_selection_field_id
        if self.rule.model_name == CASE and self.rule.trigger == "on_state_set" and state:
            return whens[f"state:{state.value}"]
        words = (self.rule.model_id.name, self._get_label("trigger"), state.name)
        return " · ".join(word for word in words if word)

    def _describe_wait(self, action):
        """Return how long a flow waits before one of its actions, or nothing."""
        if not action.recovery_wait_count:
            return ""
        units = self._get_labels(action._name, "recovery_wait_unit")
        return f"{action.recovery_wait_count} {units[action.recovery_wait_unit].lower()}"

    def describe_conditions(self, domain):
        """Return a few words for each condition; what the event or state is, its trigger says."""
        said = {"type"} | ({"state"} if self.rule.trigger == "on_state_set" else set())
        return [
            self._describe_condition(condition)
            for condition in self._read_conditions(domain)
            if condition.field_expr not in said
        ]

    def _describe_condition(self, condition):
        """Return a condition as “field operator value”, in the words of the user interface."""
        model, labels, values = self.env[self.rule.model_name], [], {}
        for name in condition.field_expr.split("."):
            if name not in model._fields:
                break
            field, values = model._fields[name], {}
            labels.append(field._description_string(self.env))
            if field.type == "selection":
                values = self._get_labels(model._name, name)
            elif field.relational:
                model = self.env[field.comodel_name]
                values = self._get_names(model, condition)
        return self.env._(
            "%(field)s %(operator)s %(value)s",
            field=" › ".join(labels) or condition.field_expr,
            operator=self._get_operators().get(condition.operator, condition.operator),
            value=", ".join(str(values.get(each, each)) for each in _get_values(condition)),
        )

    def _get_names(self, model, condition):
        """Return the names of the records that a condition compares with, by their ids.

        By the rights of the reader: a picture must not tell names.
        """
        values = _get_values(condition)
        ids = [each for each in values if isinstance(each, int) and not isinstance(each, bool)]
        own = model.sudo(False).browse(ids).exists()
        return {each.id: each.display_name for each in own if each.has_access("read")}

    def _read_conditions(self, domain):
        """Return the conditions of a domain one by one; none when it can't be read."""
        try:
            return list(Domain(literal_eval(domain or "[]")).iter_conditions())
        except (ValueError, SyntaxError):
            return []

    def _get_operators(self):
        """Return the words for the operators of a domain."""
        return {
            "=": self.env._("is"),
            "in": self.env._("is"),
            "!=": self.env._("is not"),
            "not in": self.env._("is not"),
            ">": self.env._("above"),
            ">=": self.env._("at least"),
            "<": self.env._("below"),
            "<=": self.env._("at most"),
            "ilike": self.env._("contains"),
            "=ilike": self.env._("is"),
        }

    def _get_labels(self, model, field):
        """Return the labels of a selection field."""
        return dict(self.env[model]._fields[field]._description_selection(self.env))

    def _get_label(self, field):
        """Return the label of a selection field's value, or nothing."""
        return self._get_labels(self.rule._name, field).get(self.rule[field], "")


def _get_values(condition):
    """Return the values that a condition compares with."""
    is_many = not isinstance(condition.value, str) and hasattr(condition.value, "__iter__")
    return list(condition.value) if is_many else [condition.value]
