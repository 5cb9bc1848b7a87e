package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst puts the flags of a command of ours before its arguments, since the library takes no flag behind one:
// "show 5 --failed" is what people write. Arguments of servers are not affected: they follow "--", or the server's name.
func flagsFirst(program *cli.App, args []string) []string {
	at := 1
	for at < len(args) && strings.HasPrefix(args[at], "-") {
		at += flagLength(program.Flags, args[at:])
	}
	if at >= len(args) {
		return args
	}
	i := slices.IndexFunc(program.Commands, func(c *cli.Command) bool { return c.HasName(args[at]) })
	if i < 0 || takesServer(program.Commands[i]) && !takesFile(program.Commands[i]) {
		return args
	}
	var flags, others []string
	for rest := args[at+1:]; len(rest) > 0; {
		if len(rest[0]) < 2 || rest[0][0] != '-' {
			if len(others) == 1 && takesServer(program.Commands[i]) { // where the server's command begins
				others = append(others, rest...)
				break
			}
			others, rest = append(others, rest[0]), rest[1:]
			continue
		}
		n := flagLength(program.Commands[i].Flags, rest)
		if n > len(rest) { // its value is missing, and an argument must not be taken for it
			others, n = nil, len(rest)
		}
		flags, rest = append(flags, rest[:n]...), rest[n:]
	}
	return slices.Concat(args[:at+1], flags, others)
}

// takesServer reports whether a command's arguments are a server's command, whose flags are its own.
func takesServer(c *cli.Command) bool { return strings.HasSuffix(c.UsageText, " command [args...]") }

// takesFile reports whether a file stands before the server's command.
func takesFile(c *cli.Command) bool { return strings.Contains(c.UsageText, " FILE [--] ") }

// flagLength returns how many arguments a flag takes, itself included.
func flagLength(flags []cli.Flag, args []string) int {
	name := strings.TrimLeft(args[0], "-")
	for _, f := range flags {
		if _, isBool := f.(*cli.BoolFlag); !isBool && slices.Contains(f.Names(), name) {
			return 2
		}
	}
	return 1
}
