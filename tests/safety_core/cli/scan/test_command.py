"""The command as a person, a script and a code host meet it: real files, real processes, exit statuses."""

from __future__ import annotations

import json
import os
import re
import threading
from pathlib import Path

import pytest

from safety_core.bundle.archive import pack
from safety_core.bundle.source import compile_sources
from tests.safety_core.cli.scan.conftest import RANDOM, TOKEN, Scan
from tests.simulators.repository import SOURCES


@pytest.fixture
def dirty(folder: Path) -> Path:
    (folder / "src").mkdir()
    (folder / "src/clean.py").write_text("print('hello')\n")
    (folder / "src/shop.env").write_text(f"# settings\nGITHUB={TOKEN}\nSHOP_PASSWORD={RANDOM}\n")
    (folder / "src/logo.png").write_bytes(b"\x89PNG\r\n\0\0" * 40)
    return folder


def test_clean_files(folder: Path, safety_scan: Scan) -> None:
    (folder / "notes.txt").write_text("hello\n")
    done = safety_scan("notes.txt")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "0 findings; scanned 1 file, 0.0 kB.\n"


def test_what_a_person_sees(dirty: Path, safety_scan: Scan) -> None:
    done = safety_scan(".")
    assert (done.returncode, done.stderr) == (1, "")
    shown = done.stdout.splitlines()
    assert shown[0] == "src/shop.env"
    assert shown[1] == "  2:8      high     github (pattern)"
    assert shown[2].startswith("    GitHub token. It has the form of one")
    assert re.search(r"^  3:15 +high +assigned-bare .pattern.$", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^    fingerprint [0-9a-f]{16}$", done.stdout, re.MULTILINE)) == 2
    assert shown[-1] == "2 findings in 1 file; scanned 2 files, 0.1 kB; skipped 1 (binary)."
    assert max(map(len, shown[:-1])) <= 80
    assert "\x1b" not in done.stdout


def test_quiet(dirty: Path, safety_scan: Scan) -> None:
    assert "scanned" not in safety_scan("-q", "src").stdout
    assert safety_scan("-q", "src/clean.py").stdout == ""


OWN = {
    "patterns/till.yaml": b"patterns:\n  - {id: till, title: Till token, expression: 'till_[a-z]{12}'}\n",
    **SOURCES,
}


@pytest.fixture
def own(folder: Path) -> Path:
    """A shop's own policy, as a folder and as a bundle, and a text that only it finds something in."""
    for name, raw in OWN.items():
        (folder / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "own" / name).write_bytes(raw)
    (folder / "own.tar.gz").write_bytes(pack(compile_sources(OWN, tenant="one")))
    (folder / "log.txt").write_text("said till_abcdefghijkl\n")
    return folder


@pytest.mark.parametrize("options", [("--policies", "own"), ("--bundle", "own.tar.gz")])
def test_a_shops_own_policy(own: Path, safety_scan: Scan, options: tuple[str, str]) -> None:
    assert safety_scan("log.txt").returncode == 0
    done = safety_scan(*options, "--format", "json", "log.txt")
    assert [finding["rule"] for finding in json.loads(done.stdout)["findings"]] == ["till"]
    assert safety_scan(*options, "--explain", "till").stdout.startswith("till: Till token")
    answer = json.loads(safety_scan(*options, stdin='{"id": "1", "text": "till_abcdefghijkl"}').stdout)
    assert [finding["rule"] for finding in answer["findings"]] == ["till"]


def test_two_policies_are_one_too_many(own: Path, safety_scan: Scan) -> None:
    done = safety_scan("--policies", "own", "--bundle", "own.tar.gz", "log.txt")
    assert done.returncode == 2
    assert done.stderr == "error: --bundle and --policies: cannot both be given. Fix: leave one out\n"


def test_a_plain_text_from_a_pipe(folder: Path, safety_scan: Scan) -> None:
    (folder / "notes.txt").write_text("hello\n")
    done = safety_scan("--format", "json", "-", "notes.txt", stdin=f"one\ntoken {TOKEN}\n")
    assert done.returncode == 1
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["path"], finding["line"], finding["column"]) == ("stdin", 2, 7)
    assert safety_scan("-", stdin="hello\n").returncode == 0
    assert "stdin: is larger than 1 MiB" in safety_scan("--max-size", "1", "-", stdin="hello\n" * 200_000).stdout


def test_standard_input_is_read_for_one_thing_only(folder: Path, safety_scan: Scan) -> None:
    for files in ((), ("-",)):
        done = safety_scan("--secrets", "-", *files, stdin="{}")
        assert (done.returncode, done.stdout) == (2, "")
        assert "cannot be both the secrets and the text" in done.stderr


def test_known_secrets_in_files(folder: Path, safety_scan: Scan) -> None:
    (folder / "known.json").write_text(json.dumps({"OVEN": RANDOM}))
    (folder / "log.txt").write_text(f"said {RANDOM[:10]} {RANDOM[10:]}\n")
    done = safety_scan("--secrets", "known.json", "--format", "json", "log.txt")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["rule"], finding["severity"], finding["column"]) == ("registered", "critical", 6)


def test_a_place_is_allowed_and_reported_when_it_is_gone(dirty: Path, safety_scan: Scan) -> None:
    lines = safety_scan("--fingerprints", ".").stdout
    (dirty / ".safety-allow").write_text(lines)
    refused = safety_scan(".")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: .safety-allow, line 2: gives no reason. Fix: ")
    (dirty / ".safety-allow").write_text(re.sub(r"#$", "# revoked in May", lines, flags=re.MULTILINE))
    allowed = safety_scan(".")
    assert allowed.returncode == 0
    assert "; 2 allowed;" in allowed.stdout
    assert safety_scan("--allow", ".safety-allow", "src").returncode == 0
    (dirty / "src/shop.env").write_text("# settings\n")
    gone = safety_scan(".")
    assert gone.returncode == 0
    assert gone.stdout.count("stands for nothing any more. Fix: remove it\n") == 2
    assert "nothing any more" not in safety_scan("src/clean.py").stdout


def test_what_was_allowed_is_found_again_when_its_line_changes(dirty: Path, safety_scan: Scan) -> None:
    lines = safety_scan("--fingerprints", ".").stdout
    (dirty / ".safety-allow").write_text(re.sub(r"#$", "# revoked in May", lines, flags=re.MULTILINE))
    (dirty / "src/shop.env").write_text(f"more\nlines\nabove\nGITHUB={TOKEN}\nSHOP_PASSWORD={RANDOM}\n")
    assert safety_scan(".").returncode == 0
    (dirty / "src/shop.env").write_text(f"LIVE_GITHUB={TOKEN}\nSHOP_PASSWORD={RANDOM}\n")
    assert safety_scan(".").returncode == 1


def test_excluded_files(dirty: Path, safety_scan: Scan) -> None:
    assert "skipped 1 (binary), 1 (excluded)" in safety_scan("--exclude", "*.env", ".").stdout
    assert safety_scan("--exclude", "src", ".").returncode == 0
    assert safety_scan("--exclude", "*.env", "src/shop.env").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("nowhere.txt",), "does not exist"),
        (("--format", "xml", "src"), "'xml' is not one of"),
        (("--max-size", "0", "src"), "--max-size"),
        (("--allow", "nowhere", "src"), "does not exist"),
        (("--format", "json"), "--format is for FILES, and there are none"),
        (("--exclude", "x"), "--exclude is for FILES"),
        (("--explain", "githbu"), "rule 'githbu': does not exist. Fix: did you mean github"),
        (("--output", "nowhere/report", "src"), "No such file"),
    ],
)
def test_bad_usage(dirty: Path, safety_scan: Scan, arguments: tuple[str, ...], error: str) -> None:
    done = safety_scan(*arguments)
    assert done.returncode == 2
    assert error in done.stderr
    assert done.stdout == ""


def test_a_named_file_that_is_too_large_is_refused_and_others_are_counted(dirty: Path, safety_scan: Scan) -> None:
    (dirty / "src/dump.sql").write_text("-- nothing\n" * 100_000)
    walked = safety_scan("--max-size", "1", "src")
    assert walked.returncode == 1
    assert "1 (larger than 1 MiB)" in walked.stdout
    named = safety_scan("--max-size", "1", "src/dump.sql", "src/clean.py")
    assert named.returncode == 2
    assert "error: src/dump.sql: is larger than 1 MiB" in named.stdout
    assert "could not look into 1" in named.stdout
    assert safety_scan("src/dump.sql").returncode == 0


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_a_report_goes_into_a_file(dirty: Path, safety_scan: Scan, form: str) -> None:
    shown = safety_scan("--format", form, "src")
    kept = safety_scan("--format", form, "--output", "report", "src")
    assert (kept.returncode, kept.stdout) == (1, "")
    assert kept.stderr.startswith("2 findings in 1 file")
    report = (dirty / "report").read_text()
    assert report.split("\n")[0] == shown.stdout.split("\n")[0]
    assert TOKEN not in report


def test_a_pipe_is_a_file(folder: Path, safety_scan: Scan) -> None:
    os.mkfifo(folder / "pipe")
    writer = threading.Thread(target=(folder / "pipe").write_text, args=(f"token {TOKEN}\n",), daemon=True)
    writer.start()
    done = safety_scan("pipe")
    writer.join()
    assert done.returncode == 1
    assert "  1:7 " in done.stdout


def test_a_file_name_cannot_command_the_terminal(folder: Path, safety_scan: Scan) -> None:
    (folder / "a\x1b[2Jb\n.txt").write_text(TOKEN)
    done = safety_scan(".")
    assert done.stdout.startswith("a\\x1b[2Jb\\n.txt\n")


def test_a_name_that_is_no_text(folder: Path, safety_scan: Scan) -> None:
    Path(os.fsdecode(b"caf\xe9.txt")).write_text(TOKEN)
    for form in ("text", "json", "jsonl", "sarif", "fingerprints"):
        assert safety_scan("--format", form, ".").returncode == 1
    sarif = json.loads(safety_scan("--format", "sarif", ".").stdout)
    (result,) = sarif["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "caf%E9.txt"


def test_explain(folder: Path, safety_scan: Scan) -> None:
    done = safety_scan("--explain", "github")
    assert done.returncode == 0
    assert done.stdout.startswith("github: GitHub token\n")
    assert "looks for  ghp_ <36 " in done.stdout
    assert "policies/patterns/code.yaml" in done.stdout
