package telemetry

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// exact is gRPC's codec for protobuf, but for where a message is put: in memory of its own size. gRPC's takes a buffer from a
// pool in steps of which the largest are 32 KiB and 1 MiB, so that each signal would hold a megabyte for its batches of a
// quarter of that, which is more than all that waits to be sent.
type exact struct{ encoding.CodecV2 }

// dialing is how the exporters speak gRPC.
func dialing() grpc.DialOption {
	return grpc.WithDefaultCallOptions(grpc.ForceCodecV2(exact{encoding.GetCodecV2("proto")}))
}

// Marshal implements encoding.CodecV2.
func (exact) Marshal(v any) (mem.BufferSlice, error) {
	message, ok := v.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("encoding a %T, which is no message", v)
	}
	b, err := proto.Marshal(message)
	if err != nil {
		return nil, err
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}
