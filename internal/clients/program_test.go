package clients_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
)

// TestLasting: what is written into files is a path that an update does not take away.
func TestLasting(t *testing.T) {
	for _, test := range []struct {
		name, os, executable, path string
		links                      []string // lead to the executable
		want, by                   string
	}{
		{"a file", "linux", "/usr/local/bin/spanpipe", "/usr/bin", nil, "/usr/local/bin/spanpipe", ""},
		{"go install", "linux", "/home/kim/go/bin/spanpipe", "", nil, "/home/kim/go/bin/spanpipe", ""},
		{
			"Homebrew", "darwin", "/opt/homebrew/Cellar/spanpipe/1.2.0/bin/spanpipe", "/usr/bin:/opt/homebrew/bin",
			[]string{"/opt/homebrew/bin/spanpipe"}, "/opt/homebrew/bin/spanpipe", "",
		},
		{
			"Linuxbrew", "linux", "/home/linuxbrew/.linuxbrew/Cellar/spanpipe/1.2.0/bin/spanpipe", "/home/linuxbrew/.linuxbrew/bin/",
			[]string{"/home/linuxbrew/.linuxbrew/bin/spanpipe"}, "/home/linuxbrew/.linuxbrew/bin/spanpipe", "",
		},
		{
			"nvm", "linux", "/home/kim/.nvm/versions/node/v24.9.0/lib/node_modules/spanpipe/bin/spanpipe",
			"/home/kim/.nvm/versions/node/v24.9.0/bin:/usr/bin", []string{"/home/kim/.nvm/versions/node/v24.9.0/bin/spanpipe"}, "", "nvm",
		},
		{
			"nvm, with a link", "linux", "/home/kim/.nvm/versions/node/v24.9.0/lib/node_modules/spanpipe/bin/spanpipe",
			"/home/kim/.nvm/versions/node/v24.9.0/bin:/home/kim/.local/bin",
			[]string{"/home/kim/.nvm/versions/node/v24.9.0/bin/spanpipe", "/home/kim/.local/bin/spanpipe"},
			"/home/kim/.local/bin/spanpipe", "",
		},
		{"npx", "linux", "/home/kim/.npm/_npx/0a1b2c/node_modules/spanpipe/bin/spanpipe", "/usr/bin", nil, "", "npx"},
		{
			"another program of the name", "linux", "/home/kim/.npm/_npx/0a1b2c/node_modules/.bin/spanpipe", "/usr/bin", nil, "", "npx",
		},
		{
			"mise, whose shim is another program", "linux", "/home/kim/.local/share/mise/installs/spanpipe/1.2.0/spanpipe",
			"/home/kim/.local/share/mise/shims", nil, "", "mise",
		},
		{
			"pnpm, globally", "linux", "/home/kim/.local/share/pnpm/global/5/.pnpm/@spanpipe+linux-x64@0.1.0/node_modules/@spanpipe/linux-x64/bin/spanpipe",
			"/home/kim/.local/share/pnpm", []string{"/home/kim/.local/share/pnpm/global/5/.pnpm/node_modules/@spanpipe/linux-x64/bin/spanpipe"},
			"/home/kim/.local/share/pnpm/global/5/.pnpm/node_modules/@spanpipe/linux-x64/bin/spanpipe", "",
		},
		{
			"pnpm on Windows", "windows", `C:\app\node_modules\.pnpm\@spanpipe+win32-x64@0.1.0\node_modules\@spanpipe\win32-x64\bin\spanpipe.exe`, "",
			[]string{`C:\app\node_modules\.pnpm\node_modules\@spanpipe\win32-x64\bin\spanpipe.exe`},
			`C:\app\node_modules\.pnpm\node_modules\@spanpipe\win32-x64\bin\spanpipe.exe`, "",
		},
		{
			"pnpm without such a link", "linux", "/app/node_modules/.pnpm/@spanpipe+linux-x64@0.1.0/node_modules/@spanpipe/linux-x64/bin/spanpipe",
			"", nil, "", "pnpm",
		},
		{
			"pnpm dlx", "linux", "/home/kim/.cache/pnpm/dlx/ab/cd/node_modules/.pnpm/@spanpipe+linux-x64@0.1.0/node_modules/@spanpipe/linux-x64/bin/spanpipe",
			"", []string{"/home/kim/.cache/pnpm/dlx/ab/cd/node_modules/.pnpm/node_modules/@spanpipe/linux-x64/bin/spanpipe"}, "", "pnpm dlx",
		},
		{
			"a project", "linux", "/srv/app/node_modules/@spanpipe/linux-x64/bin/spanpipe", "", nil,
			"/srv/app/node_modules/@spanpipe/linux-x64/bin/spanpipe", "",
		},
		{"uvx", "linux", "/home/kim/.cache/uv/archive-v0/Xy-1/bin/spanpipe", "", nil, "", "uvx"},
		{"uvx on Windows", "windows", `C:\Users\kim\AppData\Local\uv\cache\archive-v0\Xy\Scripts\spanpipe.exe`, "", nil, "", "uvx"},
		{
			"uv tool install", "linux", "/home/kim/.local/share/uv/tools/spanpipe/bin/spanpipe", "", nil,
			"/home/kim/.local/share/uv/tools/spanpipe/bin/spanpipe", "",
		},
		{"pipx run", "linux", "/home/kim/.cache/pipx/0a1b/bin/spanpipe", "", nil, "", "pipx run"},
		{
			"pipx install", "linux", "/home/kim/.local/share/pipx/venvs/spanpipe/bin/spanpipe", "", nil,
			"/home/kim/.local/share/pipx/venvs/spanpipe/bin/spanpipe", "",
		},
		{"pyenv", "linux", "/home/kim/.pyenv/versions/3.13.1/bin/spanpipe", "/home/kim/.pyenv/shims", nil, "", "pyenv"},
		{"asdf", "linux", "/home/kim/.asdf/installs/spanpipe/1.2.0/bin/spanpipe", "/home/kim/.asdf/shims", nil, "", "asdf"},
		{
			"Nix", "linux", "/nix/store/abc-spanpipe-1.2.0/bin/spanpipe", "/home/kim/.nix-profile/bin",
			[]string{"/home/kim/.nix-profile/bin/spanpipe"}, "/home/kim/.nix-profile/bin/spanpipe", "",
		},
		{"Homebrew's cask", "darwin", "/opt/homebrew/Caskroom/spanpipe/1.2.0/spanpipe", "", nil, "", "Homebrew"},
		{"a cellar", "linux", "/home/kim/cellar/bin/spanpipe", "", nil, "/home/kim/cellar/bin/spanpipe", ""},
		{"nodenv", "linux", "/home/kim/.nodenv/versions/24.9.0/lib/node_modules/spanpipe/bin/spanpipe", "", nil, "", "nodenv"},
		{"nodebrew", "darwin", "/Users/kim/.nodebrew/node/v24.9.0/lib/node_modules/spanpipe/bin/spanpipe", "", nil, "", "nodebrew"},
		{"aqua", "linux", "/home/kim/.local/share/aquaproj-aqua/internal/pkgs/http/spanpipe/1.2.0/spanpipe", "", nil, "", "aqua"},
		{"snap", "linux", "/snap/spanpipe/123/bin/spanpipe", "/snap/bin", nil, "", "snap"},
		{"npm's prefix", "linux", "/home/kim/.npm-global/lib/node_modules/spanpipe/bin/spanpipe", "", nil, "/home/kim/.npm-global/lib/node_modules/spanpipe/bin/spanpipe", ""},
		{"an app", "darwin", "/Applications/Spanpipe.app/Contents/MacOS/spanpipe", "", nil, "/Applications/Spanpipe.app/Contents/MacOS/spanpipe", ""},
		{
			"a profile of Nix", "linux", "/nix/store/abc-spanpipe-1.2.0/bin/spanpipe", "/run/current-system/sw/bin",
			[]string{"/run/current-system/sw/bin/spanpipe"}, "/run/current-system/sw/bin/spanpipe", "",
		},
		{
			"an app of the Store", "windows", `C:\Program Files\WindowsApps\Spanpipe_1.2.0.0_x64__abc\spanpipe.exe`,
			`C:\Users\kim\AppData\Local\Microsoft\WindowsApps`, []string{`C:\Users\kim\AppData\Local\Microsoft\WindowsApps\spanpipe.exe`},
			`C:\Users\kim\AppData\Local\Microsoft\WindowsApps\spanpipe.exe`, "",
		},
		{"a directory for builds", "linux", "/home/kim/go-builds/spanpipe", "", nil, "/home/kim/go-builds/spanpipe", ""},
		{"go run", "linux", "/home/kim/.cache/go-build/ab/spanpipe", "", nil, "", "go run"},
		{"a temporary directory", "darwin", "/private/var/folders/zz/T/spanpipe", "", nil, "", "a temporary directory"},
		{"a temporary directory of a variable", "linux", "/scratch/tmp/spanpipe", "", nil, "", "a temporary directory"},
		{"beside the directory of a variable", "linux", "/scratch/tmpfs/spanpipe", "", nil, "/scratch/tmpfs/spanpipe", ""},
		{"a home in a temporary directory", "linux", "/tmp/kim/.local/bin/spanpipe", "", nil, "/tmp/kim/.local/bin/spanpipe", ""},
		{"a temporary directory beside that home", "linux", "/tmp/kimberly/spanpipe", "", nil, "", "a temporary directory"},
		{"nvm in that home", "linux", "/tmp/kim/.nvm/versions/node/v24.9.0/bin/spanpipe", "", nil, "", "nvm"},
		{"a relative directory", "linux", "/nix/store/abc/bin/spanpipe", ".:bin", []string{"./spanpipe", "bin/spanpipe"}, "", "Nix"},
		{
			"Scoop", "windows", `C:\Users\kim\scoop\apps\spanpipe\current\spanpipe.exe`, "", nil,
			`C:\Users\kim\scoop\apps\spanpipe\current\spanpipe.exe`, "",
		},
		{
			"Scoop, a version", "windows", `C:\Users\kim\scoop\apps\spanpipe\1.2.0\spanpipe.exe`,
			`C:\Windows;C:\Users\kim\scoop\apps\spanpipe\current`, []string{`C:\Users\kim\scoop\apps\spanpipe\current\spanpipe.exe`},
			`C:\Users\kim\scoop\apps\spanpipe\current\spanpipe.exe`, "",
		},
		{
			"winget", "windows", `C:\Users\kim\AppData\Local\Microsoft\WinGet\Links\spanpipe.exe`, "", nil,
			`C:\Users\kim\AppData\Local\Microsoft\WinGet\Links\spanpipe.exe`, "",
		},
		{"a download that was run", "windows", `C:\Users\kim\AppData\Local\Temp\x\spanpipe.exe`, "", nil, "", "a temporary directory"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := clients.Machine{OS: test.os, Home: "/tmp/kim", Getenv: func(name string) string {
				return map[string]string{"PATH": test.path, "TMPDIR": "/scratch/tmp"}[name]
			}}
			same := func(a, b string) bool {
				for _, link := range test.links {
					if a == link && b == test.executable {
						return true
					}
				}
				return false
			}
			if got, by := clients.Lasting(m, test.executable, same); got != test.want || by != test.by {
				t.Errorf("got %q, kept by %q; want %q, %q", got, by, test.want, test.by)
			}
		})
	}
}
