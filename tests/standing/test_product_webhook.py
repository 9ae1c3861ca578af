# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import hashlib
import hmac
import json
import socket
import ssl
import tempfile
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from odoo.addons.revenue_recovery.models.standing import posting
from odoo.addons.revenue_recovery.models.standing.recovery_standing_message import WAITS

from ..common import RecoveryCommon

POST = "odoo.addons.revenue_recovery.models.standing.recovery_standing_message.post"
URL = "https://app.example.com/recovery?from=odoo"


@tagged("post_install", "-at_install")
class TestProductWebhook(RecoveryCommon):
    """Products are told when a customer stands differently, once, by a signed message."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.ref = "C-1"
        cls.endpoint, cls.secret = cls._create_endpoint()

    @classmethod
    def _create_endpoint(cls, **values):
        endpoint = cls.env["recovery.standing.endpoint"].create(
            {"name": "Product", "url": URL, **values}
        )
        return endpoint, endpoint.action_make_secret()["context"]["default_secret"]

    @contextmanager
    def _receive(self, **kwargs):
        """Let the product answer as given; yield what it gets."""
        with patch(POST, **{"return_value": 204, **kwargs}) as post:
            yield post

    def _run(self, **kwargs):
        """Run the job; return the bodies that the product gets."""
        with self._receive(**kwargs) as post:
            self._run_cron("standing")
        return [json.loads(call.args[1]) for call in post.call_args_list]

    def _get_messages(self):
        return self.env["recovery.standing.message"].search([], order="id")

    # === WHAT IS TOLD, AND WHEN === #

    def test_product_is_told_of_each_change_once(self):
        invoice, case = self._fail_invoice()
        [body] = self._run()
        self.assertEqual(
            {**body, "id": None, "as_of": None},
            {
                "id": None,
                "type": "standing.changed",
                "customer": {
                    "id": self.customer.id,
                    "ref": "C-1",
                    "email": "customer@example.com",
                },
                "before": "good",
                "standing": "failing",
                "until": None,
                "processing": False,
                "in_parts": False,
                "owed": {invoice.currency_id.name: "100.00"},
                "as_of": None,
            },
        )
        case.sudo()._on_changed()
        self.assertEqual(self._run(), [], msg="Nothing has changed.")
        case.sudo()._begin_grace("Test")
        [body] = self._run()
        self.assertEqual((body["before"], body["standing"]), ("failing", "grace"))
        self.assertTrue(body["until"].endswith("Z"))
        self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        [body] = self._run()
        self.assertEqual((body["before"], body["standing"]), ("grace", "good"))
        self.assertEqual(set(self._get_messages().mapped("state")), {"sent"})

    def test_message_is_signed_with_its_instant(self):
        self._fail_invoice()
        with self._receive() as post:
            self._run_cron("standing")
        url, body, headers = post.call_args.args
        self.assertEqual(url, URL)
        timestamp, signature = (
            part.partition("=")[2] for part in headers["Recovery-Signature"].split(",")
        )
        expected = hmac.new(self.secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
        self.assertEqual(signature, expected.hexdigest())
        now = fields.Datetime.now().replace(tzinfo=timezone.utc)
        self.assertEqual(datetime.fromtimestamp(int(timestamp), timezone.utc), now)
        self.assertEqual(headers["Recovery-Message"], json.loads(body)["id"])

    def test_only_products_of_the_company_are_told(self):
        self.endpoint.active = False
        self._create_endpoint(company_id=self._create_company(name="Other").id)
        _invoice, case = self._fail_invoice()
        self.assertFalse(case.standing_outdated, msg="Where nobody listens nothing is written.")
        self.assertEqual(self._run(), [])

    def test_nothing_is_sent_without_a_secret(self):
        self.endpoint.active = False
        self.env["recovery.standing.endpoint"].create({"name": "Product", "url": URL})
        self._fail_invoice()
        self.assertEqual(self._run(), [])

    # === WHAT DOES NOT ARRIVE === #

    def test_message_that_did_not_arrive_is_sent_again_later_and_later(self):
        self._fail_invoice()
        begin = fields.Datetime.now()
        for number, wait in enumerate(WAITS, 1):
            self.assertEqual(len(self._run(side_effect=OSError("No route"))), 1)
            message = self._get_messages()
            self.assertEqual((message.state, message.tries), ("waiting", number))
            self.assertEqual(message.next_try_at, begin + wait)
            self.assertEqual(self._run(), [], msg="Not before its time.")
            begin += wait
            self.freeze_time.move_to(begin)
        self._run(return_value=500)
        self.assertEqual((message.state, message.answer), ("failed", "Status 500"))
        self.freeze_time.move_to(begin + timedelta(days=1))
        self.assertEqual(self._run(), [])

    def test_person_sends_again(self):
        self._fail_invoice()
        [first] = self._run(return_value=301)
        message = self._get_messages()
        self.assertEqual(message.state, "waiting", msg="A redirection is not followed.")
        message.action_send_again()
        [second] = self._run()
        self.assertEqual(second, first)
        self.assertEqual((message.state, message.sent_at), ("sent", fields.Datetime.now()))

    def test_outdated_message_is_not_sent(self):
        invoice, _case = self._fail_invoice()
        self._run(side_effect=OSError("No route"))
        self._register_payment(invoice, 100.0)
        self._run_cron("follow")
        [body] = self._run()
        self.assertEqual(body["standing"], "good")
        self.assertEqual(self._get_messages().mapped("state"), ["outdated", "sent"])

    def test_product_that_is_down_does_not_hold_up_another(self):
        _other, _secret = self._create_endpoint(url="https://other.example.com")
        for number in range(3):
            other = self.customer.copy({"ref": f"C-{number + 2}"})
            card = self._create_card(partner_id=other.id)
            self._fail_invoice(partner_id=other.id, token=card)
        with self._receive() as post:
            post.side_effect = lambda url, *_args: 204 if "other" in url else 503
            self._run_cron("standing")
        urls = [call.args[0] for call in post.call_args_list]
        self.assertEqual((urls.count(URL), len(urls)), (1, 4))

    def test_private_address_behind_a_name_is_told(self):
        self._fail_invoice()
        with patch.object(posting.socket, "getaddrinfo") as look_up:
            look_up.return_value = [(2, 1, 6, "", ("10.0.0.1", 443))]
            self._run_cron("standing")
        self.assertIn("private", self._get_messages().answer)

    def test_copy_of_the_database_tells_nobody(self):
        self._fail_invoice()
        self._run(side_effect=OSError("No route"))
        self.env.flush_all()
        for query in get_neutralization_queries(["revenue_recovery"]):
            self.cr.execute(query)
        self.env.invalidate_all()
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(days=1))
        self.assertEqual(self._run(), [])
        self.assertEqual(self._get_messages().state, "outdated")
        self.assertFalse(self.endpoint.sudo().secret)

    def test_log_keeps_the_last_message_of_each_customer(self):
        _invoice, case = self._fail_invoice()
        self._run()
        case.sudo()._begin_grace("Test")
        self._run()
        last = self._get_messages()[-1]
        self.freeze_time.move_to(fields.Datetime.now() + timedelta(days=100))
        last._gc_messages()
        self.env.invalidate_all()
        self.assertEqual(self._get_messages(), last)

    # === WHO MAY === #

    def test_addresses_that_lead_inside_are_refused(self):
        for url in (
            "http://app.example.com",
            "https://",
            "https://localhost/x",
            "https://printer.local",
            "https://127.0.0.1",
            "https://10.1.2.3/hook",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://user:word@app.example.com",
            "https://app.example.com:port",
            "ftp://app.example.com",
            "javascript:alert(1)",
        ):
            with self.subTest(url=url), self.assertRaises(ValidationError):
                self.endpoint.url = url

    def test_secret_is_neither_read_nor_chosen(self):
        with self.assertRaises(AccessError):
            self.endpoint.read(["secret"])
        for values in ({"secret": "mine"}, {"state": "live"}):
            with self.assertRaises(AccessError):
                self.endpoint.write(values)
            with self.assertRaises(AccessError):
                self.endpoint.create({"name": "x", "url": URL, **values})

    def test_views_open(self):
        for model in ("recovery.standing.endpoint", "recovery.standing.message"):
            for view_type in ("form", "list"):
                self.env[model].get_view(view_type=view_type)
        action = self.endpoint.action_view_messages()
        self.assertEqual(action["res_model"], "recovery.standing.message")


class Receiver(BaseHTTPRequestHandler):
    """Writes down what it gets, and answers with a redirection."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(302)
        self.send_header("Location", "https://127.0.0.1/inside")
        self.end_headers()

    def log_message(self, *_arguments):
        """Say nothing."""


@tagged("post_install", "-at_install")
class TestPosting(RecoveryCommon):
    """How a message leaves this machine."""

    @contextmanager
    def _serve(self):
        """Run a receiver; yield it with its port and the context that trusts it."""
        certificate, key = _make_certificate("receiver.example")
        with tempfile.NamedTemporaryFile() as file:
            file.write(certificate + key)
            file.flush()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file.name)
        server = HTTPServer(("127.0.0.1", 0), Receiver)
        server.got = []
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server, ssl.create_default_context(cadata=certificate.decode())
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _stand_for(self, *addresses):
        """Let every name stand for these addresses, and an address for itself."""
        look_up = socket.getaddrinfo

        def answer(host, port, *args, **kwargs):
            if host == "127.0.0.1":
                return look_up(host, port, *args, **kwargs)
            return [(socket.AF_INET, 1, 6, "", (address, port)) for address in addresses]

        return patch.object(posting.socket, "getaddrinfo", answer)

    def test_addresses_of_others_are_public(self):
        for address in ("93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"):
            self.assertTrue(posting.is_public(address), msg=address)
        for address in (
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "2002:0a00:0001::1",
            "64:ff9b::a00:1",
        ):
            self.assertFalse(posting.is_public(address), msg=address)

    def test_name_that_stands_for_a_private_address_is_refused(self):
        for addresses in (["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], []):
            with (
                self._stand_for(*addresses),
                patch.object(posting.socket, "create_connection") as connect,
                self.assertRaises(posting.Refused),
            ):
                posting.post(URL, b"{}", {})
            connect.assert_not_called()

    def test_message_goes_to_the_address_that_was_checked_and_no_further(self):
        with (
            self._serve() as (server, context),
            self._stand_for("127.0.0.1"),
            patch.object(posting, "is_public", return_value=True),
        ):
            url = f"https://receiver.example:{server.server_port}/hook?a=1"
            self.assertEqual(posting.post(url, b'{"a": 1}', {"X-Own": "1"}, context), 302)
            [(path, headers, body)] = server.got
            self.assertEqual((path, body), ("/hook?a=1", b'{"a": 1}'))
            self.assertEqual(headers["X-Own"], "1")
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertEqual(headers["Host"], f"receiver.example:{server.server_port}")

    def test_receiver_without_a_certificate_of_its_name_gets_nothing(self):
        with (
            self._serve() as (server, context),
            self._stand_for("127.0.0.1"),
            patch.object(posting, "is_public", return_value=True),
        ):
            for host, trust in (("other.example", context), ("receiver.example", None)):
                with self.assertRaises(ssl.SSLError):
                    posting.post(f"https://{host}:{server.server_port}/", b"{}", {}, trust)
            self.assertEqual(server.got, [])


def _make_certificate(host):
    """Return a certificate that signs itself, and its key, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # TLS asks the clock of the machine, not the test's.
        .not_valid_before(datetime(2000, 1, 1))
        .not_valid_after(datetime(2100, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
