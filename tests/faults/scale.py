"""How much of everything: a little beside the other tests, and as much as the issue asks for with FAULTS=long."""

import os
from dataclasses import dataclass

LONG = os.environ.get("FAULTS") == "long"


@dataclass(frozen=True, slots=True)
class Scale:
    """Messages by channel; kills that must hit calls in flight, of workers and of the one process; workers that race.

    Seconds: how long a server stays `away`, how long a call that `hangs` does, what a call under way takes (`call`),
    and the `patience` for what must come to an end.
    """

    texts: int
    emails: int
    kills: int
    restarts: int
    workers: int
    away: float
    hangs: float
    call: float
    patience: float


SCALE = (
    Scale(2000, 300, kills=20, restarts=8, workers=10, away=20, hangs=30, call=2, patience=240)
    if LONG
    else Scale(90, 15, kills=2, restarts=2, workers=3, away=3, hangs=0, call=1, patience=90)
)

TIMEOUT = 900 if LONG else 300
"""Of one test, in seconds: nothing comes near it unless it stands still."""

ROUNDS = 8
"""Of letting time pass: enough for an unknown outcome, its two lookups and its further try, one after the other."""
