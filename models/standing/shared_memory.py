# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What all workers of one server remember together. Plain Python.

A stretch of memory without a name, which a server that starts its workers by forking gives to
them: no file is left behind, nobody else can open it, and it ends with the server. A file or a
table would keep links to pay where backups find them. What was loaded after the fork is
remembered by one process alone, as before.
"""

import json
import mmap
import secrets
import struct
import time
from hashlib import blake2b
from typing import NamedTuple

_SLOT_BYTES = 2048
# Of which one question may use any: whoever is asked for often does not drive out another one.
_WAYS = 4
_SEAL_BYTES = 16
# The seal of all that follows, the digest of the question, when it was asked, how long the answer
# is.
_HEAD = struct.Struct(f"<{_SEAL_BYTES}s{_SEAL_BYTES}sdI")
# What all questions are of; another one, and nothing that was ever asked is found any more.
_AGE_BYTES = 16
MOST_BYTES = _SLOT_BYTES - _HEAD.size


class _Slot(NamedTuple):
    start: int
    at: float
    value: bytes | None


class SharedMemory:
    """Answers that are right for some seconds; safe to use from several threads and processes.

    Nobody waits for anybody: whatever was only half written, by a process that died or while
    another one wrote the same place, does not fit its seal and counts as forgotten. The seal covers
    the whole question, so that one question is never given the answer to another.

    :param seconds: for how long something is remembered
    :param most: how much is remembered at most; the oldest goes first
    :param clock: returns seconds; monotonic, and the same in all processes
    :raise OSError: where no memory can be shared
    """

    def __init__(self, seconds, most, clock=time.monotonic):
        self.seconds = seconds
        self._clock = clock
        self._sets = max(most // _WAYS, 1)
        self._secret = secrets.token_bytes(32)
        self._memory = mmap.mmap(-1, _AGE_BYTES + self._sets * _WAYS * _SLOT_BYTES)

    def get(self, key, find):
        """Return what is remembered, or what `find` returns.

        It counts as old as the question: what happened while it was being found may be missing.

        :param key: values that JSON can write
        :param find: returns bytes; more than :data:`MOST_BYTES` are not remembered
        """
        now = self._clock()
        question = self._digest(self._memory[:_AGE_BYTES] + json.dumps(key).encode())
        slots = self._read_slots(question)
        for slot in slots:
            # An instant of the future is of no clock of ours.
            if slot.value is not None and 0 <= now - slot.at < self.seconds:
                return slot.value
        value = find()
        if len(value) <= MOST_BYTES:
            self._write(self._choose(slots, now), question, now, value)
        return value

    def forget(self):
        """Let all processes forget everything, and what is being found just now."""
        self._memory[:_AGE_BYTES] = secrets.token_bytes(_AGE_BYTES)

    def _read_slots(self, question):
        """Return the slots that a question may use, with its answer where one has it."""
        first = int.from_bytes(question[:8], "little") % self._sets * _WAYS
        starts = (_AGE_BYTES + (first + way) * _SLOT_BYTES for way in range(_WAYS))
        return [self._read(start, question) for start in starts]

    def _read(self, start, question):
        seal, owner, at, size = _HEAD.unpack_from(self._memory, start)
        if owner != question or size > MOST_BYTES:
            return _Slot(start, at, None)
        value = self._memory[start + _HEAD.size : start + _HEAD.size + size]
        is_whole = secrets.compare_digest(seal, self._seal(owner, at, value))
        return _Slot(start, at, value if is_whole else None)

    def _choose(self, slots, now):
        """Return where to write: where the question was, else over the oldest answer."""

        def age(slot):
            return now - slot.at if slot.at <= now else self.seconds

        own = next((slot for slot in slots if slot.value is not None), None)
        return (own or max(slots, key=age)).start

    def _write(self, start, question, at, value):
        seal = self._seal(question, at, value)
        slot = _HEAD.pack(seal, question, at, len(value)) + value
        self._memory[start : start + len(slot)] = slot

    def _seal(self, question, at, value):
        return self._digest(question + struct.pack("<d", at) + value)

    def _digest(self, content):
        return blake2b(content, digest_size=_SEAL_BYTES, key=self._secret).digest()
