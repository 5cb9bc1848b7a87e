package framing_test

import (
	"fmt"
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// A relay passes each chunk on, and then to a scanner. The chunks need not end where the lines do.
func Example() {
	table := framing.Compile(
		framing.Path{Keys: []string{"params", "name"}, Want: framing.Text, Max: 128},
		framing.Path{Keys: []string{"params", "arguments"}},
	)
	scanner := framing.NewScanner(table, func(m *framing.Message) {
		switch m.Kind {
		case framing.Request:
			fmt.Printf("request %s: %s\n", m.ID.Text, m.Method)
			for _, v := range m.Values { // the Field is the position of the path
				fmt.Printf("field %d: %q, %d bytes\n", v.Field, v.Text, v.Size)
			}
		case framing.Noise:
			fmt.Printf("%d bytes that are not JSON\n", m.Size)
		}
	})
	for _, chunk := range []string{
		`{"jsonrpc":"2.0","id":7,"method":"tools/ca`,
		`ll","params":{"name":"echo","arguments":{"text":"hello"}}}` + "\nServer rea",
		"dy\n",
	} {
		scanner.Write([]byte(chunk), time.Now())
	}
	scanner.Close(time.Now())
	// Output:
	// request 7: tools/call
	// field 0: "echo", 6 bytes
	// field 1: "", 16 bytes
	// 12 bytes that are not JSON
}

// Each stands for every element of an array.
func ExampleCompile() {
	table := framing.Compile(
		framing.Path{Keys: []string{"result", "tools"}},
		framing.Path{Keys: []string{"result", "tools", framing.Each, "name"}, Want: framing.Text, Max: 8},
	)
	scanner := framing.NewScanner(table, func(m *framing.Message) {
		fmt.Println(m.Values[0].Count, "tools")
		for _, v := range m.Values[1:] {
			fmt.Printf("%s (truncated: %v)\n", v.Text, v.Truncated)
		}
	})
	scanner.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read"},{"name":"search_files"}]}}`), time.Now())
	scanner.Close(time.Now())
	// Output:
	// 2 tools
	// read (truncated: false)
	// search_f (truncated: true)
}
