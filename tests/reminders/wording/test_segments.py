"""Segments against 3GPP's limits and against smsutil."""

import pytest
import smsutil
from hypothesis import given, settings
from hypothesis import strategies as st
from smsutil.codecs import GSM_BASIC_CHARSET, GSM_EXT_CHARSET

from reminders.wording.segments import Segments, count, outside_gsm7

# smsutil takes a lone ESC for a character; a person cannot type one.
GSM = (GSM_BASIC_CHARSET + GSM_EXT_CHARSET).replace("\x1b", "")
_UNITS = {"GSM-7": 1, "UCS-2": 2}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("éèàùìò", Segments("GSM-7", 6, 1)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        # 152 septets and an escape pair: the pair moves to the next segment, which leaves one septet unused.
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),
        ("ç" * 70, Segments("UCS-2", 70, 1)),
        ("ç" * 71, Segments("UCS-2", 71, 2)),
        ("ç" * 134, Segments("UCS-2", 134, 2)),
        ("😀" * 35, Segments("UCS-2", 70, 1)),
        # 66 units and a surrogate pair: the pair is not cut in two.
        ("ç" * 66 + "😀" + "ç" * 66, Segments("UCS-2", 134, 3)),
        ("it’s", Segments("UCS-2", 4, 1)),
    ],
)
def test_segments(body: str, expected: Segments) -> None:
    assert count(body) == expected


@settings(deadline=None)
@given(st.one_of(st.text(GSM, min_size=1, max_size=700), st.text(min_size=1, max_size=300)))
def test_agrees_with_smsutil(body: str) -> None:
    body = body.replace("\x1b", "")
    oracle = smsutil.split(body or "a")
    counted = count(body or "a")
    assert counted.encoding == {"gsm0338": "GSM-7", "utf_16_be": "UCS-2"}[oracle.encoding]
    assert counted.units * _UNITS[counted.encoding] == oracle.total_bytes
    assert counted.count == len(oracle.parts)


@settings(deadline=None)
@given(st.text(max_size=50))
def test_what_forces_the_dearer_alphabet_is_named(body: str) -> None:
    assert (count(body).encoding == "UCS-2") == bool(outside_gsm7(body))
