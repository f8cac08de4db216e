"""The examination finds every tampering, and says where."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from safety_core.audit.checkpoint import Checkpoint
from safety_core.audit.examine import Report, examine
from safety_core.audit.tree import Hash, Place, Tree, completed_by, leaf_hash, root_of


class Kept:
    """A log as somebody keeps it, open to every tampering."""

    def __init__(self, size: int) -> None:
        self.entries = [(number, b"entry %d" % number) for number in range(size)]
        self.hashes: dict[Place, Hash] = {}
        self.signed: list[Checkpoint] = []
        self.rehash()
        self.sign(size)

    def rehash(self) -> None:
        self.hashes.clear()
        for number, (_, entry) in enumerate(self.entries):
            self.hashes.update(completed_by(number, leaf_hash(entry), self.hashes.__getitem__))

    def sign(self, size: int) -> None:
        self.signed.append(Checkpoint("log", size, root_of(size, self.hashes.__getitem__)))

    def examine(self) -> Report:
        return examine(self.entries, self.hashes.get, len(self.hashes), self.signed)

    def found(self) -> list[tuple[int, str]]:
        return [(item.index, item.reason) for item in self.examine().contradictions]


@settings(max_examples=50)
@given(st.integers(0, 40))
def test_a_sound_log_has_no_contradiction(size: int) -> None:
    log = Kept(size)
    log.sign(size // 2)
    tree = Tree()
    for _, entry in log.entries:
        tree.append(entry)
    assert log.examine() == Report(size, tree.root())


@settings(max_examples=50)
@given(st.integers(1, 40), st.data())
def test_a_changed_entry_is_named(size: int, data: st.DataObject) -> None:
    log = Kept(size)
    victim = data.draw(st.integers(0, size - 1))
    log.entries[victim] = (victim, b"forged")
    assert (victim, "the entry was changed") in log.found()
    assert {index for index, _ in log.found()} <= {victim, 0}


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(1, 40))
def test_it_stops_where_enough_is_found(size: int, most: int) -> None:
    log = Kept(size)
    log.entries = [(number, b"forged") for number in range(size)]
    report = examine(log.entries, log.hashes.get, len(log.hashes), log.signed, most)
    assert [item.index for item in report.contradictions if item.reason == "the entry was changed"] == [
        *range(min(size, most))
    ]
    assert report.size == min(size, most)


@settings(max_examples=50)
@given(st.integers(2, 40), st.data())
def test_a_removed_entry_is_named(size: int, data: st.DataObject) -> None:
    log = Kept(size)
    victim = data.draw(st.integers(0, size - 2))
    del log.entries[victim]
    assert log.found() == [(victim, "the entry is missing")]
    del log.hashes[Place(0, victim)]
    assert (victim, "the entry is missing") in log.found()


@settings(max_examples=50)
@given(st.integers(2, 40), st.data())
def test_exchanged_entries_are_named(size: int, data: st.DataObject) -> None:
    log = Kept(size)
    one, two = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    log.entries[one], log.entries[two] = (one, log.entries[two][1]), (two, log.entries[one][1])
    assert (one, f"entry {two} stands in its place") in log.found()
    assert (two, f"entry {one} stands in its place") in log.found()


@settings(max_examples=50)
@given(st.integers(1, 40), st.data())
def test_a_cut_is_named(size: int, data: st.DataObject) -> None:
    log = Kept(size)
    left = data.draw(st.integers(0, size - 1))
    del log.entries[left:]
    assert (left, "the log keeps hashes of entries that it does not hold") in log.found()
    log.rehash()
    assert log.found() == [(left, f"entries {left} to {size - 1} were cut off: {size} are signed")]


@settings(max_examples=50)
@given(st.integers(1, 40), st.data())
def test_any_changed_or_missing_hash_is_found(size: int, data: st.DataObject) -> None:
    log = Kept(size)
    place = data.draw(st.sampled_from(sorted(log.hashes)))
    if data.draw(st.booleans()):
        log.hashes[place] = Hash(b"\x00" * 32)
    else:
        del log.hashes[place]
    assert place.number << place.level in {index for index, _ in log.found()}


@settings(max_examples=50)
@given(st.integers(2, 40), st.data())
def test_a_log_rewritten_with_all_its_hashes_contradicts_what_was_signed(size: int, data: st.DataObject) -> None:
    log = Kept(size)
    sound = data.draw(st.integers(0, size - 1))
    log.sign(sound)
    log.entries[data.draw(st.integers(sound, size - 1))] = (0, b"forged")
    log.entries = [(number, entry) for number, (_, entry) in enumerate(log.entries)]
    log.rehash()
    assert log.found() == [(sound, f"entries {sound} to {size - 1} are not those that were signed")]
