"""E-mail to the sandbox mailbox, and to a mail server that follows a script."""

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from reminders.channels.base import Accepted, ChannelError, Fault
from reminders.channels.smtp_email import SmtpEmail
from reminders.channels.smtp_wire import AbandonedError, MailServer, Progress, Stage
from schedules.lifecycle import State
from tests.reminders.channels.conftest import Sandbox, wait_for
from tests.reminders.channels.messages import ADDRESS, ATTEMPT, MAIL, failure, mail, run
from tests.reminders.channels.smtp_script import CLOSE, DRIP, HANG, serving

OWN = "suivi@clinic.example"


def channel(url: str, timeout: float = 5) -> SmtpEmail:
    return SmtpEmail(url, OWN, timeout)


def test_an_e_mail_arrives(sandbox: Sandbox) -> None:
    message = mail(subject="Votre suivi : à lire", body="Bonjour Zoé,\n\n.un point\n..deux\n" + "é" * 2000)
    accepted = run(channel(sandbox.settings.effective_smtp_url), lambda c: c.send(message))
    assert accepted == Accepted(f"<{ATTEMPT}@clinic.example>", State.SENT)
    [shown] = sandbox.shown()
    assert (shown["to"], shown["from"], shown["subject"]) == (ADDRESS, OWN, message.subject)
    assert shown["body"] == message.body
    assert shown["message_id"] == accepted.provider_id
    parsed = message_from_bytes(sandbox.raw(), policy=default)
    assert parsed["From"] == f"Clinique Westmount <{OWN}>"


@pytest.mark.parametrize(
    ("order", "fault", "code", "arrives"),
    [
        ({"kind": "smtp_4xx"}, Fault.RETRY, "451", 0),
        ({"kind": "smtp_5xx"}, Fault.PERMANENT, "550", 0),
        ({"kind": "smtp_close_after_data"}, Fault.UNKNOWN, "connection", 1),
    ],
)
def test_failures_that_the_sandbox_plays(
    sandbox: Sandbox, order: dict[str, Any], fault: Fault, code: str, arrives: int
) -> None:
    sandbox.fault(**order)
    error = failure(channel(sandbox.settings.effective_smtp_url), MAIL)
    assert (error.fault, error.code) == (fault, code)
    assert len(sandbox.shown()) == arrives


@pytest.mark.parametrize(
    ("verb", "answer", "fault", "code"),
    [
        ("GREET", "421 busy", Fault.RETRY, "421"),
        ("GREET", "554 we do not like your address", Fault.SENDER, "554"),
        ("GREET", CLOSE, Fault.RETRY, "connection"),
        ("EHLO", CLOSE, Fault.RETRY, "connection"),
        ("AUTH", "535 wrong password", Fault.SENDER, "535"),
        ("AUTH", "454 try later", Fault.RETRY, "454"),
        ("AUTH", CLOSE, Fault.RETRY, "connection"),
        ("EHLO", "250 no AUTH here", Fault.SENDER, "unsupported"),
        ("MAIL", "550 not yours", Fault.SENDER, "550"),
        ("MAIL", "530 log in first", Fault.SENDER, "530"),
        ("MAIL", "452 full", Fault.RETRY, "452"),
        ("RCPT", f"550 no {ADDRESS} here", Fault.PERMANENT, "550"),
        ("RCPT", "450 greylisted", Fault.RETRY, "450"),
        ("RCPT", "530 log in first", Fault.SENDER, "530"),
        ("RCPT", "nonsense", Fault.RETRY, "-1"),
        ("RCPT", "354 what", Fault.RETRY, "354"),
        ("DATA", "451 later", Fault.RETRY, "451"),
        ("DATA", "554 no", Fault.PERMANENT, "554"),
        ("DATA", "250 what", Fault.RETRY, "250"),
        ("DATA", CLOSE, Fault.RETRY, "connection"),
        ("BODY", "451 later", Fault.RETRY, "451"),
        ("BODY", "554 looks like spam", Fault.PERMANENT, "554"),
        ("BODY", CLOSE, Fault.UNKNOWN, "connection"),
        ("BODY", "nonsense", Fault.UNKNOWN, "-1"),
        ("BODY", "354 what", Fault.UNKNOWN, "354"),
    ],
)
def test_each_stage_says_what_may_follow(verb: str, answer: str, fault: Fault, code: str) -> None:
    with serving(**{verb: answer}) as script:
        error = failure(channel(script.url.replace("//", "//user:secret@")), MAIL)
        assert (error.fault, error.code) == (fault, code)
        assert script.connections == 1
        assert len(script.bodies) == (verb == "BODY")


@pytest.mark.parametrize("slow", [HANG, DRIP])
@pytest.mark.parametrize("verb", ["GREET", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
def test_the_time_out_is_hard_and_silence_means_unknown_only_after_data(verb: str, slow: str) -> None:
    with serving(**{verb: slow}) as script:
        began = time.monotonic()
        error = failure(channel(script.url, timeout=0.5), MAIL)
        assert time.monotonic() - began < 2
        assert error.code in {"timeout", "connection"}
        assert error.fault is (Fault.UNKNOWN if verb == "BODY" else Fault.RETRY)


def test_what_was_given_up_before_data_does_not_leave_later() -> None:
    with serving(RCPT=HANG) as script:
        error = failure(channel(script.url, timeout=0.3), MAIL)
        script.released.set()
        time.sleep(0.3)
        assert error.fault is Fault.RETRY
        assert script.bodies == []


def test_what_was_given_up_while_it_waited_for_a_thread_is_never_begun() -> None:
    async def crowded(mailer: SmtpEmail) -> ChannelError:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = loop.run_in_executor(None, time.sleep, 0.5)
        with pytest.raises(ChannelError) as caught:
            await mailer.send(MAIL)
        await busy
        return caught.value

    with serving() as script:
        assert asyncio.run(crowded(channel(script.url, timeout=0.2))).fault is Fault.RETRY
        assert script.connections == 0


def test_a_conversation_that_could_not_be_cut_stops_at_its_next_stage() -> None:
    progress = Progress()
    progress.reach(Stage.DATA)
    assert progress.abandon() is Stage.DATA
    with pytest.raises(AbandonedError):
        progress.reach(Stage.BODY)
    assert progress.stage is Stage.DATA


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = failure(channel(f"smtp://127.0.0.1:{closed.getsockname()[1]}"), MAIL)
    assert (error.fault, error.code) == (Fault.RETRY, "connection")


def test_encryption_that_was_asked_for_is_not_done_without() -> None:
    with serving() as script:
        error = failure(channel(f"{script.url}?starttls=1"), MAIL)
        assert (error.fault, error.code) == (Fault.SENDER, "unsupported")
        error = failure(channel(script.url.replace("smtp:", "smtps:")), MAIL)
        assert error.fault is Fault.RETRY
        assert "MAIL" not in script.verbs


def test_a_password_that_cannot_be_sent_is_the_senders_fault() -> None:
    with serving() as script:
        error = failure(channel(script.url.replace("//", "//user:%F0%9F%94%91@")), MAIL)
        assert error.fault is Fault.SENDER


def test_the_machines_name_stays_home_and_dots_are_stuffed() -> None:
    with serving() as script:
        run(channel(script.url), lambda c: c.send(mail(body=".\n.x\nend")))
        lines = script.bodies[0].split(b"\r\n")
        assert b".." in lines
        assert b"..x" in lines
        assert socket.gethostname().encode() not in script.bodies[0]
        assert b"\n" not in script.bodies[0].replace(b"\r\n", b"")


def test_a_connection_is_used_again_and_left_politely() -> None:
    async def twice(mailer: Any) -> None:
        await mailer.send(MAIL)
        await mailer.send(MAIL)

    with serving() as script:
        run(channel(script.url), twice)
        wait_for(lambda: "QUIT" in script.verbs)
        assert (script.connections, len(script.bodies)) == (1, 2)


def test_a_kept_connection_that_went_stale_is_replaced() -> None:
    async def twice(mailer: Any) -> None:
        await mailer.send(MAIL)
        await mailer.send(MAIL)

    with serving(NOOP=CLOSE) as script:
        run(channel(script.url), twice)
        assert (script.connections, len(script.bodies)) == (2, 2)


def test_one_channel_serves_several_event_loops_and_many_at_once() -> None:
    async def several(mailer: Any) -> list[Accepted]:
        return list(await asyncio.gather(*(mailer.send(MAIL) for _ in range(12))))

    with serving() as script:
        mailer = channel(script.url)
        for _ in range(2):
            assert len(run(mailer, several)) == 12
        assert len(script.bodies) == 24
        assert len(set(script.bodies)) <= 24


def test_a_cancelled_hand_over_goes_no_further() -> None:
    async def cancelled(mailer: SmtpEmail) -> None:
        task = asyncio.create_task(mailer.send(MAIL))
        await asyncio.sleep(0.3)
        task.cancel()
        await task

    with serving(RCPT=HANG) as script:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(cancelled(channel(script.url)))
        script.released.set()
        time.sleep(0.2)
        assert script.bodies == []


def test_nothing_can_be_looked_up() -> None:
    mailer = channel("smtp://127.0.0.1:1")
    assert mailer.can_look_up is False
    for look in (mailer.find(ADDRESS), mailer.fetch("<id@clinic.example>")):
        with pytest.raises(ChannelError):
            asyncio.run(look)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", MailServer("mail.example", 25, "", "", "none")),
        ("smtp://mail.example?starttls=1", MailServer("mail.example", 587, "", "", "starttls")),
        ("smtp://mail.example:2525?starttls=0", MailServer("mail.example", 2525, "", "", "none")),
        ("smtps://u%40x:p%2Fq@mail.example", MailServer("mail.example", 465, "u@x", "p/q", "implicit")),
    ],
)
def test_smtp_url(url: str, expected: MailServer) -> None:
    assert MailServer.from_url(url) == expected
    assert "p/q" not in repr(expected)
