package redact_test

import (
	"fmt"

	"github.com/spanpipe/spanpipe/consent/redact"
)

func ExampleRedactor_JSON() {
	r, err := redact.New(redact.Config{
		User:     "zoe",
		Patterns: []redact.Pattern{{Name: "ticket", Regexp: `ACME-\d+`}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	arguments := `{"to":"ann@example.com","pin":1234,"n":1.50,"note":"zoe asks about ACME-77","q":"{\"password\":\"hunter2\"}"}`
	fmt.Println(r.JSON([]byte(arguments), false, 1024))
	// Output: {"to":"[redacted:email]","pin":"[redacted:pin]","n":1.50,"note":"[redacted:user] asks about [redacted:ticket]","q":"{\"password\":\"[redacted:password]\"}"}
}

func ExampleRedactor_Members() {
	r, err := redact.New(redact.Config{Keys: []string{"query", "filter.name"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Members([]byte(`{"query":"cats","filter":{"name":"a","owner":"x"},"limit":3}`), false, 1024))
	// Output: {"query":"cats","filter":{"name":"a"}}
}

func ExampleRedactor_Text() {
	r, err := redact.New(redact.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The line was cut off when it was captured: half of an address is left.
	fmt.Println(r.Text([]byte("login of root from 192.0.2.7 failed, mail ann@exam"), true, 1024))
	// Output: login of root from [redacted:ip] failed, mail
}

func ExampleName() {
	for _, name := range []string{"create_issue", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "call ann@example.com"} {
		clean, ok := redact.Name([]byte(name))
		fmt.Printf("%q %v\n", clean, ok)
	}
	// Output:
	// "create_issue" true
	// "" false
	// "" false
}
