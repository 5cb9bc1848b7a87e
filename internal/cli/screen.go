package cli

import (
	"runtime"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// screen returns what pictures on stdout are drawn for.
func (a *app) screen() *view.Screen {
	return &view.Screen{
		Columns: width(a.Stdout, 0), Paint: painter(a.Stdout, a.Environ), ASCII: !isUTF8(a.Environ, runtime.GOOS), Zone: time.Local,
	}
}

// isUTF8 reports whether the locale has UTF-8. Where none is set, as in most containers, terminals have it all the same;
// on Windows it is not a matter of the locale.
func isUTF8(environ []string, goos string) bool {
	if goos == "windows" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // POSIX: the first that is not empty
		if locale, _ := getenv(environ, name); locale != "" {
			locale = strings.ToUpper(locale)
			return strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8")
		}
	}
	return true
}
