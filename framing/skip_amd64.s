//go:build !purego

#include "textflag.h"

// The vectorised skippers. Both look at 64 bytes at a time and turn each question about them (which are quotes?) into 64
// bits, in a general register, as simdjson does. The last bytes, fewer than 64, are seen through a load that ends where
// the slice ends and so reaches back over bytes already seen; a shift moves the latter's bits out. Hence the slice must have at
// least 64 bytes, and nothing beyond it is ever touched.
//
// Registers of both: SI the slice, DX its length, DI where the block begins, R11 how many bits to shift out,
// R10 whether the block's first byte is escaped, R13 every second bit, Y10 quotes, Y11 backslashes.

// MASK sets dst to one bit for each byte of Y0 and Y1 that equals that of c.
#define MASK(c, a, b, ya, yb, tmp, dst) \
	VPCMPEQB  a, c, ya      \
	VPCMPEQB  b, c, yb      \
	VPMOVMSKB ya, dst       \
	VPMOVMSKB yb, tmp       \
	SHLQ      $32, tmp      \
	ORQ       tmp, dst      \
	SHRXQ     R11, dst, dst

// BROADCAST fills a register with one byte.
#define BROADCAST(c, x, y) \
	MOVL         $c, AX \
	VMOVD        AX, x  \
	VPBROADCASTB x, y

// LOAD loads the block at DI, or if CX says that fewer than 64 bytes are left, the last 64.
#define LOAD(last, done) \
	XORL    R11, R11               \
	CMPQ    CX, $64                \
	JLT     last                   \
	VMOVDQU (SI)(DI*1), Y0         \
	VMOVDQU 32(SI)(DI*1), Y1       \
	JMP     done                   \
last:                              \
	MOVL    $64, R11               \
	SUBQ    CX, R11                \
	VMOVDQU -64(SI)(DX*1), Y0      \
	VMOVDQU -32(SI)(DX*1), Y1      \
done:

// ESCAPES takes the quotes that are escaped out of AX, given the backslashes in BX, and sets R10 for the next block. A
// byte is escaped if a run of backslashes before it has odd length: subtracting the runs' starts from the runs, moved by
// one, carries through each run and leaves at its end a bit whose position is even or odd as the run's length is. This is
// find_escaped of simdjson. It clobbers CX and R12.
#define ESCAPES \
	ANDNQ BX, R10, R12       \
	LEAQ  (R12)(R12*1), CX   \
	ORQ   R13, CX            \
	SUBQ  R12, CX            \
	XORQ  R13, CX            \
	MOVQ  BX, R12            \
	ORQ   R10, R12           \
	XORQ  CX, R12            \
	ANDNQ AX, R12, AX        \
	ANDQ  BX, CX             \
	MOVL  $63, R10           \
	SUBQ  R11, R10           \
	SHRXQ R10, CX, R10       \
	ANDL  $1, R10

// func skipNestedAVX2(b *byte, i, n int, st *nesting) int
TEXT ·skipNestedAVX2(SB), NOSPLIT, $0-40
	MOVQ b+0(FP), SI
	MOVQ i+8(FP), DI
	MOVQ n+16(FP), DX
	MOVQ st+24(FP), AX
	MOVQ 0(AX), R8              // depth
	MOVQ 8(AX), R9              // inString
	MOVQ 16(AX), R10            // escaped
	MOVQ $0xaaaaaaaaaaaaaaaa, R13
	BROADCAST(0x22, X10, Y10)   // "
	BROADCAST(0x5c, X11, Y11)   // \
	BROADCAST(0x20, X12, Y12)   // what makes { of [ and } of ], and neither of anything else
	BROADCAST(0x7b, X13, Y13)   // {
	BROADCAST(0x7d, X14, Y14)   // }
	VPCMPEQB X9, X9, X9         // all ones

block:
	MOVQ DX, CX
	SUBQ DI, CX
	JLE  end
	LOAD(last, loaded)

	MASK(Y10, Y0, Y1, Y2, Y3, CX, AX)
	MASK(Y11, Y0, Y1, Y4, Y5, CX, BX)
	MOVQ BX, CX
	ORQ  R10, CX
	JZ   strings
	ESCAPES

strings:
	// The exclusive or of all bits up to each: it changes at every quote, so it is set within strings.
	VMOVQ      AX, X6
	VPCLMULQDQ $0, X9, X6, X6
	VMOVQ      X6, R12
	XORQ       R9, R12
	MOVQ       R12, R9
	SARQ       $63, R9

	VPOR  Y0, Y12, Y0
	VPOR  Y1, Y12, Y1
	MASK(Y13, Y0, Y1, Y2, Y3, AX, BX)
	MASK(Y14, Y0, Y1, Y4, Y5, AX, CX)
	ANDNQ BX, R12, BX           // brackets that open
	ANDNQ CX, R12, CX           // brackets that close

	// With fewer closing brackets than there are open ones, none of them can be the last.
	POPCNTQ CX, R12
	CMPQ    R8, R12
	JLE     close
	SUBQ    R12, R8

rest:
	POPCNTQ BX, AX
	ADDQ    AX, R8
	ADDQ    $64, DI
	SUBQ    R11, DI
	JMP     block

close:
	// One closing bracket after the other, with those that open before it.
	TESTQ   CX, CX
	JZ      rest
	BLSMSKQ CX, R12             // up to and with the first
	MOVQ    BX, AX
	ANDQ    R12, AX
	POPCNTQ AX, AX
	ADDQ    AX, R8
	ANDNQ   BX, R12, BX
	DECQ    R8
	JZ      found
	BLSRQ   CX, CX
	JMP     close

found:
	TZCNTQ CX, CX
	LEAQ   1(DI)(CX*1), AX
	MOVQ   AX, ret+32(FP)
	VZEROUPPER
	RET

end:
	MOVQ st+24(FP), AX
	MOVQ R8, 0(AX)
	MOVQ R9, 8(AX)
	MOVQ R10, 16(AX)
	MOVQ $-1, ret+32(FP)
	VZEROUPPER
	RET

// func skipStringAVX2(b *byte, i, n int, escaped uint64) (end int, after uint64)
TEXT ·skipStringAVX2(SB), NOSPLIT, $0-48
	MOVQ b+0(FP), SI
	MOVQ i+8(FP), DI
	MOVQ n+16(FP), DX
	MOVQ escaped+24(FP), R10
	MOVQ $0xaaaaaaaaaaaaaaaa, R13
	BROADCAST(0x22, X10, Y10)
	BROADCAST(0x5c, X11, Y11)

block:
	MOVQ DX, CX
	SUBQ DI, CX
	JLE  end
	LOAD(last, loaded)

	VPCMPEQB  Y0, Y10, Y2
	VPCMPEQB  Y1, Y10, Y3
	VPCMPEQB  Y0, Y11, Y4
	VPCMPEQB  Y1, Y11, Y5
	VPOR      Y2, Y3, Y6
	VPOR      Y4, Y5, Y7
	VPOR      Y6, Y7, Y6
	VPMOVMSKB Y6, AX
	ORQ       R10, AX
	JNZ       look

next:
	ADDQ $64, DI
	SUBQ R11, DI
	JMP  block

look:
	MASK(Y10, Y0, Y1, Y2, Y3, CX, AX)
	MASK(Y11, Y0, Y1, Y4, Y5, CX, BX)
	MOVQ  BX, CX
	ORQ   R10, CX
	JZ    unescaped
	ESCAPES

unescaped:
	TESTQ AX, AX
	JZ    next
	TZCNTQ AX, AX
	ADDQ  DI, AX
	MOVQ  AX, end+32(FP)
	MOVQ  $0, after+40(FP)
	VZEROUPPER
	RET

end:
	MOVQ $-1, end+32(FP)
	MOVQ R10, after+40(FP)
	VZEROUPPER
	RET

// func cpuid(leaf, sub uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

// func xgetbv() uint32
TEXT ·xgetbv(SB), NOSPLIT, $0-4
	XORL CX, CX
	XGETBV
	MOVL AX, ret+0(FP)
	RET
