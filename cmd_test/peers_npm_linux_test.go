package cmd_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// lifeTables are the tests of how a server lives and ends.
const lifeTables = "^Test(ExitCodes|DeathBySignal|SignalsReachTheServer|ClientLeaves|ClientStopsReading|Killed|ServerThatCannotStart|" +
	"OffIsNotThere|OnIsOneProcess|ServersSurroundings)$"

// besideTables are those of them that a program passes which has a parent in between; deaths are the signals of which Node can die, too.
const (
	besideTables = "^Test(ExitCodes|SignalsReachTheServer|ClientLeaves|ServerThatCannotStart)$"
	deaths       = "^TestDeathBySignal$/^(HUP|INT|QUIT|ABRT|KILL|SEGV|ALRM|TERM|USR1)$"
)

// pnpmTables are those that pnpm leaves true: its commands are shell scripts that set NODE_PATH.
const pnpmTables = "^Test(ExitCodes|DeathBySignal|SignalsReachTheServer|ClientLeaves|ServerThatCannotStart|OffIsNotThere|OnIsOneProcess)$"

// realSession is a conversation of a real client with a real server, without telemetry and with it.
const realSession = "^TestPeers$/^memory_with_client_1$"

// npm is an empty home with Node, package managers and a registry.
type npm struct {
	shell

	managers string // their node_modules
}

func newNPM(t *testing.T, registry string) npm {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		peerMissing(t, "the packages that this test makes are for amd64")
	}
	node := filepath.Dir(peerPath(t, peerNode))
	return npm{shell{newHome(t), []string{
		"PATH=" + node + ":" + os.Getenv("PATH"), "npm_config_registry=" + registry, "npm_config_audit=false", "npm_config_fund=false",
		"npm_config_update_notifier=false", "npm_config_fetch_retries=0", "CI=",
	}}, peerPath(t, "SPANPIPE_TEST_MANAGERS")}
}

func (n npm) npm(t *testing.T, args ...string) string {
	t.Helper()
	return n.run(t, append([]string{"node", filepath.Join(n.managers, "npm/bin/npm-cli.js")}, args...)...)
}

// path is the variable PATH, with Node.
func (n npm) path() string { return n.variables[0] }

const (
	program  = "node_modules/@spanpipe/linux-x64/bin/spanpipe"
	launcher = "node_modules/spanpipe/spanpipe.js"
)

// wantLink checks what a command is a link to.
func wantLink(t *testing.T, command, want string) {
	t.Helper()
	got, err := filepath.EvalSymlinks(command)
	if err != nil || !strings.HasSuffix(got, "/"+want) {
		t.Errorf("%s is %s, want %s: %v", command, got, want, err)
	}
}

// TestPeersNPM installs the packages as people do. In a project and by npx the command is the program itself.
func TestPeersNPM(t *testing.T) {
	older := filepath.Join(t.TempDir(), "dist")
	pack(t, older, "0.0.1-rc.1", []byte("#!/bin/sh\necho spanpipe 0.0.1\n"))
	registry := npmRegistry(t, older, releases(t))
	t.Run("in a project", func(t *testing.T) { testNPMProject(t, newNPM(t, registry)) })
	t.Run("npx", func(t *testing.T) {
		n := newNPM(t, registry)
		npx := []string{"node", filepath.Join(n.managers, "npm/bin/npx-cli.js"), "-y", "spanpipe"}
		if got := n.run(t, append(npx, "version")...); !strings.HasPrefix(got, "spanpipe ") {
			t.Errorf("npx spanpipe version: %s", got)
		}
		cached, err := filepath.Glob(filepath.Join(n.root, "home/.npm/_npx/*/node_modules/.bin/spanpipe"))
		if err != nil || len(cached) != 1 {
			t.Fatalf("commands in the cache of npx: %q, %v", cached, err)
		}
		wantLink(t, cached[0], program)
		put(t, n.at("mcp.json"), `{"mcpServers": {"memory": {"command": "mcp-memory"}}}`)
		got, err := n.try(append(npx, "install", "--config", "mcp.json", "--yes")...)
		if err == nil || !strings.Contains(got, "npm install --global spanpipe") {
			t.Errorf("install of a path in the cache of npx: %v\n%s", err, got)
		}
	})
	t.Run("globally", func(t *testing.T) {
		n := newNPM(t, registry)
		prefix := filepath.Join(n.root, "home/.npm-global")
		n.npm(t, "install", "--global", "--ignore-scripts", "--prefix", prefix, "spanpipe")
		command := filepath.Join(prefix, "bin/spanpipe")
		wantLink(t, command, launcher)
		put(t, n.at("mcp.json"), `{"mcpServers": {"memory": {"command": "mcp-memory"}}}`)
		n.run(t, command, "install", "--config", "mcp.json", "--yes")
		if got := string(read(t, n.at("mcp.json"))); !strings.Contains(got, prefix+"/lib/node_modules/spanpipe/"+program) {
			t.Errorf("install does not write the path of the program itself:\n%s", got)
		}
		runTestsWith(t, command, lifeTables, n.path())
		runTestsWith(t, command, realSession, n.path())
		without := n.at("without.js") // as in Node before 22.15
		put(t, without, "delete process.execve\n")
		old := beside(t, n, command, without)
		runTestsWith(t, old, besideTables, n.path())
		runTestsWith(t, old, deaths, n.path())
		n.npm(t, "uninstall", "--global", "--prefix", prefix, "spanpipe")
		if _, err := os.Lstat(command); err == nil {
			t.Error("npm uninstall leaves the command")
		}
	})
	t.Run("on Windows", func(t *testing.T) { testNPMOnWindows(t, newNPM(t, registry)) })
	t.Run("pnpm", func(t *testing.T) {
		n := newNPM(t, registry)
		put(t, n.at("package.json"), "{}")
		n.run(t, "node", filepath.Join(n.managers, "pnpm/bin/pnpm.cjs"), "add", "--ignore-scripts", "spanpipe")
		runTestsWith(t, n.at("node_modules/.bin/spanpipe"), pnpmTables, n.path())
		testNPMPath(t, n)
	})
	t.Run("Yarn", func(t *testing.T) {
		n := newNPM(t, registry)
		put(t, n.at("package.json"), "{}")
		n.run(t, "node", filepath.Join(n.managers, "yarn/bin/yarn.js"), "add", "--ignore-scripts", "--registry", registry, "spanpipe")
		if got := n.run(t, n.at("node_modules/.bin/spanpipe"), "version"); !strings.HasPrefix(got, "spanpipe ") {
			t.Errorf("spanpipe version: %s", got)
		}
		testNPMPath(t, n)
	})
}

// beside returns a program that starts the launcher with a Node which cannot replace itself.
func beside(t *testing.T, n npm, command, without string) string {
	t.Helper()
	script := n.at("beside")
	put(t, script, "#!/bin/sh\nexec node --require "+without+" "+command+" \"$@\"\n")
	if err := os.Chmod(script, 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}

func testNPMProject(t *testing.T, n npm) {
	t.Helper()
	put(t, n.at("package.json"), "{}")
	command := n.at("node_modules/.bin/spanpipe")
	n.npm(t, "install", "--ignore-scripts", "spanpipe@0.0.1-rc.1")
	wantLink(t, command, program)
	if got := n.run(t, command); got != "spanpipe 0.0.1\n" {
		t.Errorf("the command of version 0.0.1 prints %q", got)
	}
	n.npm(t, "install", "--ignore-scripts", "spanpipe@latest")
	wantLink(t, command, program)
	if entries, err := os.ReadDir(n.at("node_modules/@spanpipe")); err != nil || len(entries) != 1 {
		t.Errorf("packages for systems: %v, want one: %v", entries, err)
	}
	testNPMPath(t, n)
	runTestsWith(t, command, lifeTables)
	runTestsWith(t, command, realSession, n.path())
	t.Run("without the program", func(t *testing.T) { testNPMWithout(t, n) })
	n.npm(t, "uninstall", "spanpipe")
	for _, path := range []string{command, n.at("node_modules/spanpipe"), n.at("node_modules/@spanpipe/linux-x64")} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("npm uninstall leaves %s", path)
		}
	}
}

// testNPMPath checks that code finds the program, as a CommonJS and as an ECMAScript module.
func testNPMPath(t *testing.T, n npm) {
	t.Helper()
	for name, code := range map[string]string{
		"a.cjs": "console.log(require('spanpipe').path)",
		"a.mjs": "import { path } from 'spanpipe'; console.log(path)",
	} {
		put(t, n.at(name), code)
		path := strings.TrimSpace(n.run(t, "node", name))
		wantLink(t, path, program)
		if got := n.run(t, path, "version"); !strings.HasPrefix(got, "spanpipe ") {
			t.Errorf("%s version: %s", path, got)
		}
	}
}

// testNPMWithout installs without optional dependencies, and does then what the hint says.
func testNPMWithout(t *testing.T, n npm) {
	t.Helper()
	for _, path := range []string{n.at("node_modules"), n.at("package-lock.json")} {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	n.npm(t, "install", "--omit=optional")
	command := n.at("node_modules/.bin/spanpipe")
	out, err := n.try(command, "--", "true")
	var code int
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	}
	hint := "npm install --include=optional"
	if code != 127 || strings.Count(out, "\n") != 2 || !strings.HasPrefix(out, "spanpipe: the package @spanpipe/linux-x64") || !strings.Contains(out, hint) {
		t.Errorf("exit code %d, want 127 and what is missing:\n%s", code, out)
	}
	if out, err := n.try("node", "a.cjs"); err == nil || !strings.Contains(out, "ERR_SPANPIPE_MISSING") || !strings.Contains(out, hint) {
		t.Errorf("require: %v\n%s", err, out)
	}
	n.npm(t, strings.Fields(hint)[1:]...)
	wantLink(t, command, program)
}

// testNPMOnWindows has npm's own code write what it writes on Windows, and looks at which program that starts.
func testNPMOnWindows(t *testing.T, n npm) {
	t.Helper()
	put(t, n.at("package.json"), "{}")
	n.npm(t, "install", "--ignore-scripts", "--os=win32", "--cpu=x64", "spanpipe")
	const system = "node_modules/@spanpipe/win32-x64"
	if entries, err := os.ReadDir(n.at(filepath.Dir(system))); err != nil || len(entries) != 1 {
		t.Fatalf("packages for systems: %v, want that of Windows: %v", entries, err)
	}
	bin := packageManifest(t, n.at(system, "package.json")).Bin["spanpipe"]
	put(t, n.at("shim.cjs"), `const shim = require(process.argv[2]); shim(process.argv[3], process.argv[4])`)
	shim := func(target, command string) string {
		n.run(t, "node", "shim.cjs", filepath.Join(n.managers, "npm/node_modules/cmd-shim"), n.at(target), n.at(command))
		return string(read(t, n.at(command+".cmd")))
	}
	got := shim(system+"/"+bin, "node_modules/.bin/project")
	if want := `"%dp0%\..\@spanpipe\win32-x64\bin\spanpipe.exe"   %*`; !strings.Contains(got, "\r\n"+want+"\r\n") || strings.Contains(got, "node.exe") {
		t.Errorf("spanpipe.cmd in a project does not start the program alone, by %s:\n%s", want, got)
	}
	got = shim(launcher, "global")
	if !strings.Contains(got, `"%dp0%\node.exe"`) || !strings.Contains(got, `"%_prog%"  "%dp0%\node_modules\spanpipe\spanpipe.js" %*`) {
		t.Errorf("spanpipe.cmd of a global installation does not start the launcher:\n%s", got)
	}
}

// packageManifest reads a package.json.
func packageManifest(t *testing.T, path string) (m struct{ Bin map[string]string }) {
	t.Helper()
	if err := json.Unmarshal(read(t, path), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
