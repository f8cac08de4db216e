"""What sessions have written: each knows its own, within bounds, the newest first kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.sessions.written import FILE_COST, Limits, WrittenFiles
from safety_core.classify.files import Content
from safety_core.model.tool_call import AgentId, SessionId

ANNA, BERT = AgentId("anna"), AgentId("bert")
ONE, TWO = SessionId("1"), SessionId("2")


def text(content: str) -> Content:
    return Content(content)


def test_a_session_knows_what_it_wrote_and_nobody_else_does() -> None:
    files = WrittenFiles()
    files.note(ANNA, ONE, {"/a": text("ls")})
    assert files.recall(ANNA, ONE) == {"/a": text("ls")}
    assert files.recall(ANNA, TWO) == files.recall(BERT, ONE) == {}


def test_what_is_written_again_is_known_anew() -> None:
    files = WrittenFiles()
    files.note(ANNA, ONE, {"/a": text("ls"), "/b": text("pwd")})
    files.note(ANNA, ONE, {"/a": text("id")})
    assert files.recall(ANNA, ONE) == {"/a": text("id"), "/b": text("pwd")}


def test_what_was_recalled_stays_as_it_was() -> None:
    files = WrittenFiles()
    files.note(ANNA, ONE, {"/a": text("ls")})
    before = files.recall(ANNA, ONE)
    files.note(ANNA, ONE, {"/a": text("id"), "/b": text("pwd")})
    assert before == {"/a": text("ls")}
    assert files.recall(ANNA, ONE) != before


def test_a_file_that_another_session_writes_is_no_longer_known() -> None:
    files = WrittenFiles()
    files.note(ANNA, ONE, {"/a": Content("ls", frozenset({"downloaded"})), "/b": text("pwd")})
    files.note(BERT, TWO, {"/a": text("rm -rf /")})
    assert files.recall(ANNA, ONE) == {"/a": Content(None, frozenset({"downloaded"})), "/b": text("pwd")}
    assert files.recall(BERT, TWO) == {"/a": text("rm -rf /")}


def test_a_text_that_is_too_long_is_one_that_is_not_known() -> None:
    files = WrittenFiles(Limits(file=4))
    origin = frozenset({"decoded"})
    files.note(ANNA, ONE, {"/a": text("four"), "/b": Content("fünf", origin), "/c": Content(None)})
    assert files.recall(ANNA, ONE) == {"/a": text("four"), "/b": Content(None, origin), "/c": Content(None)}


def test_a_session_has_room_for_so_much_and_the_oldest_file_goes_first() -> None:
    files = WrittenFiles(Limits(session=2 * FILE_COST + 20))
    for name in ("/a", "/b", "/a", "/c"):
        files.note(ANNA, ONE, {name: text("x")})
    assert [*files.recall(ANNA, ONE)] == ["/a", "/c"]


def test_the_session_that_was_not_used_for_longest_goes_first() -> None:
    files = WrittenFiles(Limits(sessions=2))
    for session in ("1", "2"):
        files.note(ANNA, SessionId(session), {f"/{session}": text("x")})
    files.recall(ANNA, ONE)
    files.note(ANNA, SessionId("3"), {"/3": text("x")})
    assert len(files) == 2
    assert files.recall(ANNA, ONE)
    assert not files.recall(ANNA, TWO)


def test_all_sessions_together_have_room_for_so_much() -> None:
    files = WrittenFiles(Limits(total=3 * FILE_COST))
    for number in range(9):
        files.note(ANNA, SessionId(str(number)), {f"/{number}": text("x")})
    assert (len(files), files.size) == (2, 2 * (FILE_COST + 3))


def test_a_call_that_writes_nothing_makes_no_session() -> None:
    files = WrittenFiles()
    files.note(ANNA, ONE, {})
    assert len(files) == files.size == 0


agents = st.sampled_from([ANNA, BERT])
sessions = st.sampled_from([SessionId(name) for name in "123"])
contents = st.builds(Content, st.one_of(st.none(), st.text(max_size=60)))
notes = st.lists(
    st.tuples(agents, sessions, st.dictionaries(st.sampled_from(["/a", "/b", "/ü"]), contents, max_size=3))
)


@given(notes)
def test_the_bounds_hold_and_nothing_is_known_that_nobody_wrote(
    written: list[tuple[AgentId, SessionId, dict[str, Content]]],
) -> None:
    limits = Limits(file=40, session=1_200, total=2_500, sessions=3)
    files = WrittenFiles(limits)
    for number, (agent, session, what) in enumerate(written, 1):
        files.note(agent, session, what)
        assert len(files) <= limits.sessions
        sizes = []
        for key in {(agent, session) for agent, session, _ in written}:
            known = files.recall(*key)
            sizes.append(
                sum(FILE_COST + len(path.encode()) + len((it.text or "").encode()) for path, it in known.items())
            )
            ever = [what.get(path) for *who, what in written[:number] for path in known if (*who,) == key]
            assert all(it.text is None or it in ever for it in known.values())
        assert files.size == sum(sizes) <= limits.total
        assert max(sizes) <= limits.session
