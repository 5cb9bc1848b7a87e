#!/bin/sh
# The package manager runs this before it removes or updates spanpipe. Wrapped servers of MCP clients do not start without spanpipe,
# and a package may not write into the files of users: so it tells them what to do.
#
# The argument is "remove", "upgrade", "deconfigure" or "failed-upgrade" from dpkg; from rpm it is how many versions stay: 0 if it is
# removed, 1 or more if it is updated.
case ${1:-} in
remove | 0)
	cat >&2 <<-'END'
		spanpipe: MCP servers that clients start through spanpipe do not start any more once it is removed
		spanpipe: hint: before, each user runs: spanpipe uninstall; afterwards, see https://github.com/spanpipe/spanpipe/blob/main/docs/clients.md#updating-and-removing
	END
	;;
esac
exit 0
