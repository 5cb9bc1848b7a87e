//go:build linux

#include "textflag.h"

// originHandler is called by the kernel: R0 is the signal, R1 its siginfo. It counts, and leaves all else to the
// runtime's handler, which gets registers and stack as if it had been called itself.
TEXT ·originHandler(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVW 8(R1), R3 // si_code: above 0 the kernel says why, else a process has sent it
	CMPW $0, R3
	BGT  on
	MOVWU R0, R3
	MOVD $·sentByProcess(SB), R4
	ADD  R3<<2, R4
again:
	LDAXRW (R4), R5
	ADDW $1, R5
	STLXRW R5, (R4), R6
	CBNZ R6, again
on:
	MOVD ·runtimeHandler(SB), R3
	B    (R3)

// func originAddress() uintptr
TEXT ·originAddress(SB), NOSPLIT, $0-8
	MOVD $·originHandler(SB), R0
	MOVD R0, ret+0(FP)
	RET
