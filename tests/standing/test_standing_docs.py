# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import hashlib
import hmac
import json
import re
import shlex
import textwrap
import time
from pathlib import Path
from string import Template
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.revenue_recovery.controllers.standing import PATH, PROBLEMS
from odoo.addons.revenue_recovery.models.standing.changes import tell_of
from odoo.addons.revenue_recovery.models.standing.standing import STANDINGS
from odoo.addons.revenue_recovery.models.standing.tokens import read_token

from .standing_common import ORIGIN, StandingCommon
from .test_product_webhook import POST

ROOT = Path(__file__).parents[2]
TYPES = {
    "object": dict,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


@tagged("post_install", "-at_install")
class TestStandingDocs(StandingCommon):
    """What the document and the OpenAPI file promise is what the server does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = (ROOT / "docs" / "standing.md").read_text()
        cls.openapi = json.loads((ROOT / "static" / "standing" / "openapi.json").read_text())
        cls.schemas = cls.openapi["components"]["schemas"]

    def setUp(self):
        super().setUp()
        self._fail_invoice()

    def _read_blocks(self, heading, language):
        section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", self.text, re.S | re.M)[1]
        return re.findall(rf"^ *```{language}$(.*?)^ *```$", section, re.S | re.M)

    def _run_curl(self, block, **names):
        """Send what a block of the document sends by `curl`."""
        command, url, *options = shlex.split(block)
        self.assertEqual(command, "curl")
        self.assertEqual(set(options[::2]), {"-H"})
        names = {"ODOO": self.base_url(), "KEY": self.secret, **names}
        headers = dict(Template(value).substitute(names).split(": ", 1) for value in options[1::2])
        return self.url_open(Template(url).substitute(names), headers=headers)

    def _find_errors(self, value, schema, path="body"):
        """Return what is wrong with a value, by the part of JSON Schema that our file uses."""
        types = schema["type"]
        types = types if isinstance(types, list) else [types]
        if not any(type(value) is TYPES[name] for name in types):
            return [f"{path} is no {types}: {value!r}"]
        errors = []
        if "enum" in schema and value not in schema["enum"]:
            errors.append(f"{path} is none of {schema['enum']}: {value!r}")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            errors.append(f"{path} does not match {schema['pattern']}: {value!r}")
        if schema.get("format") == "date-time" and value is not None:
            errors += [] if re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", value) else [f"{path}: {value!r}"]
        if isinstance(value, dict):
            properties = schema.get("properties", {})
            rest = schema["additionalProperties"]
            errors += [
                f"{path}.{key} is missing" for key in schema.get("required", ()) if key not in value
            ]
            for key, each in value.items():
                if key in properties or rest:
                    errors += self._find_errors(each, properties.get(key) or rest, f"{path}.{key}")
                else:
                    errors.append(f"{path}.{key} is not in the file")
        return errors

    def test_curl_asks_and_gets_what_is_shown(self):
        [plain, tagged_call] = self._read_blocks("Ask", "sh")
        answer = self._run_curl(plain)
        self.assertEqual(answer.status_code, 200, msg=answer.text)
        [shown] = self._read_blocks("Ask", "json")
        self.assertEqual(list(answer.json()), list(json.loads(shown)))
        same = self._run_curl(tagged_call, ETAG=answer.headers["ETag"])
        self.assertEqual(same.status_code, 304)

    def test_curl_is_refused_as_shown(self):
        [call] = self._read_blocks("When it can't be told", "sh")
        answer = self._run_curl(call)
        [shown] = self._read_blocks("When it can't be told", "json")
        self.assertEqual((answer.status_code, answer.json()), (404, json.loads(shown)))

    def test_token_of_the_document_asks_from_a_browser(self):
        [code] = self._read_blocks("From a browser", "python")
        scope = {}
        exec(code, scope)  # pylint: disable=exec-used
        token = scope["sign_token"](self.secret, "ref:C-1")
        self.assertEqual(read_token(token).customer, "ref:C-1")
        [call] = self._read_blocks("From a browser", "sh")
        answer = self._run_curl(call, TOKEN=token)
        self.assertEqual(answer.status_code, 200, msg=answer.text)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], ORIGIN)
        self.assertEqual(answer.json()["standing"], "failing")

    def test_signature_is_checked_as_the_document_shows(self):
        endpoint = self.env["recovery.standing.endpoint"].create(
            {"name": "Product", "url": "https://app.example.com"}
        )
        secret = endpoint.action_make_secret()["context"]["default_secret"]
        message = tell_of(endpoint.sudo(), self.env.company.sudo(), self.customer)
        [shown] = self._read_blocks("Be told instead of asking", "json")
        self.assertEqual(list(json.loads(message.body)), list(json.loads(shown)))
        with patch(POST, return_value=204) as post:
            message._post_message()
        _url, body, headers = post.call_args.args
        [code] = self._read_blocks("Be told instead of asking", "python")
        scope = {"hmac": hmac, "hashlib": hashlib, "time": time}
        exec(textwrap.dedent(code), scope)  # pylint: disable=exec-used
        header = headers["Recovery-Signature"]
        self.assertTrue(scope["is_genuine"](secret, header, body))
        self.assertFalse(scope["is_genuine"](secret, header, body + b" "))
        self.assertFalse(scope["is_genuine"]("other", header, body))

    def test_answers_are_of_the_openapi_file(self):
        self.assertEqual(self.openapi["openapi"], "3.1.0")
        self.assertEqual(list(self.openapi["paths"]), [PATH])
        standing = self.schemas["Standing"]
        self.assertEqual(standing["properties"]["standing"]["enum"], list(STANDINGS))
        case = self.env["recovery.case"].search([("partner_id", "=", self.customer.id)]).sudo()
        for change in (
            lambda: None,
            lambda: case._begin_grace("Test"),
            lambda: case._close("lost", "Test"),
            lambda: self._register_payment(case.move_id, 100.0),
            lambda: self.key.write({"scope_amounts": False, "scope_page": False}),
        ):
            change()
            answer = self._ask_anew()
            self.assertEqual(self._find_errors(answer, standing), [])
        [media] = self.openapi["paths"][PATH]["get"]["responses"]["200"]["content"].values()
        self.assertEqual(self._find_errors(media["example"], standing), [])

    def test_problems_are_of_the_openapi_file_and_the_document(self):
        schema = self.schemas["Problem"]
        known = [kind.rpartition(":")[2] for kind in schema["properties"]["type"]["enum"]]
        self.assertEqual(known, list(PROBLEMS))
        statuses = set(self.openapi["paths"][PATH]["get"]["responses"])
        self.assertEqual(
            {str(status) for status, _detail in PROBLEMS.values()}, statuses - {"200", "304"}
        )
        for kind in PROBLEMS:
            self.assertIn(f"`{kind}`", self.text)
        self.assertEqual(self._find_errors(self._ask("nobody").json(), schema), [])

    def test_file_is_served(self):
        served = self.url_open("/revenue_recovery/static/standing/openapi.json")
        self.assertEqual(served.json(), self.openapi)
