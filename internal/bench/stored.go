//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/store/storetest"
)

// reports measures "spanpipe report" over a million stored operations, as they are kept after their detail has expired: a
// report reads nothing else of a session that has ended.
func (b *bench) reports(ctx context.Context) error {
	sessions, each, rounds := 2000, 500, 7
	if b.short {
		sessions, rounds = 40, 2
	}
	b.say("report of %d operations", sessions*each)
	dir := filepath.Join(b.dir, "reported")
	if err := fill(dir, sessions, each); err != nil {
		return err
	}
	took, used, peak := samples{}, samples{}, samples{}
	for range rounds {
		for _, by := range []string{"tool", "server", "day"} {
			cmd := exec.CommandContext(ctx, b.builds[0].path, "report", "--since", "30d", "--by", by, "--json")
			cmd.Env = append(os.Environ(), "SPANPIPE_DIR="+dir)
			started := time.Now()
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("%s: %w: %s", cmd, err, out)
			}
			name := "by " + by
			took.add(name, time.Since(started).Seconds()*1e3)
			usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			used.add(name, float64(cmd.ProcessState.SystemTime()+cmd.ProcessState.UserTime())/1e6)
			peak.add(name, float64(maxRSS(usage))/(1<<20))
		}
	}
	of := fmt.Sprintf("report of %d operations", sessions*each)
	names := []string{"by tool", "by server", "by day"}
	b.summarize(of+", time", "ms", median, names, took)
	b.summarize(of+", CPU", "ms", median, names, used)
	b.summarize(of+", peak resident memory", "MiB", median, names, peak)
	return nil
}

// maxRSS returns a process's peak of resident memory in bytes. Linux counts it in KiB, macOS in bytes.
func maxRSS(u *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return u.Maxrss
	}
	return u.Maxrss << 10
}

// fill stores sessions of the last four weeks, of a few servers and clients.
func fill(dir string, sessions, calls int) error {
	servers, clients := storetest.Servers(), storetest.Clients()
	all := make([]storetest.Session, sessions)
	for n := range all {
		all[n] = storetest.Session{
			Server: servers[n%len(servers)], Client: clients[n%len(clients)],
			Start: time.Now().Add(-time.Duration(n+1) * 28 * 24 * time.Hour / time.Duration(sessions+1)),
			Calls: calls - 2, Every: time.Second, Seed: uint64(n), DigestOnly: true, // initialize and tools/list are the other two
		}
	}
	err := storetest.Fill(dir, all)
	if made, e := filepath.Glob(filepath.Join(dir, "sessions", "*", "digest")); e != nil || len(made) != sessions {
		return errors.Join(fmt.Errorf("made %d sessions of %d", len(made), sessions), err)
	}
	return err
}
