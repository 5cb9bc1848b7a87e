package framing_test

import (
	"bytes"
	"syscall"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
)

// The skippers must not touch a byte outside the slice: here the pages before and after it would fault.
func TestSkipStaysInside(t *testing.T) {
	page := syscall.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Munmap(mem); err != nil {
			t.Error(err)
		}
	}()
	inside := mem[page : 2*page]
	copy(inside, bytes.Repeat([]byte(`{"a\\":[1,"b"]},`), page))
	for _, outside := range [][]byte{mem[:page], mem[2*page:]} {
		if err := syscall.Mprotect(outside, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 300 {
		for _, b := range [][]byte{inside[:n], inside[page-n:]} {
			for i := range b {
				state := framing.Nesting{}
				state.Set(1000, false, false)
				framing.SkipNested(b, i, &state)
				framing.SkipString(b, i, 0)
			}
		}
	}
}
