// Command alloyreader parses configurations of Grafana Alloy with its own parser. It is a module of its own, so that spanpipe's
// does not have the requirements of Alloy.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/alloy/syntax/parser"
)

func main() {
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name)
		if err == nil {
			_, err = parser.ParseFile(name, text)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
