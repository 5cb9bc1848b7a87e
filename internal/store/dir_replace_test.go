package store_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/store"
)

// TestReplaceWhileRead: a file is replaced although others read it, which Windows refuses for as long as they have it open.
func TestReplaceWhileRead(t *testing.T) {
	s := store.Session{Dir: t.TempDir()}
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	if err := files.Replace("file", []byte("first")); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // ends when the test says so
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = files.Read("file", 100) // Windows may refuse that, too
			}
		}
	}()
	for range 100 {
		if err := files.Replace("file", []byte("next")); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	<-stopped
}
