# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The definition of a flow as plain values, read from its automation rule and written to it."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from .authors import check_conditions, get_author
from .criteria import CASE, EVENT, get_model_name, get_whens, is_on, read_domain, write_domain
from .picture import Picture
from .recovery_flow_step_mixin import KINDS

SAFE_KINDS = frozenset(kind for kind, _label in KINDS)


class Definition:
    """What one flow does. Its automation rule is the only place where that stands.

    As values: `name`, `when` (a key of `criteria.get_whens`), `domain` (the text of the conditions
    beside it), `stop_when_paid`, `exclusive`, `sequence`, `company_id` (an id, or nothing for all)
    and `steps`, a list in their order, of which each has `action_id` (an id, or nothing for a new
    one), `name`, `kind` and the fields of `recovery.flow.step.mixin`, records as ids. Plain Json.

    :param rule: a `base.automation`, empty for a new flow
    """

    def __init__(self, rule):
        # In sudo mode: server actions are for administrators; who may change it is checked first.
        self.rule_sudo = rule.sudo()
        self.env = rule.env
        self.steps = self.env["recovery.flow.step.mixin"]

    # === READ === #

    def get_values(self):
        """Return the values; ``None`` where the rule says more than they can."""
        rule = self.rule_sudo
        actions = rule.action_server_ids.sorted("sequence")
        when, parts = self._read_when()
        if not when or any(action.state not in SAFE_KINDS for action in actions):
            return None
        return {
            "name": rule.name,
            "when": when,
            "domain": write_domain(parts),
            "stop_when_paid": rule.recovery_stop_when_paid,
            "exclusive": rule.recovery_exclusive,
            "sequence": rule.recovery_sequence,
            "company_id": rule.recovery_company_id.id,
            "steps": [self._read_step(action) for action in actions],
        }

    def _read_when(self):
        """Return the key of what sets the rule off, and the parts of its domain beside it."""
        rule = self.rule_sudo
        parts = read_domain(rule.filter_domain)
        if parts is None or rule.filter_pre_domain:
            return None, []
        if rule.trigger == "on_create" and rule.model_name == CASE:
            return "case:opened", parts
        if rule.trigger == "on_create" and rule.model_name == EVENT:
            kind, name = "event", "type"
        elif rule.trigger == "on_state_set" and rule.model_name == CASE:
            kind, name = "state", "state"
        else:
            return None, []
        on_when = [part for part in parts if is_on(part, (name,))]
        if len(on_when) != 1 or on_when[0][0][1] != "=":
            return None, []
        return f"{kind}:{on_when[0][0][2]}", [part for part in parts if part not in on_when]

    def _read_step(self, action):
        """Return the values of one step."""
        values = {"action_id": action.id, "name": action.name, "kind": action.state}
        for name in self.steps._get_step_fields():
            field = action._fields[name]
            value = action[name].ids if field.relational else action[name]
            values[name] = value[0] if field.type == "many2one" and value else value or False
        return values

    # === WRITE === #

    def save(self, values):
        """Write the rule, and keep the version, when the user may and anything is different.

        :return: the rule, in the user's environment
        :raise AccessError: when the user may not change it, or not build that
        :raise ValidationError: when the values are not complete, or conditions not allowed
        """
        rule = self.rule_sudo.sudo(False)
        rule._recovery_check_may_change()
        before = self.get_values() if self.rule_sudo else None
        if before == values:
            return rule
        self._check(values)
        self._write_rule(values)
        self._write_steps(values["steps"])
        if lacking := self.rule_sudo.action_server_ids.filtered("warning")[:1]:
            # Odoo's own sentence, translated by it.
            raise ValidationError(  # pylint: disable=translation-required
                f"{lacking.name}: {lacking.warning}"
            )
        self.env["recovery.flow.version"]._keep(self.rule_sudo, before, self.get_values())
        return self.rule_sudo.sudo(False)

    def _check(self, values):
        """Check what the user must not save, whoever calls."""
        env = self.env
        if values["when"] not in dict(get_whens(env)):
            raise ValidationError(env._("Choose what sets the flow off."))
        model = env[get_model_name(values["when"])]
        check_conditions(model, values["domain"])
        company = env["res.company"].browse(values["company_id"] or [])
        if get_author(env) and company not in env.user.company_ids:
            raise AccessError(
                env._("Choose one of your companies: only administrators build flows for all.")
            )
        for step in values["steps"]:
            if step["kind"] not in SAFE_KINDS:
                raise AccessError(env._("Only administrators build flows with such a step."))
            self._check_exists(step)

    def _check_exists(self, step):
        for name in self.steps._get_step_fields():
            field = self.steps._fields[name]
            if not (field.relational and step[name]):
                continue
            named = self.env[field.comodel_name].sudo().browse(step[name])
            if named != named.exists():
                raise UserError(
                    self.env._(
                        "“%(field)s” of the step “%(step)s” does not exist any more.",
                        field=field._description_string(self.env),
                        step=step["name"],
                    )
                )

    def _write_rule(self, values):
        vals = self._prepare_rule_vals(values)
        if not self.rule_sudo:
            self.rule_sudo = self.rule_sudo.create({**vals, "active": False})
            return
        changes = _get_changes(self.rule_sudo, vals)
        if "model_id" in changes:
            self.rule_sudo.action_server_ids.unlink()  # They act on something else.
        # Odoo computes each of these from the trigger when only that is written.
        for name in ("trg_selection_field_id", "filter_domain", "trigger"):
            if changes.keys() & {"model_id", "trigger", "trg_selection_field_id"}:
                changes[name] = vals[name]
        self.rule_sudo.write(changes)

    def _write_steps(self, steps):
        """Write the actions: what is planned of one that stays goes on."""
        rule = self.rule_sudo
        kept = rule.action_server_ids.filtered(
            lambda action: action.id in [step["action_id"] for step in steps]
        )
        (rule.action_server_ids - kept).unlink()
        for sequence, step in enumerate(steps, 1):
            vals = self._prepare_action_vals(step, sequence)
            action = kept.filtered(lambda action, step=step: action.id == step["action_id"])
            if action:
                action.write(_get_changes(action, vals))
            else:
                action.create({**vals, "base_automation_id": rule.id, "model_id": rule.model_id.id})
        rule.invalidate_recordset(["action_server_ids"])

    def _prepare_rule_vals(self, values):
        """Return the values of the automation rule; its actions apart."""
        kind, key = values["when"].split(":")
        model_name = get_model_name(values["when"])
        parts = read_domain(values["domain"])
        state = self.env["ir.model.fields.selection"].sudo()
        if kind == "event":
            parts = [[("type", "=", key)], *parts]
        elif kind == "state":
            parts = [[("state", "=", key)], *parts]
            field = self.env["ir.model.fields"].sudo()._get(CASE, "state")
            state = field.selection_ids.filtered(lambda selection: selection.value == key)
        return {
            "name": values["name"],
            "model_id": self.env["ir.model"].sudo()._get_id(model_name),
            "trigger": "on_state_set" if kind == "state" else "on_create",
            "trg_selection_field_id": state.id,
            "filter_domain": write_domain(parts),
            "recovery_stop_when_paid": values["stop_when_paid"],
            "recovery_exclusive": values["exclusive"],
            "recovery_sequence": values["sequence"],
            "recovery_company_id": values["company_id"],
            "recovery_author_id": get_author(self.env).id,
        }

    def _prepare_action_vals(self, step, sequence):
        """Return the values of the server action of a step; its rule and model apart."""
        vals = {name: step[name] for name in self.steps._get_step_fields()}
        for name in vals:
            if self.steps._fields[name].type == "many2many":
                vals[name] = [Command.set(step[name] or [])]
        return {
            **vals,
            "name": step["name"],
            "state": step["kind"],
            "usage": "base_automation",
            "sequence": sequence,
        }

    # === SHOW === #

    def draw(self, values):
        """Return the picture of a flow with these values, which need not be saved."""
        vals = self._prepare_rule_vals(values)
        actions = [
            Command.create(
                {**self._prepare_action_vals(step, sequence), "model_id": vals["model_id"]}
            )
            for sequence, step in enumerate(values["steps"], 1)
        ]
        rule_sudo = self.env["base.automation"].sudo()
        return Picture(rule_sudo.new({**vals, "action_server_ids": actions})).draw()


def without_ids(values):
    """Return a definition without the ids of its actions, which say nothing of what it does."""
    steps = [{**step, "action_id": False} for step in values["steps"]]
    return {**values, "steps": steps}


def _get_changes(record, vals):
    """Return those values that a record does not have."""
    changes = {}
    for name, value in vals.items():
        field, old = record._fields[name], record[name]
        if field.type == "many2many":
            is_same = set(old.ids) == set(value[0][2])
        else:
            is_same = (old.id if field.relational else old or False) == (value or False)
        if not is_same:
            changes[name] = value
    return changes
