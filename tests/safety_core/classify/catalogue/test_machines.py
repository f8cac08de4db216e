"""Machines from a description, machines in machines, and what changes many at once."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

GREEN = r"""
terraform plan
terraform state list
terraform fmt -check
terraform validate
terraform output -json
terraform -chdir=infra plan
terragrunt plan
pulumi preview
pulumi stack ls
pulumi config get x
cdk diff
cdk synth -q
packer fmt -check .
packer validate x
ansible-doc -l
nomad status
consul members
vagrant status
virsh list --all
qemu-img info a
terraform graph | dot -Tpng
terraform providers
pulumi stack output
ansible-playbook site.yml --list-hosts
virsh dumpxml vm
nomad job plan a.nomad
consul kv get a
"""

YELLOW = r"""
ansible-playbook site.yml --check --diff
terraform plan -out=tf.plan
terraform apply
terraform import a b
terraform fmt
pulumi up
packer build .
ansible-galaxy install x
vagrant up
terragrunt apply
packer init .
"""

EXTERNAL = r"""
ansible all -m ping
ansible all -i hosts -a uptime
ansible-playbook site.yml
ansible all -a uptime
ansible web -m apt -a 'name=nginx state=present'
ansible web -a uptime
ansible web -m copy -a 'src=a dest=/b'
ansible web -m shell -a 'ls /' --check
"""

RED = r"""
terraform apply -auto-approve
terraform destroy
terraform apply -destroy
terraform state rm a.b
terraform taint a
terraform force-unlock x
terraform workspace delete x
terraform login
terraform state push x
pulumi up -y
pulumi state delete urn
pulumi cancel
cdk destroy
ansible-vault view secrets.yml
nomad job stop x
nomad system gc
vagrant destroy -f
virsh destroy vm
terraform state mv a b
terraform apply -replace=a.b
ansible web -b -m service -a 'name=nginx state=stopped'
vagrant ssh -c 'rm -rf data'
ansible all -m file -a 'path=/srv/a state=absent'
ansible web -m service -a 'name=nginx state=stopped'
"""

CRITICAL = r"""
terraform destroy -auto-approve
tofu destroy -auto-approve
terragrunt run-all destroy
pulumi destroy -y
pulumi stack rm x
ansible all -m shell -a 'rm -rf /'
consul kv delete -recurse x
virsh undefine vm --remove-all-storage
ansible web -a 'rm -rf /srv'
ansible web -m shell -a 'rm -rf /'
ansible web -m shell -a 'cmd="rm -rf /srv"'
"""


@pytest.mark.parametrize(("level", "command"), by_level(GREEN, YELLOW, EXTERNAL, RED, CRITICAL))
def test_level(judging: Judging, level: Level, command: str) -> None:
    verdict = judging.verdict(judging.shell(command))
    assert verdict.level is level, verdict.hits
