# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged, test_cursor

from .rules_common import RulesCommon

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text())
LOGGER = "odoo.addons.base.models.ir_actions"
HEAD = {"_model", "_id", "_action", "id"}
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def find_errors(value, schema, path="body"):
    """Return what is wrong with a value, by the part of JSON Schema that our file uses."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return find_errors(value, SCHEMA["$defs"][name], path)
    if "oneOf" in schema:
        found = [find_errors(value, option, path) for option in schema["oneOf"]]
        fitting = found.count([])
        return [] if fitting == 1 else [f"{path} fits {fitting} of the options: {found}"]
    errors = []
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is_of_type(value, name) for name in types):
        errors.append(f"{path} is no {types}: {value!r}")
    if "const" in schema and value != schema["const"]:
        errors.append(f"{path} is not {schema['const']!r}: {value!r}")
    if "enum" in schema and value not in schema["enum"]:
        errors.append(f"{path} is none of {schema['enum']}: {value!r}")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        errors.append(f"{path} does not match {schema['pattern']}: {value!r}")
    if _is_of_type(value, "number") and value < schema.get("minimum", value):
        errors.append(f"{path} is too small: {value!r}")
    if isinstance(value, dict):
        errors += [f"{path}.{key} is missing" for key in schema["required"] if key not in value]
        for key in schema["properties"].keys() & value.keys():
            errors += find_errors(value[key], schema["properties"][key], f"{path}.{key}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            errors += find_errors(item, schema["items"], f"{path}[{number}]")
    return errors


def _is_of_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


class Receiver:
    """A web server on this machine that keeps what it is sent."""

    def __init__(self, status=200):
        bodies = self.bodies = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                bodies.append((dict(self.headers), self.rfile.read(length)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@tagged("post_install", "-at_install")
class TestWebhookPayload(RulesCommon):
    """Odoo's own webhook action, on what recovery brings: the schema says what is sent."""

    def _start_receiver(self, status=200):
        receiver = Receiver(status)
        self.addCleanup(receiver.stop)
        return receiver

    def _get_fields(self, model):
        """Return the fields that the schema describes for a model."""
        name = model.removeprefix("recovery.")
        return set(SCHEMA["$defs"][name]["properties"]) - HEAD

    def _prepare_webhook(self, url, model):
        chosen = self.env["ir.model.fields"].search(
            [("model", "=", model), ("name", "in", list(self._get_fields(model)))]
        )
        return {
            "state": "webhook",
            "webhook_url": url,
            "webhook_field_ids": [Command.set(chosen.ids)],
        }

    @contextmanager
    def _sending(self):
        """Let the commits of the job send what waits for them, as they do outside of tests."""
        commit = test_cursor.TestCursor.commit

        def send(cursor):
            cursor.flush()
            cursor.postcommit.run()
            commit(cursor)

        with patch.object(test_cursor.TestCursor, "commit", send):
            yield

    def _fail_while_sending(self):
        with self._sending():
            return self._fail_invoice()

    def _read(self, receiver):
        for headers, body in receiver.bodies:
            self.assertEqual(headers["Content-Type"], "application/json")
            yield json.loads(body)

    def test_event_is_sent_as_the_schema_says(self):
        receiver = self._start_receiver()
        self._create_rule(
            self._prepare_webhook(receiver.url, "recovery.event"),
            model="recovery.event",
            trigger="on_create",
            filter_domain="[('type', '=', 'attempt_failed')]",
        )
        invoice, case = self._fail_while_sending()
        [payload] = self._read(receiver)
        self.assertEqual(find_errors(payload, SCHEMA), [])
        self.assertEqual(set(payload), HEAD | self._get_fields("recovery.event"))
        self.assertEqual(payload["type"], "attempt_failed")
        self.assertEqual((payload["case_id"], payload["move_id"]), (case.id, invoice.id))
        self.assertEqual((payload["amount"], payload["attempt_number"]), (100.0, 1))

    def test_case_is_sent_as_the_schema_says(self):
        receiver = self._start_receiver()
        self._create_rule(self._prepare_webhook(receiver.url, "recovery.case"), trigger="on_create")
        invoice, case = self._fail_while_sending()
        [payload] = self._read(receiver)
        self.assertEqual(find_errors(payload, SCHEMA), [])
        self.assertEqual(set(payload), HEAD | self._get_fields("recovery.case"))
        self.assertEqual((payload["_id"], payload["move_id"]), (case.id, invoice.id))
        self.assertEqual((payload["state"], payload["amount_owed"]), ("in_recovery", 100.0))

    def test_every_event_is_sent_as_the_schema_says(self):
        _invoice, case = self._fail_invoice()
        receiver = self._start_receiver()
        events = self.env["recovery.event"].sudo()
        for kind in dict(events._fields["type"].selection):
            attempt = case.first_attempt_id if kind == "attempt_failed" else None
            values = events._prepare_event_vals(
                kind, None, None, attempt, None, self.demo_provider, {"sentence": "It happened."}
            )
            events |= events.create(values)
        action = self.env["ir.actions.server"].create(
            {
                "name": "Send",
                "model_id": self.env["ir.model"]._get_id("recovery.event"),
                **self._prepare_webhook(receiver.url, "recovery.event"),
            }
        )
        for event in events:
            action.with_context(
                active_model=event._name, active_id=event.id, active_ids=event.ids
            ).sudo().run()
        self.env.cr.postcommit.run()
        payloads = list(self._read(receiver))
        self.assertEqual([payload["type"] for payload in payloads], events.mapped("type"))
        for payload in payloads:
            self.assertEqual(find_errors(payload, SCHEMA), [], msg=payload["type"])

    def test_schema_knows_every_value_of_our_fields(self):
        for model in ("recovery.event", "recovery.case"):
            properties = SCHEMA["$defs"][model.removeprefix("recovery.")]["properties"]
            for name in self._get_fields(model):
                field = self.env[model]._fields[name]
                self.assertFalse(field.groups, msg="Odoo refuses to send fields of some groups.")
                if field.type != "selection":
                    continue
                schema = properties[name]
                if "$ref" in schema:
                    schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
                values = {value for value in schema["enum"] if value}
                self.assertEqual(values, set(field.get_values(self.env)), msg=name)

    def test_what_does_not_fit_the_schema_is_noticed(self):
        good = self._read_examples()[0]
        self.assertEqual(find_errors(good, SCHEMA), [])
        for change in (
            {"type": "moon"},
            {"_id": "7"},
            {"_id": 0},
            {"_model": "res.partner"},
            {"amount": "12"},
            {"occurred_at": "2026-11-22T10:00:00Z"},
            {"is_first_payment": 1},
        ):
            with self.subTest(change):
                self.assertTrue(find_errors({**good, **change}, SCHEMA))
        del good["_action"]
        self.assertTrue(find_errors(good, SCHEMA))

    def _read_examples(self):
        text = (DOCS / "webhook.md").read_text()
        return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.S)]

    def test_examples_in_the_document_fit_the_schema(self):
        examples = self._read_examples()
        self.assertEqual(
            [example["_model"] for example in examples], ["recovery.event", "recovery.case"]
        )
        for example in examples:
            self.assertEqual(find_errors(example, SCHEMA), [])
            self.assertEqual(set(example), HEAD | self._get_fields(example["_model"]))

    def test_dead_receiver_harms_nothing(self):
        receiver = Receiver()
        receiver.stop()
        self._assert_harmless(receiver.url)

    def test_receiver_that_answers_with_an_error_harms_nothing(self):
        receiver = self._start_receiver(status=500)
        self._assert_harmless(receiver.url)
        self.assertEqual(len(receiver.bodies), 1, msg="It is sent once.")

    def _assert_harmless(self, url):
        rule = self._create_rule(
            self._prepare_webhook(url, "recovery.case"),
            self._note("afterwards"),
            trigger="on_create",
        )
        with self.assertLogs(LOGGER, "WARNING") as logs:
            _invoice, case = self._fail_while_sending()
        self.assertIn("Webhook call failed", logs.output[0])
        self.assertEqual(self._get_planned_actions(rule).mapped("state"), ["done", "done"])
        self.assertEqual(self._get_notes(case, "afterwards"), ["afterwards"])
        self.assertEqual(case.state, "in_recovery")
        self.assertTrue(case.next_attempt_at)
        self.assertFalse(rule.recovery_error)
