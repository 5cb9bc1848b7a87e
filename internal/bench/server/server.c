/* A stdio server that does as little as a server can: it answers each request with as many bytes as the request asks
   for, and keeps no more than the first bytes of a line. ../serve.go is the same in Go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char in[65536], head[512], out[65536];
static size_t kept;

static void put(const char *p, size_t n) {
	while (n > 0) {
		ssize_t m = write(1, p, n);
		if (m <= 0)
			exit(0);
		p += m;
		n -= m;
	}
}

static void answer(void) {
	head[kept] = 0;
	char *id = strstr(head, "\"id\":"), *bytes = strstr(head, "\"bytes\":");
	if (!id)
		return; /* a notification */
	long n = atol(id + 5), left = bytes ? atol(bytes + 8) : 0;
	int used;
	if (strstr(head, "\"initialize\""))
		used = sprintf(out, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
			"\"serverInfo\":{\"name\":\"bench\",\"version\":\"1\"},\"instructions\":\"pid %d;", n, (int)getpid());
	else
		used = sprintf(out, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"", n);
	const char *end = strstr(head, "\"initialize\"") ? "\"}}\n" : "\"}]}}\n";
	while (left > 0) {
		size_t room = sizeof out - used, now = (size_t)left < room ? (size_t)left : room;
		memset(out + used, 'A', now);
		used += now;
		left -= now;
		if (used == sizeof out) {
			put(out, used);
			used = 0;
		}
	}
	if (used + strlen(end) > sizeof out) {
		put(out, used);
		used = 0;
	}
	memcpy(out + used, end, strlen(end));
	put(out, used + strlen(end));
}

int main(void) {
	for (;;) {
		ssize_t n = read(0, in, sizeof in);
		if (n <= 0)
			return 0;
		for (char *p = in, *end = in + n; p < end;) {
			char *newline = memchr(p, '\n', end - p);
			size_t have = (newline ? newline : end) - p, room = sizeof head - 1 - kept;
			memcpy(head + kept, p, have < room ? have : room);
			kept += have < room ? have : room;
			if (!newline)
				break;
			answer();
			kept = 0;
			p = newline + 1;
		}
	}
}
