package otlptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificates are an authority made for one receiver, with a certificate for each side of a connection.
type certificates struct {
	authority                     *x509.Certificate
	authorityKey                  *ecdsa.PrivateKey
	server                        tls.Certificate
	caFile, clientCert, clientKey string
}

func newCertificates(t testing.TB) *certificates {
	t.Helper()
	c := &certificates{authorityKey: newKey(t)}
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
		t.Fatalf("otlptest: making an authority: %v", err)
	}
	if c.authority, err = x509.ParseCertificate(der); err != nil {
		t.Fatalf("otlptest: reading back an authority: %v", err)
	}
	dir := t.TempDir()
	c.caFile = writePEM(t, filepath.Join(dir, "ca.pem"), "CERTIFICATE", der)

	certificate, key := c.issue(t, 2, "localhost")
	c.server = tls.Certificate{Certificate: [][]byte{certificate}, PrivateKey: key}

	certificate, key = c.issue(t, 3, "client")
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatalf("otlptest: encoding a key: %v", err)
	}
	c.clientCert = writePEM(t, filepath.Join(dir, "client.pem"), "CERTIFICATE", certificate)
	c.clientKey = writePEM(t, filepath.Join(dir, "client-key.pem"), "PRIVATE KEY", encoded)
	return c
}

// issue signs a certificate for a name, good for either side of a connection on the loopback interface.
func (c *certificates) issue(t testing.TB, serial int64, name string) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key := newKey(t)
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
	if err != nil {
		t.Fatalf("otlptest: signing a certificate: %v", err)
	}
	return der, key
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

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("otlptest: making a key: %v", err)
	}
	return key
}

func writePEM(t testing.TB, path, kind string, der []byte) string {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatalf("otlptest: writing a certificate: %v", err)
	}
	return path
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
