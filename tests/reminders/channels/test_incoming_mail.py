"""Whatever MIME a mail comes in, its words are read; what it answers and who wrote it, too.

Seen to fail on purpose: the declared charset trusted, HTML not read, the subject's encoded words left as they are, a
forwarded mail's words taken for the writer's, a script's text read.
"""

import base64
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.channels.incoming_mail import CUT, MOST_CHARACTERS, read_mail
from reminders.channels.mail_html import html_text

HEAD = b"From: =?utf-8?q?Ana=C3=AFs?= <anais@example.org>\r\nTo: care+abc@clinic.example\r\nSubject: Re: x\r\n"
FEVER = "J'ai de la fièvre, ça brûle"


def mail(rest: bytes) -> bytes:
    return HEAD + rest


@pytest.mark.parametrize(
    ("declared", "raw"),
    [
        (b"utf-8", FEVER.encode()),
        (b"iso-8859-1", FEVER.encode("latin-1")),
        (b"iso-8859-1", FEVER.encode()),
        (b"us-ascii", FEVER.encode()),
        (b"us-ascii", FEVER.encode("cp1252")),
        (b"utf-8", FEVER.encode("cp1252")),
        (b"x-unknown-8", FEVER.encode("cp1252")),
        (b"nonsense", FEVER.encode()),
        (b"utf-16", FEVER.encode("utf-16")),
        (b"mac-roman", FEVER.encode("mac-roman")),
    ],
)
def test_a_wrong_charset_loses_no_word(declared: bytes, raw: bytes) -> None:
    body = b"Content-Type: text/plain; charset=" + declared + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert read_mail(mail(body + base64.b64encode(raw))).text == FEVER


@pytest.mark.parametrize("raw", [FEVER.encode(), FEVER.encode("cp1252")])
def test_no_charset_and_eight_bits(raw: bytes) -> None:
    assert read_mail(mail(b"\r\n" + raw)).text == FEVER
    assert read_mail(b"\n" + raw).text == FEVER


def test_html_alone_is_read_as_a_person_would() -> None:
    page = (
        "<html><head><title>t</title><style>p{}</style></head><body><script>fever()</script>"
        "<div>J&#39;ai de la <b>fièvre</b>&nbsp;!<br>Et du pus</div><p>Merci</p>"
        "<div class='gmail_quote'>Le mar. 10 mars, Clinique a écrit :"
        "<blockquote>Fièvre? <p>Appelez</p></blockquote></div>"
    )
    text = read_mail(mail(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + page.encode())).text
    assert text.splitlines() == [
        "J'ai de la fièvre !",
        "Et du pus",
        "Merci",
        "",
        "Le mar. 10 mars, Clinique a écrit :",
        "> Fièvre?",
        "> Appelez",
        ">",
    ]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>a<p>b", "a\nb"),
        ("<head>x<body>still here", "still here"),
        ("no tags & none", "no tags & none"),
        ("<<<>>> 3 < 4 <b", "<<<>>> 3 < 4"),
        ("</blockquote></script>a", "a"),
    ],
)
def test_broken_html(page: str, text: str) -> None:
    assert html_text(page).replace("\n\n", "\n").startswith(text)


def test_words_between_pictures_and_a_forwarded_mail() -> None:
    built = EmailMessage()
    built.set_content("before")
    built.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg", filename="skin.jpg")
    forwarded = EmailMessage()
    forwarded["Subject"] = "old"
    forwarded.set_content("I had a fever, says somebody else")
    built.add_attachment(forwarded)
    raw = built.as_bytes()
    found = read_mail(raw)
    assert found.text == "before"
    assert [file.content_type for file in found.files] == ["image/jpeg", "message/rfc822"]


def test_an_empty_plain_part_beside_html() -> None:
    built = EmailMessage()
    built.set_content(" \n")
    built.add_alternative("<p>pus</p>", subtype="html")
    assert read_mail(built.as_bytes()).text == "pus"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?utf-8?b?!!!?=\r\n\r\nfever",
        b'From: <<>>@@,;\r\nTo: "\r\nReferences: <a <b> c>\r\n\r\nfever',
        b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nfever",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nfever",
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!fever",
        b"Content-Type: /\r\nContent-Disposition: \r\n\r\nfever",
    ],
)
def test_malformed(raw: bytes) -> None:
    found = read_mail(raw)
    assert "fever" in found.text or not raw.endswith(b"fever") or found.files


@given(st.binary(max_size=400), st.sampled_from([b"", HEAD, b"Content-Type: multipart/report; boundary=a\n\n--a\n"]))
def test_nothing_that_comes_raises(raw: bytes, head: bytes) -> None:
    read_mail(head + raw)


def test_headers_are_decoded_and_ids_found() -> None:
    found = read_mail(
        mail(
            b"Message-ID: <m1@example.org>\r\nIn-Reply-To: <a@x>\r\nReferences: <c@x>\r\n <b@x> <a@x>\r\n"
            b"Cc: Care <Care+T@clinic.example>\r\n\r\n3"
        )
    )
    assert (found.sender, found.message_id) == ("anais@example.org", "m1@example.org")
    assert found.answers == ("a@x", "b@x", "c@x")
    assert found.recipients == ("care+abc@clinic.example", "Care+T@clinic.example")
    assert found.automatic == ""


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        (b"Auto-Submitted: no", False),
        (b"Auto-Submitted: No (a person)", False),
        (b"Auto-Submitted: auto-replied; owner-email=x", True),
        (b"auto-submitted: auto-generated", True),
        (b"X-Autoreply: yes", True),
        (b"Precedence: Bulk", True),
        (b"Precedence: first-class", False),
        (b"Return-Path: <>", True),
        (b"Return-Path: <anais@example.org>", False),
        (b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b", True),
    ],
)
def test_what_machines_say_of_themselves(header: bytes, *, automatic: bool) -> None:
    assert bool(read_mail(mail(header + b"\r\n\r\n3")).automatic) is automatic


def test_long_and_cut_mails_say_so() -> None:
    assert read_mail(mail(b"\r\nfever"), is_whole=False).files[-1].content_type == CUT
    long = read_mail(mail(b"\r\n" + b"fever " * MOST_CHARACTERS))
    assert (len(long.text), [file.content_type for file in long.files]) == (MOST_CHARACTERS, [CUT])


QMAIL = b"""Return-Path: <>
From: MAILER-DAEMON@mx.example
To: care@clinic.example
Subject: failure notice

Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.

<anais@example.org>:
550 5.1.1 user unknown

--- Below this line is a copy of the message.

Message-ID: <0199a4c2-7b1e-7c3d-8e4f-5a6b7c8d9e0f@clinic.example>
"""


@pytest.mark.parametrize(
    ("raw", "is_final"),
    [
        (QMAIL, True),
        (QMAIL.replace(b"550 5.1.1 user unknown", b"delayed 4.4.1, will be retried"), False),
        (QMAIL.replace(b"550 5.1.1 user unknown", b"550 busy, but we will retry"), False),
    ],
)
def test_a_bounce_in_words(raw: bytes, *, is_final: bool) -> None:
    bounce = read_mail(raw).bounce
    assert bounce
    assert bounce.is_final is is_final
    assert "0199a4c2-7b1e-7c3d-8e4f-5a6b7c8d9e0f@clinic.example" in bounce.about
    assert read_mail(raw.replace(b"MAILER-DAEMON", b"anais")).bounce is None


def test_what_is_given_up_after_delays_is_given_up() -> None:
    raw = (
        b"From: x@y\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed\nStatus: 4.4.7\n\n--b--\n"
    )
    bounce = read_mail(raw).bounce
    assert bounce
    assert (bounce.is_final, bounce.status) == (True, "4.4.7")
