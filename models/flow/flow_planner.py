"""From what set a rule off to its planned actions, with their waits."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from odoo import api, fields, models

# Flows of which each sets the next one off: what is deeper is a loop.
MAX_DEPTH = 10
# How often a rule may be set off for one case within 24 hours, whatever sets it off.
MAX_FLOWS_A_DAY = 10
A_DAY = timedelta(days=1)
# A rule waiting for these is set off anew, and what it waited with is forgotten.
FRESH_TRIGGERS = (
    "on_stage_set",
    "on_user_set",
    "on_tag_set",
    "on_state_set",
    "on_priority_set",
    "on_archive",
    "on_unarchive",
)
# These happen so often that what is under way goes on instead.
FREQUENT_TRIGGERS = ("on_create_or_write", "on_write")


class RecoveryPlannedAction(models.Model):
    _inherit = "recovery.planned.action"

    # === PLAN === #

    @api.model
    def _plan_flow(self, trigger, record):
        """Plan the actions of a rule for a record, unless it loops or is under way already.

        :param trigger: the `recovery.trigger` that set the rule off
        :return: the planned actions
        """
        rule = trigger._get_rule()
        if refusal := self._get_loop(trigger, rule, record):
            self._note_failure(trigger, refusal)
            return self.browse()
        if self._is_repeated(trigger, rule, record):
            return self.browse()
        values = self._prepare_flow_vals(trigger, rule, record)
        actions = rule.action_server_ids.sorted("sequence")
        planned_at = trigger.occurred_at
        zone = self._get_zone(record)
        vals_list = []
        for sequence, action in enumerate(actions, 1):
            planned_at = action._recovery_add_wait(planned_at, zone)
            vals_list.append(
                {
                    **values,
                    "name": action.name,
                    "action_id": action.id,
                    "sequence": sequence,
                    "planned_at": planned_at,
                    "sentence": self.env._("Planned by the rule %(rule)s.", rule=rule.name),
                }
            )
        return self.create(vals_list)

    @api.model
    def _get_loop(self, trigger, rule, record):
        """Return why a rule that was set off again and again goes on no more, or nothing."""
        if trigger.depth > MAX_DEPTH:
            return self.env._(
                "Rules set each other off more than %(count)s times in a row; the chain was cut.",
                count=MAX_DEPTH,
            )
        # An event is always a new one: what counts is whom it is about.
        values = self._prepare_flow_vals(trigger, rule, record)
        subject = (
            [("case_id", "=", values["case_id"])]
            if values["case_id"]
            else [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        count = self.search_count(
            [
                ("automation_id", "=", rule.id),
                ("create_date", ">", fields.Datetime.now() - A_DAY),
                ("sequence", "=", 1),
                *subject,
            ],
        )
        if count < MAX_FLOWS_A_DAY:
            return None
        return self.env._(
            "The rule was set off more than %(count)s times within a day for %(record)s; it does "
            "no more for now.",
            count=MAX_FLOWS_A_DAY,
            record=record.display_name,
        )

    @api.model
    def _is_repeated(self, trigger, rule, record):
        """Tell whether the rule ran in this chain already, or is under way for the record."""
        same = [
            ("automation_id", "=", rule.id),
            ("res_model", "=", record._name),
            ("res_id", "=", record.id),
        ]
        if trigger.chain and self.search_count([*same, ("chain", "=", trigger.chain)], limit=1):
            return True
        waiting = self.search([*same, ("state", "=", "planned")])
        if rule.trigger in FRESH_TRIGGERS:
            waiting._set_state("cancelled", self.env._("The rule was set off anew."))
            return False
        return bool(waiting) and rule.trigger in FREQUENT_TRIGGERS

    @api.model
    def _prepare_flow_vals(self, trigger, rule, record):
        """Return the values that all planned actions of a flow have."""
        is_case = record._name == "recovery.case"
        case = record if is_case else record.case_id
        company = record.company_id or case.company_id or self.env.company
        return {
            "automation_id": rule.id,
            "res_model": record._name,
            "res_id": record.id,
            "case_id": case.id,
            "event_id": record.id if record._name == "recovery.event" else False,
            "company_id": company.id,
            "flow": uuid4().hex,
            "chain": trigger.chain or uuid4().hex,
            "depth": trigger.depth,
            "origin_state": trigger.state_then if rule.trigger == "on_state_set" else False,
            "stops_when_paid": rule.recovery_stop_when_paid and trigger.is_owed,
        }

    @api.model
    def _note_failure(self, trigger, sentence):
        """Keep that a rule could not go on, once a day, for administrators to be told."""
        rule = trigger._get_rule()
        record = self.env[trigger.res_model].browse(trigger.res_id).exists()
        since = fields.Datetime.now() - A_DAY
        known = [
            ("automation_id", "=", rule.id),
            ("action_id", "=", False),
            ("state", "=", "failed"),
            ("create_date", ">", since),
            ("sentence", "=", sentence),
        ]
        if not rule or self.search_count(known, limit=1):
            return
        now = fields.Datetime.now()
        self.create(
            {
                **self._prepare_flow_vals(trigger, rule, record or record.browse()),
                "name": rule.name,
                "res_model": trigger.res_model,
                "res_id": trigger.res_id,
                "state": "failed",
                "sentence": sentence,
                "planned_at": now,
                "done_at": now,
                "untold": True,
            }
        )

    # === GETTERS === #

    @api.model
    def _get_zone(self, record):
        """Return the time zone of the customer whom a record is about, else of the company."""
        company = record.company_id or self.env.company
        partner = record.partner_id or company.partner_id
        return ZoneInfo(partner.with_company(company)._get_recovery_tz())
