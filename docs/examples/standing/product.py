# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""An example product: it shows its customers the wall, and asks at the server before it works.

Python's standard library is enough. Try it with

    ODOO=https://odoo.example.com KEY=rrk_… CUSTOMER=C-1 python3 product.py

and open http://localhost:8000. The key has to list http://localhost:8000 as a web address.
"""

import hashlib
import hmac
import json
import os
import time
from base64 import urlsafe_b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

TOKEN_LIFE = 600
PAGE = Path(__file__).with_name("page.html").read_text()


def sign_token(key, customer):
    """Return what lets a browser ask for this customer, and nobody else, for ten minutes."""
    claims = {
        "key": key.split("_")[1],
        "customer": customer,
        "expires": int(time.time()) + TOKEN_LIFE,
    }
    content = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    signing_key = hashlib.sha256(key.encode()).hexdigest()
    signature = hmac.new(signing_key.encode(), content.encode(), hashlib.sha256).hexdigest()
    return f"rrt_{content}.{signature}"


def may_work(odoo, key, customer):
    """Return whether the product works for this customer.

    The wall in the browser is a message; this is what counts. Where Odoo does not answer, or does
    not know the customer, they are let in: a customer who pays must not suffer for that.
    """
    url = f"{odoo}/recovery/v1/standing?{urlencode({'customer': customer})}"
    request = Request(url, headers={"Authorization": f"Bearer {key}"})
    try:
        with urlopen(request, timeout=5) as response:
            answer = json.load(response)
    except (HTTPError, URLError, TimeoutError, ValueError):
        return True
    is_over = answer["standing"] == "grace" and answer["until"] <= answer["as_of"]
    return answer["standing"] != "ended" and not is_over


class Product(BaseHTTPRequestHandler):
    """The pages of the product; a real one would know from a session who its customer is."""

    odoo, key, customer = "", "", ""

    def do_GET(self):
        if self.path == "/":
            values = {"__ODOO__": self.odoo, "__TOKEN__": sign_token(self.key, self.customer)}
            page = PAGE
            for name, value in values.items():
                page = page.replace(name, value)
            self._send(200, "text/html; charset=utf-8", page)
        elif self.path == "/token":
            self._send(200, "text/plain", sign_token(self.key, self.customer))
        elif self.path == "/work":
            is_open = may_work(self.odoo, self.key, self.customer)
            self._send(200 if is_open else 402, "text/plain", "done" if is_open else "please pay")
        else:
            self._send(404, "text/plain", "not found")

    def log_message(self, *_arguments):
        """Say nothing."""

    def _send(self, status, content_type, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def make_server(odoo, key, customer, port=8000):
    """Return the product's server for one customer, not started yet."""
    handler = type("Handler", (Product,), {"odoo": odoo, "key": key, "customer": customer})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


if __name__ == "__main__":
    make_server(os.environ["ODOO"], os.environ["KEY"], os.environ["CUSTOMER"]).serve_forever()
