"""Package managers, builders, linters: looking, installing, publishing, deleting."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

GREEN = r"""
npm ls --depth 0
npm view left-pad versions --json
npm outdated
npm audit --json
npm run
npm version
npm config get registry
npm whoami
npm --version
npm --help
npm config get prefix
make --version
pytest --version
xcrun simctl list devices
brew tap
npm access list collaborators a
yarn why left-pad
yarn list --depth=0
pnpm list -r --depth 1
pnpm why left-pad
pnpm -v
bun pm ls
bun outdated
nvm ls
fnm current
volta list
deno info a.ts
deno lint
deno fmt --check
pip list --outdated
pip show -f requests
pip freeze --local
pip index versions requests --pre
pip config list
pipx list --short
uv tree --depth 2
uv pip list
uv version
uv export --no-hashes
conda list -n base
conda env list
conda config --show
poetry show --tree
poetry check
poetry version
pyenv versions
coverage report -m
pre-commit validate-config
dvc status
cargo tree -d
cargo metadata --format-version 1 --no-deps
cargo search serde --limit 3
cargo fmt --check
cargo owner --list serde
cargo --version
rustup show
rustup toolchain list
rustup default --help
go version
go env GOPATH
go list -m -json all
go mod graph
go doc fmt.Println
gofmt -l .
gem list -l
gem sources
bundle outdated
bundle config
composer show --tree
composer validate
rake -T
dotnet --info
dotnet list package --outdated
mvn -v
gradle tasks
gradle dependencies
asdf current
mise ls --json
rbenv versions
rbenv local
xcodebuild -list
pod outdated
brew list --versions
brew info --json=v2 jq
brew deps --tree jq
brew search --cask firefox
brew services list
brew upgrade --dry-run
brew --prefix
apt list --installed
apt-cache policy bash
dpkg -l
dpkg -S /bin/ls
dnf repoquery --requires bash
rpm -qa
pacman -Qi bash
pacman -Ss word
apk info -vv
snap list --all
flatpak list --app
nix search nixpkgs jq
nix flake show
nix-env -q
port installed
ruff check src
ruff check --diff
ruff format --check
ruff rule E501
mypy --strict src
black --check .
eslint --max-warnings 0 src
prettier --check .
biome check src
shellcheck -x a.sh
yamllint -s .
shfmt -d a.sh
clang-format -n a.c
just --list
cmake --version
bazel query //...
turbo run build --dry
nx graph
"""

YELLOW = r"""
npm install left-pad
npm ci
npm test
rpm --eval %_libdir
nix search --option a b jq
gradle tasks -I x.gradle
npm run build
npm exec -- eslint src
npm version patch
npm cache clean --force
npm audit fix
npm config set registry https://example.com
npm ls --no-such-option
npx create-thing
yarn
yarn add x
yarn build
pnpm add x
pnpm eslint --fix src
bun install
bun test
nvm use 20
deno run a.ts
deno lint --fix
pip install requests
pip install --dry-run ./a
pip download requests
pipx run cowsay
uv sync
uv add x
uv run pytest
uvx ruff
uv version --bump patch
conda install x
conda env create -f a.yml
poetry add x
poetry version patch
pytest -k name
tox
black .
coverage run -m pytest
pre-commit run --all-files
cargo build --release
cargo test
cargo install --version 1.0 ripgrep
cargo add serde
cargo fmt
cargo clean
cargo tree --config build.rustc=/tmp/x
rustup update
go build ./...
go test ./...
go get example.com/m
go env -w GOFLAGS=-mod=mod
go list -toolexec /tmp/x all
gofmt -w .
gem install rake
bundle install
bundle exec rspec
composer require a/b
rake test
dotnet build
dotnet format
mvn package
mvn clean install
gradle publishToMavenLocal
gradle build
asdf install
rbenv local 3.3.0
xcodebuild -scheme A build
swift build
pod install
brew install jq
brew upgrade
nix build
nix-shell -p jq
ruff check --fix
ruff format .
eslint --fix src
eslint --rulesdir /tmp/x src
eslint --no-such-option src
prettier --write .
biome check --write src
clang-format -i a.c
make
make -n
just build
cmake -S . -B build
tsc
jest
simctl delete unavailable
brew nosuchcommand
"""

EXTERNAL = r"""
npm publish
yarn npm publish
pnpm publish
bun publish
poetry publish
uv publish
twine upload dist/a.whl
cargo publish
gem push a.gem
mvn deploy
mvn clean deploy -DskipTests
gradle clean :app:publish
gradle publish
dotnet nuget push a.nupkg
pod trunk push
hatch publish
make deploy
lerna publish
goreleaser release
mix hex.publish
nix copy --to ssh://a /nix/store/x
"""

RED = r"""
npm unpublish a
npm deprecate a@1 old
npm owner add a b
npm token create
npm login
npm config set //example.com/:_authToken x
npm config get //example.com/:_authToken
npm access grant read-write a b
npm dist-tag add a@1 latest
pip uninstall requests
pip config get global.token
uv pip uninstall x
conda remove x
conda env remove -n a
poetry config pypi-token.pypi x
cargo yank a@1
cargo owner --add x
cargo login
rustup self uninstall
gem yank a
gem uninstall a
gem owner a --add x
rails db:drop
rake db:reset
artisan migrate:fresh
dotnet nuget delete a 1
pod trunk delete a 1
brew uninstall jq
brew services stop x
apt install jq
apt-get remove jq
apt-get purge jq
dpkg -i a.deb
dpkg -r a
dnf install jq
rpm -e a
pacman -Syu
pacman -Rns a
apk add jq
snap remove x
flatpak uninstall x
nix store gc
nix-collect-garbage -d
port uninstall x
nixos-rebuild switch
make uninstall
sudo pip install x
"""

CRITICAL = r"""
npx -c 'rm -rf ~'
yarn exec rm -rf /
uv run rm -rf ~
cargo test && rm -rf ~
nix-shell --run 'rm -rf ~'
"""


@pytest.mark.parametrize(("level", "line"), by_level(GREEN, YELLOW, EXTERNAL, RED, CRITICAL))
def test_packages(judging: Judging, level: Level, line: str) -> None:
    assert judging.level(line.replace("\\n", "\n")) is level
