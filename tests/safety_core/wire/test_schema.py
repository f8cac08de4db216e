"""What the builders of our OpenAPI documents write."""

from __future__ import annotations

from safety_core.wire.schema import ERROR, keyed, many, maybe, record, ref, text, whole, words


def test_a_record_has_its_fields_and_no_others() -> None:
    assert record({"a": whole(1, 2)}, {"b": text(most=3)}) == {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 1, "maximum": 2}, "b": {"type": "string", "maxLength": 3}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert ERROR["required"] == ["error"]


def test_the_other_builders() -> None:
    assert text("[a-z]") == {"type": "string", "pattern": "^[a-z]$"}
    assert many(words("ab"), 2) == {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "maxItems": 2}
    assert many(ref("A")) == {"type": "array", "items": {"$ref": "#/components/schemas/A"}}
    assert maybe(keyed({})) == {"anyOf": [{"type": "object", "additionalProperties": {}}, {"type": "null"}]}
