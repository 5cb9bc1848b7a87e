package telemetry_test

import (
	"context"
	"sync"

	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
)

// definitionsKept is what is known of a server's definitions, without a file.
type definitionsKept struct {
	key []byte

	mu    sync.Mutex
	state definitions.State
	texts []definitions.Text
}

func (k *definitionsKept) open(string) (telemetry.Definitions, error) { return k, nil }

func (k *definitionsKept) Key() []byte { return k.key }

func (k *definitionsKept) Known() definitions.State {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state.Clone()
}

func (k *definitionsKept) Observed(o definitions.Observation) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state.Observe(o)
	k.texts = append(k.texts, o.Texts...)
}

func (k *definitionsKept) Close(context.Context) {}
