package clients_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients"
)

func TestX(t *testing.T) {
	for _, c := range clients.Table() {
		t.Log(c.ID, len(c.Places))
	}
}
