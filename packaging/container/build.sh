#!/usr/bin/env bash
# build makes the container image of a release from its archives, for both platforms, without a daemon and without pulling anything.
#
#   packaging/container/build.sh DIRECTORY IMAGE REVISION
#
# DIRECTORY has the archives of Linux, IMAGE is the name of the manifest list, REVISION the commit. Buildah's own variables apply.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$1 image=$2 revision=$3

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
for machine in amd64 arm64; do
	archives=("$directory"/spanpipe_*_linux_"$machine".tar.gz)
	[[ ${#archives[@]} -eq 1 && -f ${archives[0]} ]] || { echo "build: want one archive for $machine in $directory" >&2; exit 1; }
	mkdir -p "$context/linux/$machine"
	tar -xzf "${archives[0]}" -C "$context/linux/$machine" spanpipe
done
tar -xzf "${archives[0]}" -C "$context" LICENSE THIRD_PARTY_NOTICES.md
version=$(basename "${archives[0]}" _linux_arm64.tar.gz)

# The time of the binary is that of the commit; with it, the same archives make the same image.
time=$(stat -c %Y "$context/linux/amd64/spanpipe")
buildah bud --layers=false --timestamp "$time" --manifest "$image" --platform linux/amd64,linux/arm64 \
	--build-arg VERSION="${version#spanpipe_}" --build-arg REVISION="$revision" --build-arg CREATED="$(date -u -d "@$time" +%FT%TZ)" \
	--file "$here/Dockerfile" "$context"
