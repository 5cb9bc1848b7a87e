package wrap_test

func registerSystemRoles() {
	roles["flood"] = playFlood
	roles["hash"] = playHash
	roles["pour"] = playPour
	roles["blocking"] = playBlocking
	roles["signals"] = playSignals
	roles["poll"] = playPoll
	roles["die"] = playDie
	roles["flush"] = playFlush
	roles["init"] = playInit
	roles["linger"] = playLinger
	roles["again"] = playAgain
}
