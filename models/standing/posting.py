# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Posting to an address that people entered, without being led into one's own network."""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from urllib.parse import urlsplit

# A receiver takes a message and works on it later; one that is slow holds the others up.
TIMEOUT = 10
# For all of it: one that answers a byte every nine seconds is slow, too.
_MOST_SECONDS = 30
_USER_AGENT = "Revenue-Recovery"
# Addresses that stand for one of version 4, which is in their last 32 bits.
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """Nothing was sent: the address is not one to send to."""


def find_fault(url):
    """Return what keeps a URL from being posted to, as far as it tells itself; none when nothing.

    :return: ``https``, ``user``, ``host`` or ``private``
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port  # Raises when it is no number.
    except ValueError:
        return "host"
    if parts.scheme != "https":
        return "https"
    if parts.username or parts.password:
        return "user"
    if not host or any(each.isspace() or not each.isprintable() for each in url):
        return "host"
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return "private"
    try:
        return None if is_public(host) else "private"
    except ValueError:
        return None  # A name. What it stands for is looked up when something is sent.


def is_public(address):
    """Return whether an IP address belongs to somebody out there.

    :raise ValueError: when it is no address
    """
    address = ipaddress.ip_address(address)
    if address.version == 6:
        if address.ipv4_mapped or address.sixtofour:
            address = address.ipv4_mapped or address.sixtofour
        elif address in _TRANSLATED:
            address = ipaddress.ip_address(int(address) & 0xFFFFFFFF)
    return address.is_global and not (address.is_multicast or address.is_reserved)


def post(url, body, headers, context=None):
    """Send a POST and return the status of the answer; redirections are not followed.

    The name is looked up once, and the connection made to the address that was checked: a name
    that stands for another address a moment later leads nowhere else.

    :param bytes body: JSON
    :param context: of TLS; the usual one by itself
    :raise Refused: when nothing may be sent there
    :raise OSError: when the receiver can't be reached, or is slow
    :raise http.client.HTTPException: when its answer is none
    """
    if find_fault(url):
        raise Refused(url)
    parts = urlsplit(url)
    port = parts.port or 443
    connection = http.client.HTTPSConnection(parts.hostname, port, timeout=TIMEOUT)
    context = context or ssl.create_default_context()
    connected = socket.create_connection((_look_up(parts.hostname, port), port), TIMEOUT)
    deadline = threading.Timer(_MOST_SECONDS, lambda: _cut(connection.sock))
    deadline.daemon = True
    deadline.start()
    try:
        connection.sock = context.wrap_socket(connected, server_hostname=parts.hostname)
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        connection.request(
            "POST",
            path,
            body,
            {"Content-Type": "application/json", "User-Agent": _USER_AGENT, **headers},
        )
        return connection.getresponse().status
    finally:
        deadline.cancel()
        connection.close()
        connected.close()


def _cut(connected):
    """End a connection that takes too long, so that whoever reads from it gets an error."""
    with contextlib.suppress(AttributeError, OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _look_up(host, port):
    """Return the address to connect to; all that the name stands for have to be public."""
    found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or not all(is_public(address) for address in found):
        raise Refused(host)
    return found[0]
