"""What a model reads of pages and of the parts of a message, however odd these are."""

from __future__ import annotations

import pytest

from safety_core.edge.adapters.mail.pages import text_of_page
from safety_core.edge.adapters.mail.structure import parts


@pytest.mark.parametrize("odd", ["<![CDA[x]>", "<![if !mso]>", "<![CDATA[x]]>", "<![endif]>"])
def test_a_marked_section_is_a_comment_whatever_it_is_called(odd: str) -> None:
    text = text_of_page(f"<p>before {odd} after</p>")
    assert text.startswith("before")
    assert text.endswith("after")


@pytest.mark.parametrize("size", ["²", "9" * 5000, "-1", "x"])
def test_a_size_that_is_none_counts_as_nothing(size: str) -> None:
    (part,) = parts([b"text", b"plain", None, None, None, b"7bit", size.encode()])
    assert part.size == 0
