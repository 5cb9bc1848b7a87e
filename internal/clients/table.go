package clients

import (
	"bytes"
	_ "embed"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

//go:embed table.yaml
var tableText []byte

// table is the file table.yaml.
type table struct {
	// Bases are the beginnings of paths, by name and system.
	Bases   map[string]map[string]string `yaml:"bases"`
	Shapes  map[string]*Shape            `yaml:"shapes"`
	Clients []*Client                    `yaml:"clients"`
}

// Shape is the form of an entry: the names of its members.
type Shape struct {
	Command string `yaml:"command"`
	Args    string `yaml:"args"` // "" if Command is a list that begins with the program
	Env     string `yaml:"env"`
	Inner   string `yaml:"inner"` // of an older form, in which Command is a map: the member of it with the program
	List    bool   `yaml:"list"`  // entries are items of a list, each with a member name
}

var decoded = sync.OnceValue(func() *table {
	t, err := decode(tableText)
	if err != nil {
		panic(fmt.Sprintf("table.yaml: %v", err)) // a test proves that it is valid
	}
	return t
})

func decode(text []byte) (*table, error) {
	t := &table{}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(t); err != nil {
		return nil, err
	}
	for _, c := range t.Clients {
		if c.Env.Inherits == "" {
			c.Env.Inherits = Unknown
		}
		for _, p := range c.Places {
			if p.Format == "" {
				p.Format = edit.JSON
			}
			if p.Shape == "" {
				p.Shape = "standard"
			}
		}
	}
	return t, nil
}

// Table returns all clients, in the order in which they are shown. They must not be modified.
func Table() []*Client { return decoded().Clients }

// Lookup returns the client with an ID, or nil.
func Lookup(id string) *Client {
	for _, c := range Table() {
		if c.ID == id {
			return c
		}
	}
	return nil
}
