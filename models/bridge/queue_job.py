# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The OCA's `queue_job`: charges, messages and what follows them as jobs on channels of their own.

The addon is not needed: where it is installed, and this server runs its job runner, the scheduled
actions hand their work over instead of doing it. What makes it safe stays where it is: a job that
runs twice claims its attempt twice, and gets it once.
"""

import logging
from datetime import timedelta

from odoo import fields
from odoo.tools import SQL, config

from ...tools import jobs

_logger = logging.getLogger(__name__)

MODEL = "queue.job"
CHANNEL = "root.recovery"
# What becomes a job: its channel by model and method.
CHANNELS = {
    ("recovery.attempt", "_charge_by_job"): "charge",
    ("account.move", "_recovery_follow_by_job"): "follow",
    ("recovery.invoice.queue", "_follow_by_job"): "follow",
    ("recovery.invoice.queue", "_send_by_job"): "notice",
}
# How many wait at most: what is handed over can't be brought into a better order any more.
MOST_WAITING = 2000
# When what does not wait yet is looked at again.
NEXT_LOOK = timedelta(minutes=1)
# When the runner counts as gone: jobs wait for so long, and none was begun.
PATIENCE = timedelta(minutes=10)


class JobQueue:
    """The jobs of recovery in `queue_job`.

    :param env: of a scheduled action
    """

    def __init__(self, env):
        self._env = env

    def is_used(self):
        """Return whether work is handed over: nobody charges if nobody runs the jobs."""
        if MODEL not in self._env or "queue_job" not in config["server_wide_modules"]:
            return False
        if self._is_stuck():
            _logger.warning("No job of %s is begun; its work is done without jobs", CHANNEL)
            return False
        return True

    def count_waiting(self, channel):
        """Return how many jobs of a channel have not been begun."""
        rows = self._env.execute_query(
            SQL(
                """
                SELECT count(*) FROM queue_job
                 WHERE channel = %s AND state IN ('wait_dependencies', 'pending', 'enqueued')
                """,
                f"{CHANNEL}.{channel}",
            )
        )
        return rows[0][0]

    def put(self, records, method, key, description, priority=10):
        """Put a job, unless one with the same key waits already.

        :param records: whose method it calls
        :param str key: what no two jobs do at once
        :param str description: what people read of it
        :param int priority: lower numbers come first
        """
        return getattr(
            records.with_delay(
                channel=f"{CHANNEL}.{CHANNELS[records._name, method]}",
                identity_key=f"recovery:{key}",
                description=description,
                priority=priority,
            ),
            method,
        )()

    def prepare(self):
        """Make the channels and the functions of our jobs, which have to commit, once."""
        # In sudo mode: they are for the managers of jobs.
        functions_sudo = self._env["queue.job.function"].sudo()
        names = {functions_sudo.job_function_name(*each): each for each in CHANNELS}
        known = functions_sudo.search([("name", "in", list(names))]).mapped("name")
        for name in names.keys() - set(known):
            model, method = names[name]
            functions_sudo.create(
                {
                    "model_id": self._env["ir.model"]._get_id(model),
                    "method": method,
                    "channel_id": self._find_channel(CHANNELS[model, method]).id,
                    "allow_commit": True,
                }
            )
        jobs.commit(self._env)

    def _find_channel(self, name):
        channels_sudo = self._env["queue.job.channel"].sudo()
        parent_sudo = channels_sudo.search([("complete_name", "=", "root")])
        for part in (*CHANNEL.split(".")[1:], name):
            whole = f"{parent_sudo.complete_name}.{part}"
            parent_sudo = channels_sudo.search([("complete_name", "=", whole)]) or (
                channels_sudo.create({"name": part, "parent_id": parent_sudo.id})
            )
        return parent_sudo

    def _is_stuck(self):
        since = fields.Datetime.now() - PATIENCE
        rows = self._env.execute_query(
            SQL(
                """
                SELECT EXISTS (SELECT FROM queue_job
                                WHERE channel LIKE %(channel)s
                                  AND state IN ('pending', 'enqueued')
                                  AND COALESCE(eta, date_created) < %(since)s)
                   AND NOT EXISTS (SELECT FROM queue_job
                                    WHERE channel LIKE %(channel)s AND date_started > %(since)s)
                """,
                channel=f"{CHANNEL}.%",
                since=since,
            )
        )
        return rows[0][0]


def try_later(until, sentence):
    """Return the exception that lets a job run again, of which nothing was sent.

    :param datetime until: when (UTC, naive)
    """
    from odoo.addons.queue_job.exception import RetryableJobError

    seconds = max(int((until - fields.Datetime.now()).total_seconds()), 1)
    return RetryableJobError(sentence, seconds=seconds, ignore_retry=True)
