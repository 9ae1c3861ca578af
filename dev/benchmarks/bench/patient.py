# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""A database connection of whoever looks on, which outlives a restart of PostgreSQL."""

from __future__ import annotations

import time
from typing import Any

import psycopg2

_PAUSE_SECONDS = 0.1
_PATIENCE_SECONDS = 60.0


class Patient:
    """A connection in autocommit, and the one cursor on it that is needed.

    A statement that meets a restart is sent once more, so each must be one that may be.

    :param dsn: of `psycopg2`
    """

    def __init__(self, **dsn: Any) -> None:
        self._dsn = dsn
        self._connect()

    def __enter__(self) -> Patient:
        return self

    def __exit__(self, *exception: object) -> None:
        """Stay open: it is entered for each look, as a cursor is."""

    def cursor(self) -> Patient:
        """Return what statements are executed with."""
        return self

    def execute(self, query: str, parameters: Any = None) -> None:
        """Execute a statement, if need be on a connection that is made anew."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self._cr.execute(query, parameters)
                return
            except psycopg2.Error as error:
                # An error that PostgreSQL itself tells of has a code.
                is_lost = self._connection.closed or not error.pgcode
                if not is_lost or time.monotonic() > until:
                    raise
                self._connect_again(until)

    def fetchone(self) -> Any:
        """Return the next row, or none."""
        return self._cr.fetchone()

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        return self._cr.fetchall()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _connect(self) -> None:
        self._connection = psycopg2.connect(**self._dsn)
        self._connection.autocommit = True
        self._cr = self._connection.cursor()

    def _connect_again(self, until: float) -> None:
        while True:
            try:
                self._connect()
                return
            except psycopg2.Error:
                if time.monotonic() > until:
                    raise
                time.sleep(_PAUSE_SECONDS)
