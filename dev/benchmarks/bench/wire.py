# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The network between Odoo and the gateway, which can be cut."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

_HOST = "127.0.0.1"
_CHUNK = 65536
_PORT_SECONDS = 30.0


class Wire:
    """Carries connections to an address, byte by byte, as long as nobody cuts it.

    :param url: of the gateway
    """

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._target = (address.hostname, address.port)
        self._flows = threading.Event()
        self._flows.set()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = self._listen(0)
        self._port = self._listener.getsockname()[1]
        self.url = f"http://{_HOST}:{self._port}"

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exception: object) -> None:
        self.refuse()
        self._flows.set()

    def refuse(self) -> None:
        """Break off all connections, and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
            broken = list(self._open)
        if listener:
            # Closing alone would leave whoever waits in `accept` waiting, and the port open.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for each in broken:
            self._break(each)

    def be_silent(self) -> None:
        """Take everything, and let nothing through: it arrives when the wire is mended.

        So it goes with packets that are lost: they are sent again until they arrive, also when
        whoever asked has given up.
        """
        self._flows.clear()
        self._accept_again()

    def mend(self) -> None:
        """Let everything through again, what was held up first."""
        self._accept_again()
        self._flows.set()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server((_HOST, port), backlog=128)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept_again(self) -> None:
        if self._listener:
            return
        until = time.monotonic() + _PORT_SECONDS
        while True:
            try:
                self._listener = self._listen(self._port)
                return
            except OSError:  # Its port may be somebody else's for a moment.
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        self._flows.wait()
        try:
            gateway = socket.create_connection(self._target)
        except OSError:
            self._break(client)
            return
        with self._lock:
            self._open.add(gateway)
        back = threading.Thread(target=self._pump, args=(gateway, client), daemon=True)
        back.start()
        self._pump(client, gateway)
        back.join()
        with self._lock:
            self._open -= {client, gateway}
        client.close()
        gateway.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Pass on what comes from one end; how it ends is passed on, too."""
        try:
            while data := source.recv(_CHUNK):
                self._flows.wait()
                sink.sendall(data)
            self._flows.wait()
            sink.shutdown(socket.SHUT_WR)
        except ConnectionResetError:
            self._break(sink)
        except OSError:
            self._break(source)

    def _break(self, end: socket.socket) -> None:
        """Reset a connection."""
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # Who reads from it in another thread is told at once; closing alone would not.
            end.shutdown(socket.SHUT_RD)
        with suppress(OSError):
            end.close()
