//go:build dist && linux

package cmd_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// newRoot returns the root of a system that has nothing but a shell, for the scripts of packages.
func newRoot(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		peerMissing(t, "packages are installed by root")
	}
	root := t.TempDir()
	for _, dir := range []string{"bin", "tmp", "home", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/rpm"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(root, "var/lib/dpkg", file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	systemTool(t, "cp", "/bin/busybox", filepath.Join(root, "bin/busybox"))
	for _, name := range []string{"sh", "cat"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// A manager installs and removes packages below a root, and says what it has printed.
type manager struct {
	install, remove, verify []string // commands
	zsh                     string   // where the distribution's zsh looks
}

// TestPeersDistPackages: packages are installed from their files into an empty system, work there, and leave nothing when they are removed.
func TestPeersDistPackages(t *testing.T) {
	debian := []string{"dpkg", "--log=/dev/null", "--path-include=/usr/*", "--root"}
	for format, m := range map[string]manager{
		"deb": {append(debian, "ROOT", "--install", "FILE"), append(debian, "ROOT", "--purge", "spanpipe"), append(debian, "ROOT", "--verify", "spanpipe"),
			"usr/share/zsh/vendor-completions"},
		// The shell of the system is not from a package.
		"rpm": {strings.Fields("rpm --root ROOT --dbpath /var/lib/rpm --install --nodeps --ignorearch FILE"), strings.Fields("rpm --root ROOT --dbpath /var/lib/rpm --erase spanpipe"),
			strings.Fields("rpm --root ROOT --dbpath /var/lib/rpm --verify --nodeps spanpipe"), "usr/share/zsh/site-functions"},
	} {
		t.Run(format, func(t *testing.T) {
			root := newRoot(t)
			run := func(command []string) string {
				command = slices.Clone(command)
				for i, word := range command {
					switch word {
					case "ROOT":
						command[i] = root
					case "FILE":
						command[i] = distFile(t, "spanpipe_*_linux_"+runtime.GOARCH+"."+format)
					}
				}
				return systemTool(t, command[0], command[1:]...)
			}
			before := usr(t, root)
			run(m.install)
			if out := run(m.verify); strings.TrimSpace(out) != "" {
				t.Errorf("verified: %s", out)
			}
			inside(t, root)
			wraps(t, filepath.Join(root, "usr/bin/spanpipe"))
			found(t, root, m.zsh)
			documents(t, filepath.Join(root, "usr/share/doc/spanpipe"))
			if out := run(m.remove); !strings.Contains(out, "spanpipe uninstall") {
				t.Errorf("the removal does not say what to do first:\n%s", out)
			}
			if after := usr(t, root); !slices.Equal(after, before) {
				t.Errorf("it leaves %v", after)
			}
		})
	}
}

// usr returns what is below a root, without the records of package managers and what the tests themselves have put there. An empty
// directory that others share, such as usr/share, may stay.
func usr(t *testing.T, root string) (all []string) {
	t.Helper()
	for _, path := range tree(t, root) {
		info, err := os.Lstat(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(path, "var/") && !strings.HasPrefix(path, "home/") &&
			(!info.IsDir() || strings.Contains(path, "spanpipe")) {
			all = append(all, path)
		}
	}
	return all
}

// inside runs the program in the system into which it was installed, which has neither /proc nor a library.
func inside(t *testing.T, root string) {
	t.Helper()
	environ := []string{"HOME=/home", "PATH=/usr/bin:/bin", "SPANPIPE_TELEMETRY=local"}
	for _, command := range []string{"version", "try -- spanpipe demo-server", "sessions", "show last"} {
		out, err := withEnvironment(environ, "chroot", append([]string{root, "/usr/bin/spanpipe"}, strings.Fields(command)...)...)
		if err != nil {
			t.Errorf("spanpipe %s: %v\n%s", command, err, out)
		}
	}
}

// found shows that man and shells find what the package has for them.
func found(t *testing.T, root, zsh string) {
	t.Helper()
	share := filepath.Join(root, "usr/share")
	if page := systemTool(t, "man", "-M", filepath.Join(share, "man"), "-w", "spanpipe"); !strings.HasPrefix(page, share) {
		t.Errorf("man finds %s", page)
	}
	for shell, script := range map[string]string{
		"bash": `source "$1/bash-completion/completions/spanpipe" && complete -p spanpipe`,
		"zsh":  `fpath=(` + filepath.Join(root, zsh) + `); autoload -Uz compinit 2>/dev/null; autoload +X -Uz _spanpipe && print spanpipe`,
		"fish": `set fish_complete_path $argv[2]/fish/vendor_completions.d; complete -C "spanpipe comp"`,
	} {
		args := []string{"-c", script, shell, share}
		if shell == "zsh" {
			args[0] = "-fc"
		}
		path := "PATH=" + filepath.Join(root, "usr/bin") + ":/usr/bin:/bin" // fish completes what is there
		out, err := withEnvironment([]string{path, "HOME=" + t.TempDir()}, shell, args...)
		if err != nil || !strings.Contains(out, map[string]string{"bash": "spanpipe", "zsh": "spanpipe", "fish": "completion"}[shell]) {
			t.Errorf("%s does not complete spanpipe: %v\n%s", shell, err, out)
		}
	}
}

// documents shows that the package has the pages, with the notices.
func documents(t *testing.T, dir string) {
	t.Helper()
	for _, name := range shipped(t) {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
