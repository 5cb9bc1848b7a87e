package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "structure:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("structure", flag.ContinueOnError)
	limit := flags.Int("max", 0, "fail if more than this many `files` of a package form one cycle; 0 means no limit")
	edges := flags.Bool("edges", false, "print every reference between files")
	long := flags.Bool("long", false, fmt.Sprintf("list the lines of more than %d columns", maxColumns))
	systems := flags.String("os", runtime.GOOS, "comma-separated `systems` to check the references for")
	generate := flags.Bool("generate", false, "rewrite the generated parts of .golangci.yaml and docs/DESIGN.md, and exit")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	root, err := Root()
	if err != nil {
		return err
	}
	if *generate {
		return Generate(root)
	}
	lines, err := CountLines(root)
	if err != nil {
		return err
	}
	var tooLarge []string
	for goos := range strings.SplitSeq(*systems, ",") {
		all, err := Load(root, goos)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n", goos)
		printPackages(out, all, lines)
		if *edges {
			printEdges(out, all)
		}
		for _, p := range all {
			if *limit > 0 && len(p.Cycle) > *limit {
				tooLarge = append(tooLarge, fmt.Sprintf("%s (%s): %d files", short(p.Path), goos, len(p.Cycle)))
			}
		}
	}
	printLines(out, lines, *long)
	if err := printImports(out, root); err != nil {
		return err
	}
	if len(tooLarge) > 0 {
		return fmt.Errorf("cycles of more than %d files: %s", *limit, strings.Join(tooLarge, ", "))
	}
	return nil
}

// Root returns the module's directory.
func Root() (string, error) {
	file, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding go.mod: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(file))), nil
}

func printPackages(out io.Writer, all []Package, lines map[string]Lines) {
	fmt.Fprintf(out, "%-24s %5s %6s %8s %5s  %s\n", "package", "files", "lines", "comments", "edges", "largest cycle")
	for _, p := range all {
		l := lines[p.Path]
		fmt.Fprintf(out, "%-24s %5d %6d %7.0f%% %5d  %d", short(p.Path), len(p.Files), l.Total, l.commentShare(), len(p.Edges),
			len(p.Cycle))
		if len(p.Cycle) > 0 {
			fmt.Fprintf(out, ": %s", strings.Join(p.Cycle, " "))
		}
		fmt.Fprintln(out)
		if p.Err != nil {
			first, _, _ := strings.Cut(p.Err.Error(), "\n")
			fmt.Fprintf(out, "  does not compile, so references may be missing: %s\n", first)
		}
	}
	fmt.Fprintln(out)
}

func printEdges(out io.Writer, all []Package) {
	for _, p := range all {
		for _, e := range p.Edges {
			fmt.Fprintf(out, "%s: %s → %s: %s\n", short(p.Path), e.From, e.To, strings.Join(e.Names, ", "))
		}
	}
	fmt.Fprintln(out)
}

func printLines(out io.Writer, lines map[string]Lines, all bool) {
	var sum Lines
	for _, path := range slices.Sorted(maps.Keys(lines)) {
		l := lines[path]
		sum.Files += l.Files
		sum.Total += l.Total
		sum.Comments += l.Comments
		sum.Long = append(sum.Long, l.Long...)
	}
	fmt.Fprintf(out, "product code: %d lines in %d files, %.0f%% of them comments; %d lines of more than %d columns\n",
		sum.Total, sum.Files, sum.commentShare(), len(sum.Long), maxColumns)
	if all {
		for _, where := range sum.Long {
			fmt.Fprintf(out, "  %s\n", where)
		}
	}
	fmt.Fprintln(out)
}

func (l Lines) commentShare() float64 {
	return 100 * float64(l.Comments) / float64(max(l.Total, 1))
}

// printImports prints what each package imports besides the standard library, and what the table does not allow.
// Packages of other modules are shown as the row of the table that allows them.
func printImports(out io.Writer, root string) error {
	all, err := List(root, runtime.GOOS)
	if err != nil {
		return err
	}
	for _, p := range all {
		if IsTestOnly(p.Path) {
			continue
		}
		imports := map[string]bool{}
		for _, path := range p.Imports {
			if path = strings.TrimPrefix(path, module); !isStandard(path) {
				imports[strings.TrimPrefix(allowedAs(p.Path, path), "/")] = true
			}
		}
		if len(imports) == 0 {
			imports["standard library"] = true
		}
		fmt.Fprintf(out, "%s → %s\n", short(p.Path), strings.Join(slices.Sorted(maps.Keys(imports)), ", "))
		for _, problem := range Check(p) {
			fmt.Fprintf(out, "  not allowed: %s\n", problem)
		}
	}
	return nil
}

// allowedAs returns the entry of a package's rule that allows an import of another module, or else the import itself.
func allowedAs(from, path string) string {
	for _, r := range Rules {
		if r.Package != from || strings.HasPrefix(path, "/") {
			continue
		}
		if i := slices.IndexFunc(r.Allow, func(root string) bool { return isBelow(path, root) }); i >= 0 {
			return r.Allow[i]
		}
	}
	return path
}

func short(path string) string {
	if path == "" {
		return "main"
	}
	return strings.TrimPrefix(path, "/")
}
