"""A carrier and a mail server that do everything wrong at once.

Seen to fail when a call without an answer was planned again at once.
"""

import pytest

from reminders.models.kinds import Channel
from tests.faults.scale import SCALE, TIMEOUT
from tests.faults.stage import Stage

pytestmark = pytest.mark.timeout(TIMEOUT)


def test_carrier_and_mail_server_at_their_worst(stage: Stage) -> None:
    """Every kind, while receipts are missing, doubled and shuffled, and some lookups fail too."""
    stack, few, some = stage.stack, max(1, SCALE.texts // 40), SCALE.texts // 12
    if SCALE.hangs:  # each costs the ten seconds that a call is given; promise 2's test has some in the short version
        stack.fault("hang", times=few, seconds=SCALE.hangs)
    for kind in ("error_500_after_accepting", "drop_after_accepting", "wrong_json", "error_500", "drop"):
        stack.fault(kind, times=few)
    stack.fault("throttle_429", times=some, seconds=1)
    stack.fault("lookup_500", times=few)
    stack.fault("smtp_close_after_data", times=SCALE.emails // 5)
    stack.fault("smtp_4xx", times=SCALE.emails // 5)
    stage.mix_receipts()
    stage.owe(SCALE.texts, SCALE.emails)
    stack.start("worker", "worker:2", "beat")
    stage.settle()
    mails = [mail for mail in stack.texts() if mail["channel"] == Channel.EMAIL]
    assert len(mails) == SCALE.emails + SCALE.emails // 5, "each e-mail in doubt was handed over once more, no more"
