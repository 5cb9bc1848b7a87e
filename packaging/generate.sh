#!/usr/bin/env bash
# generate writes what releases bring along and the repository does not have as it is: the manual page, the completion scripts, and copies
# of docs/ and deploy/ for packages, without the programs that generate them. goreleaser runs it before it builds (.goreleaser.yaml).
#
#   packaging/generate.sh VERSION DATE
#
# The files, below packaging/generated, depend on the commit alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$1 date=$2

out=packaging/generated
rm -rf "$out"
mkdir -p "$out"/{man,completions,deb}

# The commands of this machine's binary are those of all. Flags are the release's, so that this build is that of the release.
program=$(mktemp -d)
trap 'rm -rf "$program"' EXIT
CGO_ENABLED=0 GOFLAGS='' GOOS='' GOARCH='' go build -trimpath -tags grpcnotrace,urfave_cli_no_docs \
	-ldflags "-s -w -X main.version=$version -X main.date=$date" -o "$program/spanpipe" .
"$program/spanpipe" man >"$out/man/spanpipe.1"
"$program/spanpipe" completion bash >"$out/completions/spanpipe.bash"
"$program/spanpipe" completion zsh >"$out/completions/_spanpipe"
"$program/spanpipe" completion fish >"$out/completions/spanpipe.fish"
"$program/spanpipe" completion powershell >"$out/completions/spanpipe.ps1"

# -n leaves out the name and time of the source.
gzip -9n <"$out/man/spanpipe.1" >"$out/man/spanpipe.1.gz"
gzip -9n <CHANGELOG.md >"$out/deb/changelog.gz"
cat packaging/copyright THIRD_PARTY_NOTICES.md >"$out/deb/copyright"

git ls-files -z docs deploy ':!deploy/generate' ':!deploy/package' | xargs -0 cp --parents -t "$out"
# Packages keep modes and times, which would be those of the checkout.
find "$out" -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
find "$out" -exec touch -d "$date" {} +
