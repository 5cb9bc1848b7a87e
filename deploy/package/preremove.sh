#!/bin/sh
# What the package's manager runs before it removes or updates spanpipe. Servers of MCP clients that are wrapped do not start without
# spanpipe, and a package may not write into the files of users: so it says what they have to do.
#
# The argument is "remove", "upgrade", "deconfigure" or "failed-upgrade" from dpkg; from rpm it is how many versions stay: 0 if it is
# removed, 1 or more if it is updated.
case ${1:-} in
remove | 0)
	cat >&2 <<-'END'
		spanpipe: servers of MCP clients that start through spanpipe will not start any more once it is removed
		spanpipe: hint: each user first runs: spanpipe uninstall; see them with: spanpipe clients
	END
	;;
esac
exit 0
