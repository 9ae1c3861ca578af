# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
import subprocess
import sys
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from odoo.addons.revenue_recovery.models.standing import shared_memory
from odoo.addons.revenue_recovery.models.standing.memory import Memory, make_shared
from odoo.addons.revenue_recovery.models.standing.shared_memory import MOST_BYTES, SharedMemory

# Loads the memory without Odoo, whose threads a fork does not take along.
_LOAD = """
import importlib.util, os, signal, sys, time
spec = importlib.util.spec_from_file_location("shared_memory", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

def fork(work):
    pid = os.fork()
    if not pid:
        try:
            work()
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    return pid

def end(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def never():
    raise AssertionError("It was found anew.")
"""


class Ticks:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@tagged("post_install", "-at_install")
class TestSharedMemory(BaseCase):
    """What the workers of a server remember together."""

    def setUp(self):
        super().setUp()
        self.clock = Ticks()
        self.memory = SharedMemory(4.0, 64, self.clock)
        self.asked = []

    def _get(self, key, value=b"new"):
        """Return what is remembered of a key, and note the keys of which nothing was."""

        def find():
            self.asked.append(key)
            return value

        return self.memory.get(key, find)

    def _run_processes(self, script):
        done = subprocess.run(
            [sys.executable, "-c", _LOAD + script, shared_memory.__file__],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""), msg=done.stdout)

    def test_answer_is_remembered_for_seconds_and_not_longer(self):
        self._get(["a", 1], b"old")
        self.clock.now += 3.99
        self.assertEqual(self._get(["a", 1]), b"old")
        self.clock.now += 0.01
        self.assertEqual(self._get(["a", 1]), b"new")
        self.assertEqual(self._get(["a", 1], b"newer"), b"new")

    def test_answer_is_as_old_as_its_question(self):
        def find():
            self.clock.now += 3.0  # What happens meanwhile is not in it.
            return b"old"

        self.memory.get("a", find)
        self.assertEqual(self._get("a"), b"old")
        self.clock.now += 1.0
        self.assertEqual(self._get("a"), b"new")

    def test_clock_that_went_back_makes_nothing_younger(self):
        self._get("a", b"old")
        self.clock.now -= 1.0
        self.assertEqual(self._get("a"), b"new")

    def test_questions_never_get_the_answers_of_others(self):
        keys = [("db", company, flag, "C-1") for company in range(20) for flag in (True, False)]
        for key in keys:
            self._get(key, repr(key).encode())
        for key in keys:
            self.assertEqual(self._get(key, repr(key).encode()), repr(key).encode())
        self.assertNotEqual(self._get(("db", "1", True, "C-1")), repr(keys[0]).encode())

    def test_answer_in_the_place_of_another_one_is_none(self):
        """A seal covers the question: what was written for one is of no use to another one."""
        memory = self.memory = SharedMemory(4.0, 4, self.clock)
        self._get("a", b"of a")
        (written,) = (slot for slot in memory._read_slots(self._digest("a")) if slot.value)
        head = shared_memory._HEAD
        seal, _question, at, size = head.unpack_from(memory._memory, written.start)
        forged = head.pack(seal, self._digest("b"), at, size)
        memory._memory[written.start : written.start + head.size] = forged
        self.assertEqual(self._get("b"), b"new")

    def _digest(self, key):
        memory, size = self.memory, shared_memory._AGE_BYTES
        return memory._digest(memory._memory[:size] + f'"{key}"'.encode())

    def test_answer_that_was_half_written_is_none(self):
        memory = self.memory = SharedMemory(4.0, 4, self.clock)
        value = b"0123456789"
        self._get("a", value)
        (written,) = (slot for slot in memory._read_slots(self._digest("a")) if slot.value)
        length = shared_memory._HEAD.size + len(value)
        whole = memory._memory[written.start : written.start + length]
        for place in range(length):
            torn = bytearray(whole)
            torn[place] ^= 1
            memory._memory[written.start : written.start + length] = bytes(torn)
            slots = memory._read_slots(self._digest("a"))
            self.assertFalse([slot for slot in slots if slot.value], msg=place)
        memory._memory[written.start : written.start + length] = whole
        self.assertEqual(self._get("a"), value)

    def test_any_bytes_in_it_are_no_answer_and_no_trouble(self):
        size = len(self.memory._memory)
        for filling in (b"\x00", b"\xff", b"\x7f", b"\xf8"):
            self.memory._memory[:] = filling * size
            for number in range(50):
                self.assertEqual(self._get(number, b"%d" % number), b"%d" % number)
                self.assertEqual(self._get(number, b"x"), b"%d" % number, msg=filling)

    def test_it_has_room_for_so_many_and_no_more(self):
        size = len(self.memory._memory)
        for number in range(5000):
            self._get(number, b"x" * MOST_BYTES)
        self.assertEqual(len(self.memory._memory), size)
        self.assertLess(size, 64 * 2049)
        self.asked.clear()
        for number in range(5000):
            self._get(number)
        self.assertGreaterEqual(len(self.asked), 5000 - 64)

    def test_oldest_answer_goes_first(self):
        self.memory = SharedMemory(4.0, 4, self.clock)
        for key in "abcd":
            self._get(key)
            self.clock.now += 0.1
        self._get("e")
        self.asked.clear()
        for key in "bcde":
            self._get(key)
        self.assertEqual(self.asked, [])
        self._get("a")
        self.assertEqual(self.asked, ["a"])

    def test_long_answer_is_given_and_not_remembered(self):
        for length, times in ((MOST_BYTES, 1), (MOST_BYTES + 1, 2)):
            self.asked.clear()
            for _turn in range(2):
                self.assertEqual(self._get(length, b"x" * length), b"x" * length)
            self.assertEqual(len(self.asked), times)

    def test_everything_is_forgotten_and_what_is_being_found(self):
        self._get("a", b"old")
        self.memory.forget()
        self.assertEqual(self._get("a"), b"new")

        def find():
            self.memory.forget()  # A key is revoked meanwhile.
            return b"void"

        self.memory.get("b", find)
        self.assertEqual(self._get("b"), b"new")

    def test_trouble_is_not_remembered(self):
        def fail():
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            self.memory.get("a", fail)
        self.assertEqual(self._get("a"), b"new")

    def test_where_no_memory_can_be_shared_each_worker_has_its_own(self):
        with patch.object(shared_memory.mmap, "mmap", side_effect=OSError):
            memory = make_shared(4.0, 10)
        self.assertIsInstance(memory, Memory)
        self.assertEqual((memory.seconds, memory.get("a", lambda: b"new")), (4.0, b"new"))
        self.assertIsInstance(make_shared(4.0, 10), SharedMemory)

    def test_worker_knows_what_another_one_was_asked(self):
        self._run_processes(
            """
memory = module.SharedMemory(60.0, 64)
def work():
    memory.get("a", lambda: b"from the child")
assert end(fork(work)) == 0
assert memory.get("a", never) == b"from the child"
assert end(fork(lambda: memory.get("a", never))) == 0, "A worker that began later knows, too."
assert end(fork(memory.forget)) == 0
assert memory.get("a", lambda: b"new") == b"new"
"""
        )

    def test_workers_that_write_at_once_and_are_killed_leave_nothing_wrong(self):
        self._run_processes(
            """
# Few places for many questions, and nothing is remembered for long.
memory = module.SharedMemory(0.001, 8)
def answer(key):
    return (b"%d:" % key) * (20 + key)
def work():
    until = time.monotonic() + 4
    while time.monotonic() < until:
        for key in range(40):
            found = memory.get(key, lambda: answer(key))
            assert found == answer(key), (key, found)
pids = [fork(work) for _number in range(4)]
for _turn in range(30):
    victim = fork(work)
    time.sleep(0.05)
    os.kill(victim, signal.SIGKILL)
    assert end(victim) == -signal.SIGKILL
assert [end(pid) for pid in pids] == [0, 0, 0, 0]
work()
"""
        )
