# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A second address of a gateway, which can be shut: then connections are refused, as by a host
whose service is being restarted. The first one, with the control API, stays open.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from socketserver import BaseServer

# How long the port of a shut address may be somebody else's before it can be taken again.
_PORT_SECONDS = 30.0


class Front:
    """Listens on a port of its own, but while it is shut.

    :param listen: makes the server that listens on a port; 0 takes a free one
    """

    def __init__(self, listen: Callable[[int], BaseServer]) -> None:
        self._listen = listen
        self._changed = threading.Lock()
        self._shut_until = 0.0
        self._server: BaseServer | None = listen(0)
        self.port: int = self._server.server_address[1]
        self._serve()

    def shut(self, seconds: float) -> None:
        """Refuse every connection from now on, for so many seconds of the machine's time."""
        with self._changed:
            self._shut_until = max(self._shut_until, time.monotonic() + seconds)
            if self._server is None:
                return
            self._end()
        threading.Thread(target=self._open_again, daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        with self._changed:
            self._shut_until = float("inf")
            if self._server is not None:
                self._end()

    def _end(self) -> None:
        server, self._server = self._server, None
        server.shutdown()
        server.server_close()

    def _open_again(self) -> None:
        while (left := self._shut_until - time.monotonic()) > 0:
            if left == float("inf"):
                return
            time.sleep(min(left, 0.05))
        until = time.monotonic() + _PORT_SECONDS
        while True:
            with self._changed:
                if self._shut_until == float("inf"):
                    return
                try:
                    self._server = self._listen(self.port)
                except OSError:
                    if time.monotonic() > until:
                        raise
                else:
                    self._serve()
                    return
            time.sleep(0.05)

    def _serve(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
