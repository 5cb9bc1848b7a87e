//go:build linux

#include "textflag.h"

// originHandler is called by the kernel: DI is the signal, SI its siginfo. It counts, and leaves all else to the
// runtime's handler, which gets registers and stack as if it had been called itself.
TEXT ·originHandler(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVL 8(SI), AX // si_code: above 0 the kernel says why, else a process has sent it
	TESTL AX, AX
	JGT  on
	MOVL DI, AX
	LEAQ ·sentByProcess(SB), R10
	LOCK
	INCL (R10)(AX*4)
on:
	MOVQ ·runtimeHandler(SB), AX
	JMP  AX

// func originAddress() uintptr
TEXT ·originAddress(SB), NOSPLIT, $0-8
	LEAQ ·originHandler(SB), AX
	MOVQ AX, ret+0(FP)
	RET
