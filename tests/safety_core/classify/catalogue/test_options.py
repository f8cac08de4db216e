"""Prefixes, subcommands that mean the same below every group, options that are judged by their values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from safety_core.classify.catalogue import Entry, Spec, compiled
from safety_core.classify.shell.long_options import listed
from safety_core.model.facts import Facts, Kind, TargetKind
from safety_core.model.level import Level
from tests.simulators.judging import Judging


@pytest.mark.parametrize(
    ("command", "level"),
    [
        ("gcloud preview storage ls", Level.GREEN),
        ("gcloud beta compute disks delete d", Level.RED),
        ("gcloud compute disks list delete", Level.GREEN),
        ("az iot hub policy show", Level.RED),
        ("kubectl get deploy,secret -o yaml", Level.RED),
        ("kubectl get secret -o name", Level.GREEN),
        ("kubectl get secret --output=wide", Level.GREEN),
        ("kubectl delete svc a --dry-run=server", Level.GREEN),
        ("kubectl delete svc a --dry-run=false", Level.RED),
        ("helm uninstall a --dry-run=none", Level.RED),
        ("docker run --privileged=false alpine", Level.YELLOW),
        ("azcopy copy a b --dry-run=false", Level.YELLOW),
        ("aws s3 ls --endpoint-url https://other.example", Level.YELLOW_EXTERNAL),
        ("aws s3 ls --endpoint-url http://127.0.0.1:9000", Level.GREEN),
        ("aws s3 cp s3://shop/a -", Level.GREEN),
        ("aws s3 cp s3://shop/a s3://other/a", Level.YELLOW_EXTERNAL),
        ("kubectl run a --image=b -- curl https://other.example", Level.YELLOW_EXTERNAL),
        ("kubectl exec a -- curl http://localhost:80", Level.GREEN),
        ("docker exec a curl https://other.example", Level.GREEN),
        ("argocd -h", Level.GREEN),
        ("redis-cli DEL a --help", Level.RED),
        ("redis-cli -n 1 GET a --version", Level.GREEN),
        ("redis-cli config set maxmemory 1 --help", Level.RED),
        ("redis-cli --help", Level.GREEN),
        ("supervisorctl stop bakery --help", Level.RED),
        ("supervisorctl tail -f bakery", Level.GREEN),
        ("supervisorctl --help", Level.GREEN),
        ("rndc -s ns.example delzone bread.example -h", Level.RED),
        ("rndc status", Level.GREEN),
        ("git branch --del main", Level.YELLOW),
        ("git branch --forc main", Level.RED),
        ("pulumi nonsense", Level.YELLOW),
    ],
)
def test_level(judging: Judging, command: str, level: Level) -> None:
    verdict = judging.verdict(judging.shell(command))
    assert verdict.level is level, verdict.hits


def test_a_group_that_changes_rights_does_so_in_all_its_subcommands_but_reads(judging: Judging) -> None:
    assert Kind.PERMISSION in judging.kinds("aws iam tag-role --role-name r")
    assert judging.kinds("aws iam list-roles") == {Kind.READ}
    assert Kind.PERMISSION in judging.kinds("az role assignment create --assignee a")


def test_a_subcommand_says_what_it_does_and_not_what_its_program_is_for(judging: Judging) -> None:
    assert judging.action("wrangler secret put A", Kind.CREDENTIAL).words == "works with passwords or keys"
    assert judging.action("wrangler deploy", Kind.WRITE).words == "works with a shop's sites and programs"


def test_a_copy_into_a_store_names_both_ends(judging: Judging) -> None:
    targets = judging.action("aws s3 cp report.csv s3://shop/a", Kind.OUTWARD).targets
    assert [target.kind for target in targets] == [TargetKind.PATH, TargetKind.HOST]


def test_a_place_in_a_container_is_no_path_of_this_machine(judging: Judging) -> None:
    targets = judging.action("docker cp web:/etc/hosts out", Kind.WRITE).targets
    assert {target.kind for target in targets} == {TargetKind.DATA, TargetKind.PATH}


WITH_FREE_OPTIONS = frozenset(
    {
        "echo",  # whatever it is given is text
        *("export", "declare", "typeset", "local", "readonly", "unset"),  # the shell reads these itself, and refuses
        # Clouds whose commands have thousands of parameters, each a plainly named field of a request
        *("aws", "aws2", "awslocal", "aws.cmd", "az", "az.cmd", "gcloud", "gcloud.cmd", "oci", "ibmcloud", "bluemix"),
        *("aliyun", "alicloud", "ros", "tencentcloud", "tccli", "hcloud-kookcli"),
        *("linode-cli", "linode", "linode-cli.exe"),
    }
)


def _lines(entry: Entry, path: str) -> Iterator[str]:
    """Yield the command line of an entry and of each subcommand below it, where it may be a read."""
    if entry.spec.kind in {None, Kind.READ}:
        yield path
    if entry.verbs is not None:
        yield f"{path} {'thing ' * entry.verbs}list"
    for name, child in entry.commands.items():
        yield from _lines(child, f"{path} {name}")


def _silent(facts: Facts) -> bool:
    """Tell whether facts could come out green: only reads, all of it understood."""
    return not facts.unknown and all(action.kind is Kind.READ for action in facts.actions)


def test_an_option_that_nobody_listed_is_understood_by_no_program(judging: Judging) -> None:
    catalogue, programs = compiled(judging.catalogue), judging.catalogue["programs"]
    assert isinstance(programs, dict)
    firsts = {names.partition(",")[0].strip() for names in programs} - WITH_FREE_OPTIONS
    entries = {name: catalogue.program(name) for name in firsts}
    lines = [
        line.replace(" ", " --unheard-of ", 1) + " x" if entry.posix else f"{line} --unheard-of x"
        for name, entry in entries.items()
        if entry is not None
        for line in _lines(entry, name)
    ]
    assert [line for line in lines if _silent(judging.shell(line))] == []


@pytest.mark.parametrize("option", ["--limit 5", "--project till", "--json", "--no-headers"])
def test_clients_of_services_share_options_that_choose_what_is_shown(judging: Judging, option: str) -> None:
    assert judging.level(f"linear issue list {option}") is Level.GREEN
    assert judging.shell(f"nm {option.split(maxsplit=1)[0]}").unknown


@pytest.mark.parametrize("command", ["xargs", "ls | xargs -n 1", "timeout 5", "nohup", "stdbuf -o L", "watch -n 2"])
def test_a_wrapper_without_a_command_does_nobody_knows_what(judging: Judging, command: str) -> None:
    assert any("a command to run is missing" in doubt for doubt in judging.shell(command).unknown)


@pytest.mark.parametrize("command", ["env", "nice", "taskset -p 7", "flock 9", "timeout --version", "numactl -H"])
def test_some_wrappers_make_sense_alone(judging: Judging, command: str) -> None:
    assert judging.level(command) is Level.GREEN


def test_a_switch_that_is_given_a_value_is_not_understood_where_options_are_whole_words(judging: Judging) -> None:
    assert judging.level("exiftool -Artist a.jpg") is Level.GREEN
    assert judging.level("exiftool -Artist=me a.jpg") is Level.YELLOW
    assert judging.level("terraform version -json=true") is Level.GREEN


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("--del", Kind.DESTROY),
        ("--delete-l", None),
        ("--out", Kind.WRITE),
        ("--si", None),
        ("--d", None),
        ("--zz", None),
    ],
)
def test_an_abbreviated_option_is_the_gravest_that_it_could_be(name: str, kind: Kind | None) -> None:
    entry = compiled(
        {
            "programs": {
                "till": {
                    "flags": "--delete-later --simple",
                    "options": {
                        "--delete-note, --output-form": "write",
                        "--delete": "destroy",
                        "--output-read": "read+milder",
                        "--delete-try": "dry",
                    },
                }
            }
        }
    ).program("till")
    assert entry is not None
    found = listed(entry, name, {})
    assert (None if found is None else found.kind) is kind


def test_of_options_without_effects_the_one_that_names_something_is_the_gravest() -> None:
    options = {"--from": Spec(takes="text"), "--from-file": Spec(takes="path"), "--fromage": Spec()}
    assert listed(Entry("till", options=options), "--fro", {}) == Spec(takes="path")
    traits = {"--all-in": Spec(traits=frozenset({"milder"})), "--all-out": Spec(traits=frozenset({"mass"}))}
    assert listed(Entry("till", options=traits), "--all", {}) == traits["--all-out"]
    assert listed(Entry("till", options=traits), "--all", {"--all": Spec()}) is None
