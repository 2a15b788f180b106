"""The end of a command of ours, which a person or `make` has started."""

import signal
import sys
from collections.abc import Callable


class Unusable(Exception):
    """What was asked for cannot be done."""


def run_to_end(
    name: str, run: Callable[[], int], *failures: type[Exception]
) -> int:
    """The exit status: that of `run`; 2 if it could not be run, which these
    failures say, or was stopped. What was started is ended then, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    try:
        return run()
    except (Unusable, *failures) as failure:
        print(f"{name}: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 2
