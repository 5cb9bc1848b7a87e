package telemetry

import (
	"path"
	"regexp"
	"strings"
	"sync"
)

// lazy returns an expression that is compiled when it is first used: a session needs few of them.
func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// valid returns a name that looks like one, else UnnamedService.
func valid(name string) string {
	if !plainName.MatchString(name) {
		return UnnamedService
	}
	return name
}

var scripts = regexp.MustCompile(`(?i)\.(js|mjs|cjs|jsx|ts|mts|cts|tsx|py|pyz|rb|pl|php|sh|bash|zsh|ps1|lua)$`)

func isScript(s string) bool { return scripts.MatchString(s) }

// nodePackage parses @scope/name@version, and the same with npm: before it.
func nodePackage(spec string) string {
	spec = strings.TrimPrefix(spec, "npm:")
	if strings.Contains(spec, ":") || strings.HasPrefix(spec, ".") || isScript(spec) {
		return UnnamedService
	}
	if scoped, ok := strings.CutPrefix(spec, "@"); ok {
		_, name, ok := strings.Cut(scoped, "/")
		if !ok {
			return UnnamedService
		}
		spec = name
	}
	name, _, _ := strings.Cut(spec, "@")
	return valid(name)
}

var pythonSpec = lazy(`^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[\w, .-]*\])?(([=<>!~; ]|@([0-9]|latest)).*)?$`)

// pythonPackage parses name[extra]==version and name@version.
func pythonPackage(spec string) string {
	m := pythonSpec().FindStringSubmatch(spec)
	if m == nil || isScript(spec) || pythons.MatchString(m[1]) {
		return UnnamedService
	}
	return valid(m[1])
}

var imageRef = lazy(`^([a-zA-Z0-9._:-]+/)*([a-z0-9._-]+)(:[\w.-]+)?(@[a-z0-9]+:[0-9a-f]+)?$`)

// image parses registry/organization/name:tag@digest. What is no reference to an image names nothing: ann@host is not
// the image ann.
func image(ref string) string {
	m := imageRef().FindStringSubmatch(ref)
	if m == nil {
		return UnnamedService
	}
	return valid(m[2])
}

// denoModule parses npm:@scope/name@version and jsr:@scope/name@version.
func denoModule(spec string) string {
	for _, registry := range []string{"npm:", "jsr:"} {
		if rest, ok := strings.CutPrefix(spec, registry); ok {
			return nodePackage(strings.TrimPrefix(rest, "/"))
		}
	}
	return UnnamedService
}

var majorVersion = lazy(`^v[0-9]+$`)

// goPackage parses host/organization/module/cmd/name@version. A relative package is a path.
func goPackage(spec string) string {
	spec, _, _ = strings.Cut(spec, "@")
	host, _, _ := strings.Cut(spec, "/")
	isPath := strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") || strings.HasSuffix(spec, ".go")
	if isPath || !strings.Contains(host, ".") {
		return UnnamedService
	}
	if majorVersion().MatchString(path.Base(spec)) {
		spec = path.Dir(spec)
	}
	return valid(path.Base(spec))
}

var archiveName = lazy(`^(.*?)(-[0-9][\w.-]*)?\.(?i:jar|dll|csproj|fsproj)$`)

// archive returns the name of a program in a file for the virtual machine of Java or .NET, without its version. Like
// that of an executable file, it is chosen by the author.
func archive(file string) string {
	m := archiveName().FindStringSubmatch(path.Base(strings.ReplaceAll(file, `\`, "/")))
	if m == nil {
		return UnnamedService
	}
	return valid(m[1])
}
