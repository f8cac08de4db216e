"""Git and its neighbours, by the manual: what reads, changes, loses work, and runs other programs."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

GREEN = r"""
git
git --version
git status -sb
git -C sub -P log --oneline --graph --all -20
git log -S word --since=2.weeks -- src
git show --stat HEAD~1:README.md
git diff --cached --word-diff=color -U5
git diff --no-index a b
git blame -L 3,9 -w a.py
git grep -n -i -e word -- src
git branch
git branch -vv --sort=-committerdate
git branch --list 'fix/*'
git branch --show-current
git tag -l 'v*' --sort=-v:refname
git tag
git remote -v
git remote get-url origin
git stash list
git stash show -p stash@{1}
git config --get user.name
git config user.name
git config --list --show-origin
git reflog -5
git worktree list --porcelain
git submodule status --recursive
git rev-parse --show-toplevel
git ls-files -o --exclude-standard
git ls-remote --heads origin
git describe --tags --always --dirty
git cat-file -p HEAD
git for-each-ref --format='%(refname)' refs/heads
git clean -ndx
git push --dry-run origin main
git add -n .
git apply --stat a.patch
git format-patch --stdout HEAD~3
git notes show HEAD
git lfs ls-files
git archive HEAD
git bundle verify a.bundle
git push --help
git help rebase
git show HEAD:src/a.py
git log fix/credentials
git difftool --tool-help
git sparse-checkout list
git replace -l
svn status -v
svn log -l 5
hg status
hg log -l 3 -G
hg branch
jj
jj log -r 'trunk()..' -n 5
jj git remote list
fossil timeline -n 5
bzr missing
darcs log --last 3
sl smartlog
repo status
"""

YELLOW = r"""
git add -A
git commit -m "drop table and rm -rf ~"
git commit --amend --no-edit
git fetch --all --prune
git pull --rebase
git clone https://example.com/a/b.git
git merge --abort
git rebase main
git cherry-pick abc
git stash
git stash pop
git switch -c topic
git checkout main
git checkout -b topic origin/topic
git branch topic
git branch -d merged
git tag v1
git restore --staged a.py
git rm --cached -r build
git reset HEAD~1
git config user.name Ada
git remote add origin https://example.com/a.git
git remote frobnicate
git submodule update --init
git worktree add ../x
git bisect run make test
git gc
git log --output=a.txt
git log --ext-diff
git log --no-such-option
git grep -O word
git difftool
git frobnicate
git archive -o a.tar HEAD
git -c core.fsmonitor=/tmp/x status
git -c protocol.ext.allow=always ls-remote origin
git --config-env=core.sshCommand=X log
svn update
svn --config-option config:tunnels:ssh=/tmp/x info
hg pull -u
hg --config alias.log=!ls log
jj new
jj describe -m x
"""

EXTERNAL = r"""
git push
git push -u origin topic
git push --tags
git send-email --to=a@example.com x.patch
git lfs push origin main
git svn dcommit
svn commit -m x
hg push
jj git push
fossil push
darcs send
repo upload
"""

RED = r"""
git push --force
git push -f origin main
git push --mirror
git push --delete origin topic
git push origin :topic
git push origin +main
git reset --hard
git reset --hard HEAD~5
git checkout -- .
git checkout .
git checkout -f
git checkout main a.py
git switch --discard-changes main
git restore a.py
git restore -SW a.py
git clean -fdx
git branch -D topic
git branch -f main HEAD~5
git tag -d v1
git stash drop
git stash clear
git reflog expire --expire=now --all
git gc --prune=now
git prune
git filter-branch --all
git filter-repo --path a
git update-ref -d refs/heads/x
git rm -r src
git worktree remove --force ../x
git remote remove origin
git notes prune
git credential fill
git show HEAD:.env
git diff --no-index /dev/null ~/.ssh/id_rsa
git blame --contents /etc/shadow a.py
git-filter-repo --path a
svn revert -R .
svn delete a
hg strip 3
jj abandon x
jj op restore x
fossil purge
fossil ui
repo abandon x
"""

CRITICAL = r"""
git config alias.x '!rm -rf ~'
git -c alias.x='!rm -rf ~' x
git clone 'ext::rm -rf ~'
git clone -u 'rm -rf ~' a b
git fetch --upload-pack 'rm -rf ~'
git push --receive-pack='rm -rf ~' origin
git submodule foreach 'rm -rf ~'
git bisect run rm -rf ~
git rebase -x 'rm -rf ~' main
git difftool -x 'rm -rf ~'
git filter-branch --tree-filter 'rm -rf ~'
git send-email --sendmail-cmd='rm -rf ~' x
hg --config 'alias.x=!rm -rf ~' x
"""


@pytest.mark.parametrize(("level", "line"), by_level(GREEN, YELLOW, EXTERNAL, RED, CRITICAL))
def test_git(judging: Judging, level: Level, line: str) -> None:
    assert judging.level(line.replace("\\n", "\n")) is level
