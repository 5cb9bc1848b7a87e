package otlptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificates are a certificate authority made for one receiver, with a certificate for each side of a connection.
type certificates struct {
	authority                     *x509.Certificate
	authorityKey                  *ecdsa.PrivateKey
	server                        tls.Certificate
	caFile, clientCert, clientKey string
}

func newCertificates(dir string) (*certificates, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	c := &certificates{authorityKey: key}
	c.authority = &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "otlptest authority"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c.authority, c.authority, c.authorityKey.Public(), c.authorityKey)
	if err != nil {
		return nil, err
	}
	if c.authority, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	serverDER, serverKey, err := c.issue(2, "localhost")
	if err != nil {
		return nil, err
	}
	c.server = tls.Certificate{Certificate: [][]byte{serverDER}, PrivateKey: serverKey}
	clientDER, clientKey, err := c.issue(3, "client")
	if err != nil {
		return nil, err
	}
	clientKeyDER, err := x509.MarshalPKCS8PrivateKey(clientKey)
	if err != nil {
		return nil, err
	}
	c.caFile, c.clientCert, c.clientKey = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "client.pem"), filepath.Join(dir, "client-key.pem")
	return c, errors.Join(
		writePEM(c.caFile, "CERTIFICATE", der),
		writePEM(c.clientCert, "CERTIFICATE", clientDER),
		writePEM(c.clientKey, "PRIVATE KEY", clientKeyDER),
	)
}

// issue signs a certificate for a name, valid for either side of a connection on the loopback interface.
func (c *certificates) issue(serial int64, name string) ([]byte, *ecdsa.PrivateKey, error) {
	key, err := newKey()
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		DNSNames:     []string{name},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    c.authority.NotBefore,
		NotAfter:     c.authority.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.authority, key.Public(), c.authorityKey)
	return der, key, err
}

func (c *certificates) serverConfig(demandClient bool) *tls.Config {
	config := &tls.Config{
		Certificates: []tls.Certificate{c.server},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
	}
	if demandClient {
		pool := x509.NewCertPool()
		pool.AddCert(c.authority)
		config.ClientCAs, config.ClientAuth = pool, tls.RequireAndVerifyClientCert
	}
	return config
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// CAFile returns the path of the receiver's authority, for OTEL_EXPORTER_OTLP_CERTIFICATE; empty without TLS.
func (r *Receiver) CAFile() string {
	if r.tls == nil {
		return ""
	}
	return r.tls.caFile
}

// ClientCertFiles returns the paths of a certificate and its key that the receiver accepts, for
// OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY; empty without TLS.
func (r *Receiver) ClientCertFiles() (certificate, key string) {
	if r.tls == nil {
		return "", ""
	}
	return r.tls.clientCert, r.tls.clientKey
}
