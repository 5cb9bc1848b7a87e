package winargs_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/wrap/winargs"
)

func TestIsBatch(t *testing.T) {
	for path, want := range map[string]bool{
		`C:\nodejs\npx.cmd`:   true,
		`C:\x.BAT`:            true,
		`C:\x.bat. .`:         true, // Windows drops what is at the end
		`C:\nodejs\node.exe`:  false,
		`C:\cmd`:              false,
		`C:\x.cmd\server.exe`: false,
	} {
		if got := winargs.IsBatch(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestBatch(t *testing.T) {
	const before, after = `"C:\cmd.exe" /e:on /v:off /d /s /c ""C:\my npx.cmd"`, `"`
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, ``},
		{"plain words", []string{"-y", "server"}, ` "-y" "server"`},
		{"an empty word", []string{""}, ` ""`},
		{"spaces and what cmd.exe knows", []string{`a b & del | x > y ^ ( ) ! ;,=`}, ` "a b & del | x > y ^ ( ) ! ;,="`},
		{"a quote", []string{`say "hi"`}, ` "say ""hi"""`},
		{"an attempt to break out", []string{`"&calc.exe`}, ` """&calc.exe"`},
		{"backslashes before a quote", []string{`a\\"b`}, ` "a\\\\""b"`},
		{"backslashes at the end", []string{`C:\dir\`}, ` "C:\dir\\"`},
		{"a variable", []string{`%PATH%`}, ` "%%cd:~,%PATH%%cd:~,%"`},
		{"JSON", []string{`{"a":1}`}, ` "{""a"":1}"`},
		{"not ASCII", []string{"größe"}, ` "größe"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := winargs.Batch(`C:\cmd.exe`, `C:\my npx.cmd`, test.args)
			if want := before + test.want + after; got != want || err != nil {
				t.Errorf("\n%s, want\n%s; %v", got, want, err)
			}
		})
	}
}

func TestBatchRefuses(t *testing.T) {
	for _, arg := range []string{"a\nb", "a\rb", "a\x00b"} {
		if line, err := winargs.Batch(`cmd.exe`, `x.cmd`, []string{"fine", arg}); err == nil || !strings.Contains(err.Error(), "argument 2") {
			t.Errorf("%q: %s, %v", arg, line, err)
		}
	}
	for _, path := range []string{`C:\100%\x.cmd`, `C:\"\x.cmd`} {
		if line, err := winargs.Batch(`cmd.exe`, path, nil); err == nil {
			t.Errorf("%s: %s", path, line)
		}
	}
}
