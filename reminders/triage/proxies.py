"""Whether another person of whom a reply tells is the patient: somebody writes for them, or they were treated here."""

from reminders.triage.patterns import Match
from reminders.triage.scene import Scene
from reminders.triage.vocabulary import words as word_group

_OTHERS = word_group("others")
_THEY = frozenset({"he", "she", "her", "his", "il", "elle", "lui", "son"})
_I = frozenset({"i", "je", "j", "moi", "myself"})
_MINE = frozenset({"my", "mon", "ma"})
_LONGEST_SIGNED = 4  # words of "sa fille Chantal"
_LONGEST_BARE = 6  # words of "RF last Wednesday", said of whoever was spoken of


def is_the_patient(scene: Scene, match: Match) -> bool:
    """True where the other person who has this symptom was treated here, or somebody writes for them."""
    if scene.marks.get("writes_for") or _signed_for(scene):
        return True
    start, end = scene.sentence(match.start)
    return any(_counts(scene, mark, start, end) for mark in scene.marks.get("treated", ()))


def _signed_for(scene: Scene) -> bool:
    last = scene.text.clauses[-1]
    signed = any(mark.start == last.start for mark in scene.marks.get("signed_for", ()))
    return signed and last.end - last.start <= _LONGEST_SIGNED


def _counts(scene: Scene, mark: Match, start: int, end: int) -> bool:
    """True for their treatment here; not for one elsewhere, nor for that of whoever writes."""
    first, last = scene.sentence(mark.start)
    if scene.marked("done_elsewhere", first, last) or _own(scene, mark):
        return False
    if start <= mark.start < end:
        return True
    said = set(scene.words[first:last])
    return bool(said & (_THEY | _OTHERS)) or (last - first <= _LONGEST_BARE and not said & _I)


def _own(scene: Scene, mark: Match) -> bool:
    """ "Since my treatment", "I had RF with you": of whoever writes, where nobody else was named since."""
    if not _MINE.isdisjoint(scene.words[mark.start : mark.end]):
        return True
    before = reversed(scene.words[scene.clause(mark.start).start : mark.start])
    subject = next((word for word in before if word in _I or word in _THEY or word in _OTHERS), "")
    return subject in _I
