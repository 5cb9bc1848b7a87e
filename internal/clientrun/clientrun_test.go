package clientrun_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clientrun"
	"github.com/spanpipe/spanpipe/internal/proctree"
)

// process makes one of a line: its program, and its arguments if they are not the program alone.
func process(pid int, line string) proctree.Info {
	program, args, _ := strings.Cut(line, " | ")
	p := proctree.Info{PID: pid, Parent: pid - 1, Start: int64(1000 + pid), Program: program}
	if args != "" {
		p.Args = strings.Split(args, ", ")
	}
	return p
}

// TestFind looks for the client among ancestors as they have been seen with real clients. They are listed from our parent
// up, the last is the system's first process. The client is the one with "<".
func TestFind(t *testing.T) {
	for name, ancestors := range map[string]string{
		"Claude Code, native": `2.1.240 | claude <
			zsh | -zsh
			login | login, -fp, kim`,
		"Claude Code from npm": `node | claude <
			bash | bash`,
		"Claude Code by npx, and a server by npx": `node | npm exec spanpipe -- npx -y server-everything
			node | claude <
			sh | sh, -c, claude
			node | npm exec @anthropic-ai/claude-code
			bash | -bash`,
		"spanpipe's package by npx": `node | node, /home/kim/.npm/_npx/1f/node_modules/.bin/spanpipe, --, npx, -y, server
			sh | sh, -c, spanpipe -- npx -y server
			node | npm exec spanpipe -- npx -y server
			Cursor Helper (Plugin) | /Applications/Cursor.app/Contents/Frameworks/Cursor Helper (Plugin), --type=utility <
			Cursor | /Applications/Cursor.app/Contents/MacOS/Cursor`,
		"spanpipe's package by uvx": `python3.12 | /home/kim/.cache/uv/archive-v0/x/bin/python, /home/kim/.cache/uv/archive-v0/x/bin/spanpipe, --, server
			uv | uv, tool, uvx, spanpipe, --, server
			goosed | goosed, agent <`,
		"spanpipe's package by bunx": `bun | bun, /tmp/bunx-1000-spanpipe@latest/node_modules/.bin/spanpipe, --, server
			bun | bunx, spanpipe, --, server
			code | /usr/share/code/code, --type=utility, --utility-sub-type=node.mojom.NodeService <
			code | /usr/share/code/code`,
		"bun x, pnpm dlx, yarn dlx": `bun | bun, x, spanpipe
			node | node, /usr/lib/node_modules/pnpm/bin/pnpm.cjs, dlx, spanpipe
			node | node, --no-warnings, -r, /x/.pnp.cjs, /home/kim/.yarn/releases/yarn-4.9.1.cjs, dlx, spanpipe
			zed | zed <`,
		"python -m": `python3 | python3, -m, pipx, run, spanpipe
			python3 | python3, -X, utf8, /home/kim/agent.py <`,
		"Claude Desktop on macOS": `disclaimer | /Applications/Claude.app/Contents/Helpers/disclaimer, spanpipe, --, uvx, server
			Claude | /Applications/Claude.app/Contents/MacOS/Claude <
			launchd | /sbin/launchd`,
		"Claude Desktop on Windows": `cmd.exe | cmd.exe, /c, spanpipe.exe, --, npx, server
			Claude.exe | C:\Program Files\Claude\Claude.exe <
			explorer.exe | C:\Windows\Explorer.EXE`,
		"a shim of npm's on Windows": `node.exe | node.exe, C:\Users\kim\AppData\Roaming\npm\node_modules\npm\bin\npx-cli.js, spanpipe
			cmd.exe
			Code.exe <`,
		"VS Code's server": `sh | /bin/sh, -c, spanpipe -- server
			node | /home/kim/.vscode-server/bin/x/node, /home/kim/.vscode-server/bin/x/out/bootstrap-fork, --type=extensionHost <
			node | /home/kim/.vscode-server/bin/x/node, /home/kim/.vscode-server/bin/x/out/server-main.js`,
		"Codex": `codex | /usr/lib/node_modules/@openai/codex/vendor/x/codex/codex <
			node | node, /usr/bin/codex
			fish | fish`,
		"Gemini CLI, which starts itself again": `node | /usr/bin/node, --max-old-space-size=8192, /usr/bin/gemini <
			node | node, /usr/bin/gemini
			bash | -bash`,
		"a client that a version manager starts": `volta-shim | node
			mise | mise, x, --, spanpipe
			asdf | asdf, exec, spanpipe
			opencode | opencode <`,
		"a login shell for the environment": `zsh | /bin/zsh, -ilc, spanpipe -- server
			windsurf | windsurf <`,
		"sudo, env and others": `env | env, A=b, spanpipe
			timeout | timeout, 5, env
			sudo
			bwrap | bwrap, --ro-bind, /, /, spanpipe
			amp | amp <`,
		"a script is no client, its caller is": `bash | bash, /home/kim/bin/server.sh
			dash | /bin/sh, server.sh
			crush | crush <`,
		"an agent's command in a shell": `bash | /bin/bash, -c, -l, spanpipe try -- server
			2.1.240 | claude <`,
		"the client's own script in node": `node | node, --enable-source-maps, script.js <
			bash`,
		"a program on node's command line": `node | node, -e, spawn("spanpipe") <
			bash`,
		"another spanpipe": `spanpipe | spanpipe, --, spanpipe, --, server
			droid | droid <`,
		"the Inspector": `node | node, /x/node_modules/@modelcontextprotocol/inspector/cli/build/index.js, spanpipe <
			node | node, /x/node_modules/.bin/mcp-inspector
			sh | sh, -c, mcp-inspector
			node | npm exec @modelcontextprotocol/inspector`,

		"a person in a terminal": `bash | -bash
			gnome-terminal- | /usr/libexec/gnome-terminal-server`,
		"a person in VS Code's terminal": `bash | /bin/bash, --init-file, /usr/share/code/resources/shellIntegration-bash.sh
			code | /usr/share/code/code, --type=utility`,
		"a person in Alpine":             `busybox | sh`,
		"a person in tmux":               "sh | sh, -c, spanpipe -- server\ntmux | tmux, new",
		"a client on another machine":    "bash | bash, -c, spanpipe -- server\nsshd-session | sshd-session: kim@notty\nsshd | sshd: /usr/sbin/sshd -D",
		"an orphan of a desktop":         "systemd | /usr/lib/systemd/systemd, --user",
		"a container":                    "node | node, /usr/bin/npx-cli.js\nmcp-host <pid 1>",
		"the first process of a sandbox": `claude <pid 1>`,
		"Windows' subsystem for Linux":   "sh | sh, -c, spanpipe -- server\nSessionLeader | /init",
		"nothing":                        "",
	} {
		t.Run(name, func(t *testing.T) {
			var all []proctree.Info
			want, lines := 0, strings.Split(ancestors, "\n")
			for i, line := range lines {
				line = strings.TrimSpace(line)
				pid := 100 + len(lines) - i
				var first, here bool
				if line, first = strings.CutSuffix(line, " <pid 1>"); first {
					pid = 1
				}
				if line, here = strings.CutSuffix(line, " <"); here {
					want = pid
				}
				if line != "" {
					all = append(all, process(pid, line))
				}
			}
			got, ok := clientrun.Find(slices.Values(all))
			if got.PID != want || ok != (want != 0) {
				t.Errorf("the client is %+v, %v; want the process %d", got, ok, want)
			}
		})
	}
}

// TestFindNeedsTheStart: without its start, nothing distinguishes a process from a later one with its id.
func TestFindNeedsTheStart(t *testing.T) {
	p := process(100, "claude")
	p.Start = 0
	if got, ok := clientrun.Find(slices.Values([]proctree.Info{p})); ok {
		t.Errorf("the client is %+v, want none", got)
	}
}

// TestHashes: what is returned depends on everything that identifies, and shows none of it.
func TestHashes(t *testing.T) {
	key, p := []byte("key"), process(4711, "claude")
	run := clientrun.Run(key, "boot", p)
	later, other := p, p
	later.Start++
	other.PID++
	for what, different := range map[string]string{
		"another key": clientrun.Run([]byte("other"), "boot", p), "another boot": clientrun.Run(key, "reboot", p),
		"a later process": clientrun.Run(key, "boot", later), "another process": clientrun.Run(key, "boot", other),
	} {
		if different == run {
			t.Errorf("%s has the same run %s", what, run)
		}
	}
	if again := clientrun.Run(key, "boot", p); again != run || len(run) != 16 {
		t.Errorf("the run is %q, and then %q; want 16 hexadecimal digits", run, again)
	}

	environ := map[string]string{}
	lookup := func(name string) (string, bool) { v, ok := environ[name]; return v, ok }
	if got := clientrun.Session(key, lookup); got != "" {
		t.Errorf("without a variable the session is %q", got)
	}
	seen := map[string]string{}
	for _, one := range []struct{ name, id string }{
		{"CLAUDE_CODE_SESSION_ID", "0b8b72042b42"}, {"CLAUDE_CODE_SESSION_ID", "64934702"}, {"COPILOT_AGENT_SESSION_ID", "64934702"},
	} {
		clear(environ)
		environ[one.name] = one.id
		got := clientrun.Session(key, lookup)
		if before, ok := seen[got]; ok || len(got) != 16 || strings.Contains(got, one.id) {
			t.Errorf("%+v: the session is %q, which is that of %q", one, got, before)
		}
		seen[got] = one.name + one.id
	}
}
