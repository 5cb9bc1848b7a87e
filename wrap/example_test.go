package wrap_test

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"github.com/spanpipe/spanpipe/wrap"
)

// counter is a Tap that counts the bytes of one direction.
type counter struct{ bytes int }

func (*counter) Arriving()                         {}
func (c *counter) Forwarded(b []byte, _ time.Time) { c.bytes += len(b) }
func (*counter) Ended(time.Time, bool)             {}

// A host talks to a wrapped server through two pipes. The server here is this program, which copies its input.
func Example() {
	stdin, toServer, _ := os.Pipe()
	fromServer, stdout, _ := os.Pipe()
	input := &counter{}
	server, err := wrap.Start(wrap.Config{
		Command: as("cat"), Env: os.Environ(), Stdin: stdin, Stdout: stdout, Stderr: os.Stderr,
		StdinTap:    input,
		KeepOrphans: true, // this program has other children
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprintln(toServer, `{"jsonrpc":"2.0","id":1,"method":"ping"}`)
	response, _ := bufio.NewReader(fromServer).ReadString('\n')
	fmt.Print(response)

	toServer.Close() // ends the session
	status := server.Wait()
	server.Close()
	fmt.Println("exit code:", status.Code, "bytes:", input.bytes)
	// Output:
	// {"jsonrpc":"2.0","id":1,"method":"ping"}
	// exit code: 0 bytes: 41
}
