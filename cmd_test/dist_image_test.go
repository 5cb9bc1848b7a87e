//go:build dist && linux

package cmd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestDistImage builds the container image for both platforms from the archives, without a daemon, looks at it as a registry's users see
// it, and takes spanpipe from it into another image.
func TestDistImage(t *testing.T) {
	if os.Geteuid() != 0 {
		peerMissing(t, "buildah without a user namespace needs root")
	}
	state := t.TempDir()
	environ := append(os.Environ(), "STORAGE_DRIVER=vfs", "BUILDAH_ISOLATION=chroot", "TMPDIR="+t.TempDir(),
		"CONTAINERS_STORAGE_CONF="+filepath.Join(state, "storage.conf"))
	storage := "[storage]\ndriver = \"vfs\"\nrunroot = \"" + filepath.Join(state, "run") + "\"\ngraphroot = \"" + filepath.Join(state, "graph") + "\"\n"
	if err := os.WriteFile(filepath.Join(state, "storage.conf"), []byte(storage), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Env = environ
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	archives := filepath.Dir(distFile(t, "checksums.txt"))
	run("../packaging/container/build.sh", archives, "spanpipe:test", "abcdef")

	var list struct {
		Manifests []struct {
			Platform struct{ OS, Architecture string }
		}
	}
	if err := json.Unmarshal([]byte(run("buildah", "manifest", "inspect", "spanpipe:test")), &list); err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range list.Manifests {
		platforms = append(platforms, m.Platform.OS+"/"+m.Platform.Architecture)
	}
	if slices.Sort(platforms); !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("the platforms are %v", platforms)
	}

	container := run("buildah", "from", "--pull=never", "--platform", "linux/"+runtime.GOARCH, "spanpipe:test")
	root := run("buildah", "mount", container)
	if files := tree(t, root); !slices.Equal(files, []string{"licenses", "licenses/LICENSE", "licenses/THIRD_PARTY_NOTICES.md", "spanpipe"}) {
		t.Errorf("the image has %v", files)
	}
	if out, err := withoutEnvironment("/", "chroot", "--userspec=65532:65532", root, "/spanpipe", "try", "--", "/spanpipe", "demo-server"); err != nil {
		t.Errorf("in the image: %v\n%s", err, out)
	}
	var inspected struct {
		OCIv1 struct {
			Config struct {
				User       string
				Entrypoint []string
				Labels     map[string]string
			}
		}
	}
	if err := json.Unmarshal([]byte(run("buildah", "inspect", container)), &inspected); err != nil {
		t.Fatal(err)
	}
	config := inspected.OCIv1.Config
	version := strings.Fields(systemTool(t, filepath.Join(root, "spanpipe"), "version"))[1]
	if config.User != "65532:65532" || !slices.Equal(config.Entrypoint, []string{"/spanpipe"}) ||
		config.Labels["org.opencontainers.image.version"] != version || config.Labels["org.opencontainers.image.revision"] != "abcdef" ||
		config.Labels["org.opencontainers.image.licenses"] != "Apache-2.0" {
		t.Errorf("the configuration is %+v, of version %s", config, version)
	}

	context := t.TempDir()
	other := "FROM scratch\nCOPY --from=localhost/spanpipe:test /spanpipe /usr/local/bin/spanpipe\n"
	if err := os.WriteFile(filepath.Join(context, "Dockerfile"), []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	run("buildah", "bud", "--pull=never", "--tag", "other", context)
	taken := run("buildah", "mount", run("buildah", "from", "--pull=never", "other"))
	systemTool(t, filepath.Join(taken, "usr/local/bin/spanpipe"), "version")
}
