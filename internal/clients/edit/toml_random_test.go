package edit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// randomTOML writes files with everything that the format allows.
type randomTOML struct {
	*rand.Rand
	out strings.Builder
	nl  string
	id  int
}

func (r *randomTOML) pick(choices ...string) string { return choices[r.IntN(len(choices))] }

func (r *randomTOML) write(parts ...string) {
	for _, part := range parts {
		r.out.WriteString(part)
	}
}

// key returns a key that no other is equal to.
func (r *randomTOML) key() string {
	r.id++
	return fmt.Sprintf(r.pick("k%d", "%d", "-_%d", `"k %d"`, "'k.%d'", `"\u00e9%d"`, "'# %d'", "'é%d'"), r.id)
}

func (r *randomTOML) scalar() string {
	return r.pick("1", "-0x1F"[1:], "1_000", "3.14e-2", "+inf", "nan", "true", "false", "1979-05-27", "07:32:00",
		"1979-05-27 07:32:00.5+01:00", "1979-05-27T07:32:00Z", `"a # b"`, `"\"\\\u00e9\n"`, "'C:\\x'", "'é\t'", `""`, "''",
		`"""`+r.nl+"[a]\\"+r.nl+"  b = 1"+`""""`, "'''"+r.nl+"it's"+r.nl+"[x]'''", `"""x"""`, "'''x'''''")
}

func (r *randomTOML) comment() string {
	return r.pick("", "", "", " # c", "\t# é [x] = \"", "#")
}

// gap is what may stand between items of a list.
func (r *randomTOML) gap() string {
	return r.pick("", "", " ", "\t", r.nl+"  ", " # c, ]"+r.nl+"  ", r.nl+"  # 'x"+r.nl+r.nl+" ")
}

func (r *randomTOML) value(depth int) string {
	kind := r.IntN(6)
	if depth > 2 || kind < 3 {
		return r.scalar()
	}
	var out strings.Builder
	n := r.IntN(4)
	if kind < 5 {
		out.WriteString("[" + r.gap())
		for i := range n {
			out.WriteString(r.value(depth+1) + r.gap())
			if i < n-1 || r.IntN(2) == 0 {
				out.WriteString("," + r.gap())
			}
		}
		return out.String() + "]"
	}
	out.WriteString("{" + r.pick("", " "))
	for i := range n {
		out.WriteString(r.key() + r.pick("", "."+r.key()) + r.pick("=", " = ", "\t= ") + r.value(depth+1) + r.pick("", " "))
		if i < n-1 {
			out.WriteString("," + r.pick("", " "))
		}
	}
	return out.String() + "}"
}

// keys writes the lines of a table.
func (r *randomTOML) keys() {
	prefix := r.key()
	for range r.IntN(5) {
		indent := r.pick("", "", "  ", "\t")
		switch r.IntN(6) {
		case 0:
			r.write(indent, prefix, r.pick(".", " . "), r.key(), r.pick("=", " = "), r.value(0))
		case 1:
			r.write(indent, r.pick("", "# comment = 1"))
			r.write(r.nl)
			continue
		default:
			r.write(indent, r.key(), r.pick("=", " = ", "   = "), r.value(0))
		}
		r.write(r.comment(), r.nl)
	}
}

func (r *randomTOML) file() []byte {
	r.write(r.pick("", "\ufeff"), r.pick("", "# head"+r.nl))
	r.keys()
	servers := r.key()
	for range r.IntN(4) {
		name := r.key()
		r.write(r.pick("", " "), "[", r.pick("", " "), servers, ".", name, "]", r.comment(), r.nl)
		r.keys()
		if r.IntN(2) == 0 {
			r.write("[", servers, ".", name, ".env]", r.comment(), r.nl)
			r.keys()
		}
	}
	list := r.key()
	for range r.IntN(3) {
		r.write("[[", list, "]]", r.comment(), r.nl)
		r.keys()
		r.write("[", list, ".", r.key(), "]", r.nl)
		r.keys()
	}
	r.write("[ ", r.key(), " . ", r.key(), " ]", r.comment(), r.pick("", r.nl))
	return []byte(r.out.String())
}

func TestTOMLRandom(t *testing.T) {
	made := 0
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		r := &randomTOML{Rand: random, nl: "\n"}
		if seed%3 == 0 {
			r.nl = "\r\n"
		}
		text := r.file()
		if _, err := edit.Parse(edit.TOML, text); err != nil {
			t.Fatalf("seed %d: %v in:\n%s", seed, err, text)
		}
		made += checkEdits(t, edit.TOML, text, random, 100)
	}
	if made < 5000 {
		t.Errorf("%d edits were made", made)
	}
}

func FuzzTOML(f *testing.F) {
	for seed := range uint64(20) {
		f.Add((&randomTOML{Rand: rand.New(rand.NewPCG(seed, 1)), nl: "\n"}).file(), seed)
	}
	f.Add([]byte(codex), uint64(1))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		if len(text) < 4096 {
			checkEdits(t, edit.TOML, text, rand.New(rand.NewPCG(seed, 0)), 4)
		}
	})
}
