"""Prefixes, subcommands that mean the same below every group, options that are judged by their values."""

from __future__ import annotations

import pytest

from safety_core.model.facts import Kind, TargetKind
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
