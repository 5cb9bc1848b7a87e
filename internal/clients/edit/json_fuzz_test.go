package edit_test

import (
	"math/rand/v2"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// FuzzJSON: whatever parses is what encoding/json finds in it; any edits of it keep all else, and are undone to the same bytes.
func FuzzJSON(f *testing.F) {
	for seed := range 40 {
		f.Add(generateJSON(seeded(seed)), uint64(seed))
	}
	for _, text := range []string{
		"{}", "[]", "\ufeff{ // c\r\n}", "{\"a\":1/**/,}//", `{"\ud83d\ude00":"\ud83d"}`, "{\"a\"\n:\n[\n]\n\n,}", "\r{\r\"a\":\r[1]}", "{\"a\":1//\n,\n\"b\":{}}",
	} {
		f.Add([]byte(text), uint64(1))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		if len(text) > 4096 {
			return // edits are tried at every value
		}
		file, err := edit.Parse(edit.JSON, text)
		if err != nil {
			return
		}
		agrees(t, file)
		checkEveryEdit(t, rand.New(rand.NewPCG(seed, 16)), edit.JSON, text)
		checkWrap(t, edit.JSON, text)
		checkSequence(t, rand.New(rand.NewPCG(seed, 17)), file)
	})
}
