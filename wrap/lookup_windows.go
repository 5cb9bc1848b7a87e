package wrap

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// launch runs the first file that Windows' own search would find for the command: as named, then with each extension of
// PATHEXT, in the working directory (unless the environment forbids it) and then along PATH.
func launch(command, env []string, run func(path string, argv []string) error) error {
	name := command[0]
	dirs := []string{""}
	if !strings.ContainsAny(name, `\/:`) {
		dirs = filepath.SplitList(lookEnv(env, "PATH", ""))
		if lookEnv(env, "NoDefaultCurrentDirectoryInExePath", "-") == "-" {
			dirs = append([]string{"."}, dirs...)
		}
	}
	for _, dir := range dirs {
		for _, ext := range extensions(name, env) {
			path := filepath.Join(dir, name+ext)
			if info, err := os.Stat(path); err != nil || info.IsDir() || name == "" {
				continue
			}
			if err := run(absolute(path), command); err != nil {
				return &StartError{Code: 126, Hint: hintUnfit(err), Err: fmt.Errorf("starting %q: %w", path, err)}
			}
			return nil
		}
	}
	return &StartError{Code: 127, Hint: "it is not in PATH; try its whole path",
		Err: fmt.Errorf("starting %q: %w", name, os.ErrNotExist)}
}

func extensions(name string, env []string) []string {
	list := strings.Split(lookEnv(env, "PATHEXT", ".COM;.EXE;.BAT;.CMD"), ";")
	if filepath.Ext(name) != "" {
		return append([]string{""}, list...)
	}
	return list
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func hintUnfit(err error) string {
	if errors.Is(err, syscall.Errno(193)) { // ERROR_BAD_EXE_FORMAT
		return "it is no program for this machine"
	}
	return ""
}
