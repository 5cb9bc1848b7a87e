package otlptest

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // a receiver must understand compressed requests
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// exportMethods are the gRPC methods of OTLP.
var exportMethods = map[string]Signal{
	"/opentelemetry.proto.collector.trace.v1.TraceService/Export":     Traces,
	"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": Metrics,
	"/opentelemetry.proto.collector.logs.v1.LogsService/Export":       Logs,
}

// newGRPCServer serves the export methods without generated stubs: its one handler needs the bytes of every message, and
// may answer with bytes that are not a message.
func newGRPCServer(r *Receiver, tlsConfig *tls.Config) *grpc.Server {
	options := []grpc.ServerOption{
		grpc.UnknownServiceHandler(r.serveGRPC),
		grpc.ForceServerCodecV2(rawCodec{}),
		grpc.StatsHandler(wireSpy{}),
		grpc.WaitForHandlers(true),
	}
	if tlsConfig != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(tlsConfig)))
	}
	return grpc.NewServer(options...)
}

func (r *Receiver) serveGRPC(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	signal, ok := exportMethods[method]
	if !ok {
		return status.Errorf(codes.Unimplemented, "unknown method %s", method)
	}
	var body []byte
	if err := stream.RecvMsg(&body); err != nil {
		return err
	}
	ctx := stream.Context()
	header, _ := metadata.FromIncomingContext(ctx)
	wire := wireOf(ctx)
	fault := r.arrived(Request{
		Signal: signal, Protocol: GRPC, Header: header, Encoding: wire.encoding, Wire: wire.size, Body: body, At: time.Now(),
	})
	if !r.wait(ctx, fault) {
		if err := ctx.Err(); err != nil { // the deadline may be noticed here before it is at the client
			return status.FromContextError(err).Err()
		}
		return status.Error(codes.Unavailable, "the receiver ends")
	}
	switch fault.kind {
	case fail:
		return fault.grpcError()
	case garbage:
		noise := []byte("\xff\xff\xff not a message")
		return stream.SendMsg(&noise)
	case cut:
		return r.cutGRPC(ctx)
	}
	data, err := decode(signal, body, r.countOnly)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "decoding the request: %v", err)
	}
	r.accepted(data)
	if fault.kind == lost {
		return r.cutGRPC(ctx)
	}
	message := response(signal, fault)
	return stream.SendMsg(&message)
}

// cutGRPC closes the connection of a call. Its result never arrives.
func (r *Receiver) cutGRPC(ctx context.Context) error {
	if from, ok := peer.FromContext(ctx); ok {
		r.conns[0].close(from.Addr.String())
	}
	return status.Error(codes.Unavailable, "connection cut")
}

func (f Fault) grpcError() error {
	failure := status.New(f.code, f.message)
	if f.retry > 0 {
		if detailed, err := failure.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(f.retry)}); err == nil {
			failure = detailed
		}
	}
	return failure.Err()
}

// rawCodec passes messages on as bytes, in a *[]byte.
type rawCodec struct{}

// Name implements encoding.CodecV2.
func (rawCodec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("encoding a %T as bytes", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*message)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	message, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("decoding bytes into a %T", v)
	}
	*message = data.Materialize() // a copy: the buffers go back to a pool
	return nil
}

// wireForm is how a request came: compression and size, which gRPC keeps out of the metadata.
type wireForm struct {
	encoding string
	size     int
}

// wireSpy notes the wireForm of each request in its context.
type wireSpy struct{}

type wireKey struct{}

func wireOf(ctx context.Context) wireForm {
	if form, ok := ctx.Value(wireKey{}).(*wireForm); ok {
		return *form
	}
	return wireForm{}
}

// TagRPC implements stats.Handler.
func (wireSpy) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, wireKey{}, new(wireForm))
}

// HandleRPC implements stats.Handler. Header and message come before the handler reads the form, so no lock is needed.
func (wireSpy) HandleRPC(ctx context.Context, s stats.RPCStats) {
	form, ok := ctx.Value(wireKey{}).(*wireForm)
	if !ok {
		return
	}
	switch s := s.(type) {
	case *stats.InHeader:
		form.encoding = s.Compression
	case *stats.InPayload:
		form.size = s.CompressedLength
	}
}

// TagConn implements stats.Handler.
func (wireSpy) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (wireSpy) HandleConn(context.Context, stats.ConnStats) {}
