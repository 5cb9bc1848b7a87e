#!/bin/sh
# Builds the bundle for one system: ./build.sh OS ARCH DIRECTORY
# OS and ARCH are Go's, such as darwin arm64. DIRECTORY has what is in spanpipe's release archive for that system.
set -eu
os=$1 arch=$2 spanpipe=$3
output=$PWD/weather-$os-$arch.mcpb
exe=
[ "$os" != windows ] || exe=.exe

bundle=$(mktemp -d)
trap 'rm -rf "$bundle"' EXIT
cd -- "$(dirname -- "$0")"
mkdir "$bundle/server" "$bundle/licenses"
CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -C server -trimpath -ldflags='-s -w' -o "$bundle/server/weather$exe" .
cp "$spanpipe/spanpipe$exe" "$bundle/server/"
cp "$spanpipe/LICENSE" "$spanpipe/THIRD_PARTY_NOTICES.md" "$bundle/licenses/"
cp manifest.json PRIVACY.md "$bundle/"
mcpb pack "$bundle" "$output"
