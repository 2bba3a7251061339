"""Learns and writes the weights; with `--held-out` says first how well rows are read that were not learnt from."""

import sys

from reminders.triage.second_reader.weights import FOLDER
from tests.second_reader.held_out import report
from tests.second_reader.learnable import examples
from tests.second_reader.learning import learn, write
from tests.second_reader.stretches import laid_out

table = laid_out(examples())
if "--held-out" in sys.argv[1:]:
    for line in report(table):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
write(learn(table), FOLDER)
