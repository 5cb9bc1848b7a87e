package account_test

import (
	"regexp"
	"testing"

	"github.com/spanpipe/spanpipe/internal/account"
)

// TestPseudonym: an account has one pseudonym under a key, another under another key, and neither is its name or id.
func TestPseudonym(t *testing.T) {
	one, err := account.Pseudonym([]byte("a key of one fleet"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(one) {
		t.Errorf("the pseudonym is %q, want 64 bits in hex", one)
	}
	if again, err := account.Pseudonym([]byte("a key of one fleet")); err != nil || again != one {
		t.Errorf("the pseudonym has become %q (%v)", again, err)
	}
	if other, err := account.Pseudonym([]byte("a key of another")); err != nil || other == one {
		t.Errorf("two keys give the pseudonym %q (%v)", other, err)
	}
}
