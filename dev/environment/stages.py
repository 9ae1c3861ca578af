# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""The stages of `dev/test`, and which of its arguments belong to which."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from . import chromium, database, lint, neighbours
from .errors import SetupError
from .processes import until_interrupted
from .progress import elapsed, say
from .settings import REPOSITORY
from .workbench import Workbench

_TESTS = REPOSITORY / "tests"
_PURE = _TESTS / "pure"
_CONCURRENCY = _TESTS / "concurrency"
_OCA = _TESTS / "oca"
# Exit code of pytest when the selection is empty.
_NOTHING_SELECTED = 5
# How many of the slowest tests are named at the end.
_SLOWEST = 20
_LINT = "lint"
# Options whose value may be the name of a folder by chance.
_OPTIONS_WITH_A_WORD = ("-k", "-m")
# Named by the plugin `environment.reporting`, which this module must not import: it needs pytest.
_REPORT_VARIABLE = "RECOVERY_TEST_REPORT"
# The same of `environment.clock`.
_DATE_VARIABLE = "RECOVERY_TEST_DATE"
_FOLLOWING_VARIABLE = "RECOVERY_TEST_FOLLOWING"


@dataclass
class Selection:
    """The options of pytest, and the paths each stage gets (none: the stage does not run)."""

    options: list[str]
    pure: list[str] = field(default_factory=list)
    odoo: list[str] = field(default_factory=list)
    oca: list[str] = field(default_factory=list)
    concurrency: list[str] = field(default_factory=list)
    everything: bool = False
    day: date | None = None


def select(arguments: list[str], day: date | None = None) -> Selection:
    """Sort the arguments of `dev/test` by stage.

    :param day: on which the tests are to run; only those of Odoo can
    """
    selection = Selection(options=[], day=day)
    for previous, argument in zip(["", *arguments], arguments, strict=False):
        path, separator, test = argument.partition("::")
        is_value = argument.startswith("-") or previous in _OPTIONS_WITH_A_WORD
        found = None if is_value else _in_tests(path)
        if found is None:
            selection.options.append(argument)
        elif found == _TESTS:
            selection.everything = True
        elif _PURE in (found, *found.parents):
            selection.pure.append(f"{found}{separator}{test}")
        elif _CONCURRENCY in (found, *found.parents):
            selection.concurrency.append(f"{found}{separator}{test}")
        elif _OCA in (found, *found.parents):
            selection.oca.append(f"{found}{separator}{test}")
        else:
            selection.odoo.append(f"{found}{separator}{test}")
    if not (selection.pure or selection.odoo or selection.oca or selection.concurrency):
        selection.everything = True
    if selection.everything:
        selection.pure, selection.odoo = [str(_PURE)], [str(_TESTS)]
        selection.oca, selection.concurrency = [str(_OCA)], [str(_CONCURRENCY)]
    if day:
        selection.pure, selection.concurrency = [], []
    return selection


def _in_tests(text: str) -> Path | None:
    for start in (Path.cwd(), REPOSITORY):
        path = Path(os.path.normpath(start / text))
        if path.exists() and _TESTS in (path, *path.parents):
            return path
    return None


@dataclass(frozen=True)
class Result:
    """How one stage ended."""

    stage: str
    code: int
    found: str
    seconds: float


class Run:
    """One run of `dev/test`; collects what each stage found."""

    def __init__(self, bench: Workbench, selection: Selection):
        self.bench = bench
        self.selection = selection
        self.results: list[Result] = []
        self.complaints: list[tuple[str, str]] = []
        self.install_complaints: list[str] = []
        self.failed_tests: list[str] = []
        self.seconds: dict[str, float] = {}

    def summary(self) -> int:
        """Print what the stages found; return the exit code of the whole."""
        print("\n" + "=" * 30 + " dev/test " + "=" * 30)
        for complaint in self.install_complaints:
            print(f"logged while installing: {complaint}")
        slowest = sorted(self.seconds.items(), key=lambda each: -each[1])[:_SLOWEST]
        for test, seconds in slowest if self.selection.everything else ():
            print(f"{seconds:6.1f} s  {test}")
        for where, complaint in self.complaints:
            print(f"logged in {where}:\n    {complaint}")
        for test in self.failed_tests:
            print(f"failed: {test}")
        ran = [result for result in self.results if result.code != _NOTHING_SELECTED]
        for result in ran:
            verdict = "ok" if result.code == 0 else "FAILED"
            print(f"{verdict:7} {result.stage:12} {result.seconds:6.1f} s  {result.found}")
        tested = any(result.stage != _LINT for result in ran)
        if not tested:
            print("no test was selected")
        failed = not tested or self.install_complaints or any(result.code for result in ran)
        print(f"{'FAILED' if failed else 'ok':7} {'all':12} {elapsed():6.1f} s", flush=True)
        return int(bool(failed))

    def lint(self) -> Callable[[], None]:
        """Start the checks; call what is returned to wait for them."""
        begun = elapsed()
        running = lint.Lint(self.bench)

        def finish() -> None:
            failed = running.finish()
            self.results.append(
                Result(_LINT, int(bool(failed)), ", ".join(failed), elapsed() - begun)
            )

        return finish

    def pure(self) -> None:
        """Tests of the packages that do not import Odoo."""
        if self.selection.pure and _has_tests(_PURE):
            self._pytest(
                "pure",
                _PURE,
                self.selection.pure,
                [*_without_odoo(_PURE), *self._parallel()],
            )

    def odoo(self) -> None:
        """Odoo tests, browser ones included, on a copy of the template with this addon."""
        if not self.selection.odoo or not _has_tests(_TESTS, deep=False):
            return
        with self._database("odoo") as name:
            self._odoo_pytest(
                "odoo",
                self.selection.odoo,
                name,
                self.bench.settings.config_file,
                [
                    *self._parallel(),
                    *(
                        f"--ignore={_linked(self.bench, _TESTS / each)}"
                        for each in ("pure", "concurrency", "oca")
                    ),
                ],
            )

    def oca(self) -> None:
        """Odoo tests beside addons of the OCA and the examples, on a template with them."""
        if not self.selection.oca or not _has_tests(_OCA):
            return
        begun = elapsed()
        config = self.bench.settings.oca_config_file
        try:
            template = neighbours.prepare(self.bench)
        except SetupError as error:
            # It fails, but what the other stages found is told.
            self.results.append(Result("oca", 1, str(error), elapsed() - begun))
            return
        self.install_complaints += database.complaints(self.bench, template)
        with database.scratch(self.bench, template, "oca") as name:
            self._odoo_pytest("oca", self.selection.oca, name, config, self._parallel())

    def _odoo_pytest(
        self, stage: str, paths: list[str], name: str, config: Path, options: list[str]
    ) -> None:
        link = self.bench.settings.addon_link
        browser = chromium.find(self.bench.settings)
        path = os.pathsep.join([*([str(browser)] if browser else []), self.bench.env["PATH"]])
        self._pytest(
            stage,
            link.parent,
            [_linked(self.bench, each) for each in paths],
            [
                *options,
                *("-p", "environment.shared_files"),
                *("-p", "environment.clock"),
                "--odoo-http",
                "--odoo-log-level=warn",
                f"--odoo-config={config}",
                f"--odoo-database={name}",
                f"--rootdir={link.parent}",
                f"--confcutdir={link}",
            ],
            {
                "PATH": path,
                _DATE_VARIABLE: str(self.selection.day or ""),
                # What somebody named runs, whether another day changes it or not.
                _FOLLOWING_VARIABLE: "1"
                if self.selection.day and self.selection.everything
                else "",
            },
        )

    def _parallel(self) -> list[str]:
        """Several processes, each on its own copy of the database, once there is enough to do."""
        options = self.selection.options
        alone = ("--pdb", "--trace", "-s", "--capture=no", "-n", "--numprocesses", "--co")
        if not self.selection.everything or any(each.startswith(alone) for each in options):
            return []
        # By class: what a class sets up takes longer than most of its tests.
        return [
            f"--numprocesses={min(os.cpu_count() or 1, 4)}",
            "--dist=loadscope",
            *("-p", "environment.sharing"),
        ]

    def concurrency(self) -> None:
        """Tests with committed data and several processes, on a database of their own."""
        if not self.selection.concurrency or not _has_tests(_CONCURRENCY):
            return
        side_by_side = self._parallel()
        # Where a second counts, nothing else runs.
        passes = {"concurrency": [*side_by_side, "-m", "not alone"], "alone": ["-m", "alone"]}
        with self._database("concurrency") as name:
            for stage, options in (passes if side_by_side else {"concurrency": []}).items():
                self._pytest(
                    stage,
                    _CONCURRENCY,
                    self.selection.concurrency,
                    [*_without_odoo(_CONCURRENCY), *options],
                    {
                        "RECOVERY_TEST_DB": name,
                        "RECOVERY_TEST_CONFIG": str(self.bench.settings.config_file),
                    },
                )

    @contextmanager
    def _database(self, label: str) -> Iterator[str]:
        template = database.addon_template(self.bench)
        # Kept with the template: a warning does not disappear because the template exists already.
        self.install_complaints = database.complaints(self.bench, template)
        with database.scratch(self.bench, template, label) as name:
            yield name

    def _pytest(
        self,
        stage: str,
        folder: Path,
        paths: list[str],
        options: list[str],
        variables: dict[str, str] | None = None,
    ) -> None:
        report = self.bench.settings.logs / f"report-{stage}-{os.getpid()}.json"
        say(f"tests: {stage}")
        begun = elapsed()
        code = until_interrupted(
            [
                *[self.bench.python.python, "-m", "pytest", "-p", "environment.reporting"],
                f"--config-file={REPOSITORY / 'pyproject.toml'}",
                f"--override-ini=cache_dir={self.bench.settings.cache / 'pytest' / stage}",
                *options,
                *self.selection.options,
                *paths,
            ],
            env={
                **self.bench.env,
                **(variables or {}),
                _REPORT_VARIABLE: str(report),
            },
            # Not the repository: pytest puts the current folder on the path, and `tests`, `report`
            # and the like would shadow other packages.
            cwd=folder,
        )
        if code:
            self.bench.server.require_answer()
        self.results.append(Result(stage, code, self._read(report), elapsed() - begun))

    def _read(self, report: Path) -> str:
        """Collect what the plugin wrote; return the counts in words."""
        if not report.exists():
            return ""  # Pytest did not get that far.
        content = json.loads(report.read_text())
        report.unlink()
        self.complaints += content["complaints"]
        self.failed_tests += content["failed"]
        self.seconds |= content["seconds"]
        return ", ".join(f"{number} {what}" for what, number in content["counts"].items())


def _linked(bench: Workbench, path: Path | str) -> str:
    """The path of a test below the folder by which Odoo knows this addon."""
    return str(bench.settings.addon_link) + str(path)[len(str(REPOSITORY)) :]


def _without_odoo(folder: Path) -> list[str]:
    """Options that keep pytest from importing the addon around a folder, and from loading Odoo."""
    return [
        "-p",
        "no:odoo",
        "--import-mode=importlib",
        f"--rootdir={folder}",
        f"--confcutdir={folder}",
    ]


def _has_tests(folder: Path, deep: bool = True) -> bool:
    pattern = "**/test_*.py" if deep else "test_*.py"
    return any(folder.glob(pattern))
