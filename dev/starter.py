# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""Start a command of this folder with a Python that is new enough.

Read by whatever `python3` is, so it is written in a Python that old ones understand too.
"""

import importlib
import os
import sys

_NEEDED = (3, 10)
_NEWER = ("python3.13", "python3.12", "python3.11", "python3.10", "python3")


def start(command):
    """Run `dev/environment/commands/<command>.py` and exit with its code."""
    if sys.version_info < _NEEDED:
        _restart_newer()
        version = sys.version.split()[0]
        sys.exit("dev/%s: Python 3.10 or newer is needed, this is %s." % (command, version))
    sys.dont_write_bytecode = True
    module = importlib.import_module("environment.commands." + command)
    sys.exit(importlib.import_module("environment.main").run(command, module.main))


def _restart_newer():
    """Continue in a newer Python of this machine, if there is one."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders + ["/usr/bin", "/usr/local/bin"]:
        for name in _NEWER:
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK) and _is_new_enough(path):
                os.execv(path, [path] + sys.argv)


def _is_new_enough(path):
    test = "import sys; sys.exit(sys.version_info < (3, 10))"
    return os.spawnv(os.P_WAIT, path, [path, "-c", test]) == 0
