"""Every text of the library and every shared one, rendered, is what the golden file says.

Seen to fail when: a word of a library text was changed; a character outside GSM-7 came into one.
"""

import difflib

import pytest

from tests.golden.rendering import FOLDER, UPDATE, files

WANTED = files()


def test_there_is_a_file_for_everything_and_no_other() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.txt")) == sorted(WANTED), f"run `{UPDATE}`"


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_text_reads_as_it_was_approved(name: str) -> None:
    kept = (FOLDER / name).read_text(encoding="utf-8")
    diff = difflib.unified_diff(
        kept.splitlines(), WANTED[name].splitlines(), f"tests/golden/{name}", "as it renders now", lineterm=""
    )
    changed = "\n".join(diff)
    assert not changed, f"if this is meant, run `{UPDATE}` and let a clinician read it:\n{changed}"


@pytest.mark.parametrize("name", sorted(WANTED))
def test_every_text_message_is_in_the_cheap_alphabet_and_three_segments_at_most(name: str) -> None:
    heads = [line for line in WANTED[name].splitlines() if " units, segments: " in line]
    assert heads
    assert not [line for line in heads if not line.startswith("GSM-7") or int(line.rsplit(" ", 1)[1]) > 3]
