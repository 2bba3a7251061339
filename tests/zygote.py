"""A warm process that has imported the service, and forks one for each command that a line of its input asks for.

Importing costs two seconds of CPU, and tests start many processes. What is forked is a process like any other, with
an id, memory and connections of its own; it is killed and waited for by that id, which is the answer to the line.
"""

import json
import os
import signal
import sys
from typing import Any

from reminders import cli


def main() -> None:
    """Serve until the input ends."""
    # Whoever has ended is gone, without anybody having to wait for it here.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(json.loads(line))
            cli.main(prog_name="reminders")
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(wanted: dict[str, Any]) -> None:
    """Make this process look as if it had been started for itself."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environ"])
    sys.argv = ["reminders", *wanted["arguments"]]
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream, target in ((os.open(os.devnull, os.O_RDONLY), 0), (log, 1), (log, 2)):
        os.dup2(stream, target)


if __name__ == "__main__":
    main()
