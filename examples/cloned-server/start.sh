#!/bin/sh
# Starts the server: behind spanpipe if you have turned telemetry on (WORDS_TELEMETRY=1), and otherwise alone.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1

if [ -n "${SPANPIPE_TELEMETRY:-}" ]; then
	: # your own telemetry, which goes where you want, or is off
else
	case ${WORDS_TELEMETRY:-} in
	1 | true | on) ;;
	*) exec python3 "$here/server.py" "$@" ;;
	esac
	# What PRIVACY.md says, and no more: settings and keys that you have for other telemetry are not for ours. A veto counts.
	for name in $(env | awk -F= '/^(SPANPIPE|OTEL)_[A-Z0-9_]*=/ && $1 !~ /OTEL_SDK_DISABLED$/ { print $1 }'); do
		unset "$name"
	done
	set -a
	# shellcheck disable=SC1091
	. "$here/telemetry.env"
	set +a
fi

if ! command -v spanpipe >/dev/null; then
	echo "word-server: spanpipe is not installed, so there is no telemetry" >&2
	exec python3 "$here/server.py" "$@"
fi
exec spanpipe -- python3 "$here/server.py" "$@"
