"""What a model reads of a page."""

from __future__ import annotations

import pytest

from safety_core.edge.adapters.mail.pages import text_of_page


@pytest.mark.parametrize("odd", ["<![CDA[x]>", "<![if !mso]>", "<![CDATA[x]]>", "<![endif]>"])
def test_a_marked_section_is_a_comment_whatever_it_is_called(odd: str) -> None:
    text = text_of_page(f"<p>before {odd} after</p>")
    assert text.startswith("before")
    assert text.endswith("after")
