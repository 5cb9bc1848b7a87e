package doctor

import (
	"path/filepath"
	"slices"
	"strings"
)

// Runtime is what a server is written for, with the lines that mend what servers get wrong.
type Runtime struct {
	Name              string
	programs, endings []string // of its commands, and of files among the arguments
	Log, End, Term    string   // how to write a log, to end with the input, and to end at SIGTERM
}

var runtimes = []Runtime{
	{
		Name:     "Node",
		programs: []string{"node", "npx", "npm", "pnpm", "yarn", "bun", "bunx", "deno", "tsx", "ts-node"},
		endings:  []string{".js", ".mjs", ".cjs", ".ts", ".mts"},
		Log:      "console.error(…), not console.log(…)",
		End:      `process.stdin.on("end", () => process.exit(0))`,
		Term:     `process.on("SIGTERM", () => process.exit(0))`,
	},
	{
		Name:     "Python",
		programs: []string{"python", "python3", "uv", "uvx", "pipx", "poetry", "rye", "hatch"},
		endings:  []string{".py"},
		Log:      "print(…, file=sys.stderr), or logging, which writes there",
		End:      "return from main when sys.stdin ends, and start threads with daemon=True",
		Term:     "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))",
	},
	{
		Name: "Go", programs: []string{"go"}, endings: []string{".go"},
		Log:  "log.Print(…), or fmt.Fprintln(os.Stderr, …)",
		End:  "return from main when reading os.Stdin returns io.EOF",
		Term: "ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)",
	},
	{
		Name: "Java", programs: []string{"java", "jbang"}, endings: []string{".jar"},
		Log:  "System.err.println(…), and a logger whose appender is stderr",
		End:  "System.exit(0) when System.in ends",
		Term: "end the threads that a shutdown hook waits for",
	},
	{
		Name: "Docker", programs: []string{"docker", "podman"},
		Log:  "in the container, write logs to stderr; do not use docker run -t, which mixes both",
		End:  "docker run -i --rm --init",
		Term: "docker run --init",
	},
}

// RuntimeOf guesses what a server is written for from its command. It returns general advice if nothing is known.
func RuntimeOf(command []string) Runtime {
	for _, word := range command {
		name := programName(word)
		for _, r := range runtimes {
			if slices.Contains(r.programs, name) || slices.Contains(r.endings, filepath.Ext(name)) {
				return r
			}
		}
	}
	return Runtime{Log: "a program's standard error", End: "end when reading stdin returns its end", Term: "end at SIGTERM"}
}

// programName returns a command's name without its directory and the ending of Windows.
func programName(command string) string {
	name := strings.ToLower(command[strings.LastIndexAny(command, `/\`)+1:])
	for _, ending := range []string{".exe", ".cmd", ".bat", ".ps1"} {
		name = strings.TrimSuffix(name, ending)
	}
	return name
}
