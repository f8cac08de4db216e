"""The head of a rule."""

from __future__ import annotations

import pytest

from safety_core.bundle.rules import read_head
from safety_core.errors import PolicyError

HEAD = """\
# A remark above.
# METADATA
# title: Deletes for good
# description: It is gone.
# custom:
#   id: deletes
#   kinds: [destroy, write]
#   subjects: [rm]

package safety.rules.deletes # the package
import rego.v1
"""


def test_a_head_says_what_the_rule_is_indexed_by() -> None:
    head = read_head("d.rego", HEAD, "deletes")
    assert (head.id, head.title, head.description) == ("deletes", "Deletes for good", "It is gone.")
    assert (head.kinds, head.subjects) == (("destroy", "write"), ("rm",))


@pytest.mark.parametrize(
    ("old", "new", "rule", "place", "words"),
    [
        ("", "", "Deletes", "d.rego", "no rule id"),
        ("rules.deletes", "rules.other", "deletes", "d.rego:1", "does not begin with its package"),
        ("package", "x := 1\npackage", "deletes", "d.rego:1", "does not begin with its package"),
        (HEAD, "# only a comment", "deletes", "d.rego:1", "does not begin with its package"),
        ("# METADATA", "# metadata", "deletes", "d.rego:1", "one METADATA block"),
        ("id: deletes", "id: other", "deletes", "d.rego:6", "must say custom.id: deletes"),
        ("# custom:", "# other:", "deletes", "d.rego:3", "must say custom.id: deletes"),
        ("# title: Deletes for good", "# title: ''", "deletes", "d.rego:3", "must say title"),
        ("description: It is gone.", "description: [1]", "deletes", "d.rego:4", "must say description"),
        ("[destroy, write]", "[explode]", "deletes", "d.rego:7", "must be of read, write"),
        ("[destroy, write]", "[]", "deletes", "d.rego:7", "must be a list of words"),
        ("[rm]", "rm", "deletes", "d.rego:8", "must be a list of words"),
        ("import rego.v1", '\nhits contains {"level": "crimson"}', "deletes", "d.rego:12", "'crimson' is not a level"),
        ("[rm]", "[[rm]]", "deletes", "d.rego:8", "must be a list of words"),
    ],
)
def test_a_wrong_head_is_refused_with_its_line(old: str, new: str, rule: str, place: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as caught:
        read_head("d.rego", HEAD.replace(old, new) if old else HEAD, rule)
    assert caught.value.thing == place


def test_metadata_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"must say custom\.id"):
        read_head("d.rego", "# METADATA\n# - 1\npackage safety.rules.deletes\n", "deletes")
