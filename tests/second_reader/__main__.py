"""Learns and writes the weights; with `--held-out` says first how well rows are read that were not learnt from."""

import sys

from reminders.triage.second_reader.second_look import SURE_ENOUGH
from reminders.triage.second_reader.weights import FOLDER
from tests.second_reader.held_out import table
from tests.second_reader.learnable import examples
from tests.second_reader.learning import learn, write

every = examples()
if "--held-out" in sys.argv[1:]:
    for line in table(every):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
for label in SURE_ENOUGH:
    write(learn(every, label), label, FOLDER)
