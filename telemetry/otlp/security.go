package otlp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// security is what the variables of TLS say.
type security struct {
	config   *tls.Config
	variable string // one that is set; empty if none is
}

// securityOf reads the files that the variables of TLS name. The exporters would leave out one that they cannot read,
// and send to any host with a certificate that the system trusts, or without the client's.
func securityOf(s signal, lookup lookupFunc) (security, error) {
	ca, caVariable := lookup.forSignal(s, "CERTIFICATE")
	cert, certVariable := lookup.forSignal(s, "CLIENT_CERTIFICATE")
	key, keyVariable := lookup.forSignal(s, "CLIENT_KEY")
	found := security{config: &tls.Config{MinVersion: tls.VersionTLS12}}
	if ca != "" {
		found.variable = caVariable
		pem, err := readPEM(ca)
		if err != nil {
			return security{}, unusable(caVariable, err)
		}
		found.config.RootCAs = x509.NewCertPool()
		if !found.config.RootCAs.AppendCertsFromPEM(pem) {
			return security{}, unusable(caVariable, errors.New("no certificate in PEM form in the file"))
		}
	}
	switch {
	case cert == "" && key == "":
		return found, nil
	case key == "":
		return security{}, fmt.Errorf("%s is set without %s: want both, or neither", certVariable, keyVariable)
	case cert == "":
		return security{}, fmt.Errorf("%s is set without %s: want both, or neither", keyVariable, certVariable)
	}
	found.variable = certVariable
	pair, err := clientPair(cert, certVariable, key, keyVariable)
	found.config.Certificates = []tls.Certificate{pair}
	return found, err
}

func clientPair(cert, certVariable, key, keyVariable string) (tls.Certificate, error) {
	certPEM, err := readPEM(cert)
	if err != nil {
		return tls.Certificate{}, unusable(certVariable, err)
	}
	keyPEM, err := readPEM(key)
	if err != nil {
		return tls.Certificate{}, unusable(keyVariable, err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return tls.Certificate{}, unusable(certVariable+" and "+keyVariable, err)
	}
	return pair, nil
}

// unusable is the error of a file that cannot be used. It names the variable and not the path, in which a user's name
// may stand, or a secret that is no path at all.
func unusable(variable string, err error) error {
	return fmt.Errorf("%s: the file cannot be used: %w", variable, err)
}

// check rejects certificates for an endpoint without TLS: one of the two is a mistake, and only the user knows which.
func (s security) check(r route) error {
	if s.variable != "" && r.endpoint.Scheme == "http" {
		return fmt.Errorf("%s is set, but %s has no TLS: want https:// in %s, or no certificate",
			s.variable, r.at(), r.variable)
	}
	return nil
}
