package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"github.com/spanpipe/spanpipe/internal/policy"
)

// TestPath: the system says where the policy is, and not a variable that users can set.
func TestPath(t *testing.T) {
	want, err := policy.Path()
	if err != nil || !strings.HasSuffix(want, `\spanpipe\policy.yaml`) || !filepath.IsAbs(want) {
		t.Fatalf("%s, %v", want, err)
	}
	t.Setenv("ProgramData", `C:\elsewhere`)
	if got, err := policy.Path(); got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

// TestTrust: a policy counts only if its owner is trusted and access control entries let no others change it.
func TestTrust(t *testing.T) {
	for _, test := range []struct {
		name            string
		stranger        bool // the owner is not trusted
		directory, file string
		want            string
	}{
		{name: "others may read", directory: "(A;;FRFX;;;WD)", file: "(A;;FR;;;WD)"},
		{name: "of another account", stranger: true, want: "does not belong to Administrators"},
		{name: "others may change the file", file: "(A;;FA;;;WD)", want: "policy.yaml can be changed by others"},
		{name: "others may write the file", file: "(A;;FRFW;;;WD)", want: "policy.yaml can be changed by others"},
		{name: "others may do all in its directory", directory: "(A;;FA;;;WD)", want: "can be changed by others"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, err := os.MkdirTemp("", "policy")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, "policy.yaml")
			if err := os.WriteFile(path, []byte("version: 1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			owner := ownerOf(t, path)
			allow(t, path, owner, test.file)
			allow(t, dir, owner, test.directory)
			trusted := []string{owner, ownerOf(t, dir), "S-1-5-18", "S-1-5-32-544"}
			if test.stranger {
				trusted = []string{"S-1-5-18"}
			}
			p, err := policy.ReadOwned(path, trusted...)
			if test.want == "" && (err != nil || p == nil) {
				t.Errorf("%v, %v", p, err)
			} else if test.want != "" && (p != nil || err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, %v, want %s", p, err, test.want)
			}
		})
	}
	if p, err := policy.ReadOwned(filepath.Join(os.TempDir(), "absent", "spanpipe", "policy.yaml")); p != nil || err != nil {
		t.Errorf("no file is %v, %v", p, err)
	}
}

func ownerOf(t *testing.T, path string) string {
	t.Helper()
	d, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	owner, _, err := d.Owner()
	if err != nil {
		t.Fatal(err)
	}
	return owner.String()
}

// allow lets the owner do everything, and others what the entries say.
func allow(t *testing.T, path, owner, entries string) {
	t.Helper()
	d, err := windows.SecurityDescriptorFromString("D:P(A;;FA;;;" + owner + ")(A;;FA;;;SY)" + entries)
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := d.DACL()
	if err != nil {
		t.Fatal(err)
	}
	err = windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
	if err != nil {
		t.Fatal(err)
	}
}
