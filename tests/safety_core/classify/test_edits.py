"""What tools for files leave in them."""

from __future__ import annotations

import pytest

from safety_core.classify.edits import patched, replace_text, write_part
from safety_core.classify.files import Content, Files
from safety_core.classify.paths import HOLE

OPENAI = """\
*** Begin Patch
*** Add File: new.sh
+#!/bin/sh
+ls
*** Update File: old.sh
@@ def x
 kept
-gone
+come
*** Update File: from.sh
*** Move to: to.sh
+moved
*** Delete File: away.sh
*** End Patch
"""

UNIFIED = """\
diff --git a/old.sh b/old.sh
--- a/old.sh
+++ b/old.sh
@@ -1,3 +1,3 @@ here
 kept
--- x
+++ y
 also
--- /dev/null
+++ b/new.sh
@@ -0,0 +1 @@
+ls
--- a/gone.sh\t2026-01-01
+++ /dev/null
@@ -1 +0,0 @@
-rm
"""


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        (
            OPENAI,
            [
                ("new.sh", "#!/bin/sh\nls\n"),
                ("old.sh", f"{HOLE}\n{HOLE}\nkept\ncome\n{HOLE}"),
                ("from.sh", None),
                ("to.sh", f"{HOLE}\nmoved\n{HOLE}"),
                ("away.sh", None),
            ],
        ),
        (
            UNIFIED,
            [
                ("old.sh", f"{HOLE}\n{HOLE}\nkept\n++ y\nalso\n{HOLE}"),
                ("new.sh", "ls\n"),
                ("gone.sh", None),
            ],
        ),
        ("no patch\n+at all", []),
    ],
)
def test_a_patch_says_what_each_file_then_holds(patch: str, expected: list[tuple[str, str | None]]) -> None:
    assert list(patched(patch)) == expected


def test_a_replacement_is_made_where_it_can_be_followed() -> None:
    files = Files({"/a": Content("ls\nls -l\n"), "/b": Content("one two")})
    replace_text(files, "/b", ["two"], ["three"])
    assert files.get("/b") == "one three"
    replace_text(files, "/a", ["ls"], ["id"])
    assert files.get("/a") == f"ls\nls -l\n\nid\n{HOLE}"
    replace_text(files, "/c", ["x"], ["y"])
    assert files.get("/c") == f"{HOLE}\ny\n{HOLE}"


def test_parts_stand_beside_what_was_known() -> None:
    files = Files()
    write_part(files, "/a", ["one"])
    write_part(files, "/a", ["two"])
    assert files.get("/a") == f"{HOLE}\none\n{HOLE}\ntwo\n{HOLE}"
