"""The sandbox phone: reading, answering, and nothing unsafe."""

import re

import httpx
import pytest

from reminders.sandbox.mailbox import read_email
from reminders.sandbox.phones import bubble
from tests.reminders.sandbox.conftest import PATIENT, Running


def _open(sandbox: Running) -> tuple[str, str]:
    """The path and the page of the phone at the top of the list."""
    listed = sandbox.http.get("/sandbox/").text
    found = re.search(r'href="(/sandbox/phone/[0-9a-f]+)"', listed)
    assert found
    return found.group(1), sandbox.http.get(found.group(1)).text


def test_an_empty_sandbox_says_so_and_leads_back_to_the_clinic(sandbox: Running) -> None:
    page = sandbox.http.get("/sandbox/")
    assert "Nothing has been sent yet" in page.text
    assert 'href="/"' in page.text
    assert sandbox.http.get("/").headers["location"] == f"{sandbox.clinic.url}/"


def test_phones_are_listed_newest_first_without_numbers_in_addresses(sandbox: Running) -> None:
    sandbox.send(to="+15145550124", body="first")
    sandbox.send(body="second")
    page = sandbox.http.get("/sandbox/").text
    assert page.index("second") < page.index("first")
    assert "(514) 555-0123" in page
    assert not any(digits in link for link in re.findall(r'href="([^"]+)"', page) for digits in ("555", "0123"))


def test_answering_brings_the_text_to_the_clinic_and_shows_it(sandbox: Running) -> None:
    sandbox.send(body="How is your skin? Answer 1, 2 or 3.")
    path, page = _open(sandbox)
    assert "How is your skin?" in page
    answer = sandbox.http.post(f"{path}/reply", data={"body": "3"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    (hook,) = sandbox.clinic.hooks
    assert (hook.form["From"], hook.form["To"], hook.form["Body"]) == (PATIENT, "+15145550100", "3")
    assert sandbox.signed(hook)
    assert re.search(r'<li class="ours">\s*<div class="bubble">\s*<p class="body">3</p>', sandbox.http.get(path).text)


def test_a_phone_that_knows_two_clinics_may_choose(sandbox: Running) -> None:
    sandbox.send(body="a", from_="+15145550100")
    sandbox.send(body="b", from_="+15145550101")
    path, page = _open(sandbox)
    assert page.index('value="+15145550101"') < page.index('value="+15145550100"')
    sandbox.http.post(f"{path}/reply", data={"body": "x", "to": "+15145550100"})
    sandbox.http.post(f"{path}/reply", data={"body": "y"})
    assert [hook.form["To"] for hook in sandbox.clinic.hooks] == ["+15145550100", "+15145550100"]


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"body": "  "}, "Write something first."),
        ({}, "Write something first."),
        ({"body": "x" * 1601}, "Too long"),
        ({"body": "kept <b>", "to": "+15145559999"}, "does not know that number"),
    ],
)
def test_a_wrong_answer_is_explained_and_what_was_typed_is_kept(
    sandbox: Running, form: dict[str, str], problem: str
) -> None:
    sandbox.send()
    path, _ = _open(sandbox)
    answer = sandbox.http.post(f"{path}/reply", data=form)
    assert answer.status_code == 422
    assert problem in answer.text
    assert f">{form.get('body', '').replace('<', '&lt;').replace('>', '&gt;')}</textarea>" in answer.text
    assert sandbox.clinic.hooks == []


def test_an_answer_that_the_clinic_did_not_take_is_marked(sandbox: Running) -> None:
    sandbox.send()
    path, _ = _open(sandbox)
    sandbox.clinic.answers.append((403, ""))
    sandbox.http.post(f"{path}/reply", data={"body": "3"})
    assert "Not taken by the clinic’s software" in sandbox.http.get(path).text


def test_what_people_write_is_shown_as_text(sandbox: Running) -> None:
    sandbox.send(body="<script>alert(1)</script> book at https://clinic.example/b?a=1&b=2 now")
    for page in (_open(sandbox)[1], sandbox.http.get("/sandbox/").text):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
    assert 'href="https://clinic.example/b?a=1&amp;b=2"' in _open(sandbox)[1]


def test_pages_carry_no_inline_script_or_style_and_say_so(sandbox: Running) -> None:
    sandbox.send()
    path, page = _open(sandbox)
    policy = sandbox.http.get(path).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|style=|\son\w+=|<script(?! src=)", page)
    for name in re.findall(r'(?:src|href)="(/sandbox/static/[^"]+)"', page):
        assert sandbox.http.get(name).status_code == 200


@pytest.mark.parametrize(
    "path", ["/sandbox/phone/0123456789abcdef", "/sandbox/static/app.py", "/sandbox/static/..%2Fapp.py"]
)
def test_what_is_not_there_is_404(sandbox: Running, path: str) -> None:
    assert sandbox.http.get(path).status_code == 404
    if "phone" in path:
        assert sandbox.http.post(f"{path}/reply", data={"body": "x"}).status_code == 404


def test_another_site_cannot_answer_for_the_patient(sandbox: Running) -> None:
    sandbox.send()
    path, _ = _open(sandbox)
    answer = httpx.post(
        f"{sandbox.settings.twilio_api_url}{path}/reply", data={"body": "3"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, sandbox.clinic.hooks) == (403, [])


def test_an_email_shows_its_subject_and_where_to_unsubscribe() -> None:
    raw = b"Subject: Day 1\r\nList-Unsubscribe: <https://clinic.example/u/t>\r\n\r\nTips"
    shown = bubble(read_email(raw, "marie@patients.example"))
    assert (shown.subject, shown.body, shown.unsubscribe) == ("Day 1", "Tips", "https://clinic.example/u/t")
    assert not shown.ours
