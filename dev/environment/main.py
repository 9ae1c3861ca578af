# Copyright 2026 Revenue Recovery
# SPDX-License-Identifier: LGPL-3.0-only
"""What all commands share: arguments, the way they end, and errors in one sentence."""

import errno
import sys
from collections.abc import Callable

from .errors import SetupError
from .processes import end_on_sigterm


def run(command: str, main: Callable[[list[str]], int]) -> int:
    """Run a command and turn what a user can cause into one sentence."""
    end_on_sigterm()
    try:
        return main(sys.argv[1:])
    except SetupError as error:
        message = str(error)
    except KeyboardInterrupt:
        print(f"dev/{command}: stopped.", file=sys.stderr)
        return 130
    except OSError as error:
        message = _explain(error)
    print(f"dev/{command}: {message}", file=sys.stderr)
    return 1


def _explain(error: OSError) -> str:
    """One sentence for what a machine may refuse; anything else is a bug: show its traceback."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "no space is left on the disk; make room or name another folder with RR_CACHE."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        return (
            f"{error.filename} may not be used ({error.strerror}); if another user made the cache "
            "folder, name one of your own with RR_CACHE."
        )
    raise error
