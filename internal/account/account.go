// Package account identifies the account that runs spanpipe, by a keyed hash: enough to count accounts, and not enough to name
// one. The account's name leaves this package in no other form.
package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Pseudonym returns the keyed hash of the account that this process runs as. On Unix the account is the user's id and name, on
// Windows its security identifier. The machine is not part of it: a person with two machines of a fleet is one account, if
// the key is the fleet's. It asks the system, which may ask a directory service in turn, and may block for as long as that
// does.
func Pseudonym(key []byte) (string, error) {
	id, err := current()
	if err != nil {
		return "", err
	}
	return hash(key, id), nil
}

// hash returns 64 bits of a keyed hash: among a million accounts the chance that two share one is 1 in 40 million.
func hash(key []byte, id string) string {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(id)) // never fails
	return hex.EncodeToString(h.Sum(nil)[:8])
}
