package cmd_test

func playSDK([]string) int { return 0 }
