package telemetry_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry"
)

func TestServiceName(t *testing.T) {
	tests := []struct{ command, want string }{
		{"", "mcp-server"},
		{"npx -y @scope/server-x@1.2", "server-x"},
		{"npx @scope/server-x", "server-x"},
		{"npx server-x@latest --port 8080", "server-x"},
		{"npx -y --package=@scope/server-x other-bin", "server-x"},
		{"npx -p @scope/server-x other-bin", "server-x"},
		{"npx --unknown /home/ann/secret", "mcp-server"},
		{"npx -y ./local/dir", "mcp-server"},
		{"npx -y github:ann/private", "mcp-server"},
		{"/opt/node/bin/npx -y server-x", "server-x"},
		{`C:\nodejs\npx.cmd -y server-x`, "server-x"},
		{"cmd /c npx -y @scope/server-x", "server-x"},
		{"env TOKEN=secret npx -y @scope/server-x", "server-x"},
		{"env FOO=1 /usr/local/bin/mcp-db secretproject", "mcp-db"},
		{"env -u ANTHROPIC_API_KEY npx -y server-x", "mcp-server"},
		{"env -C work/secret-client npx -y server-x", "mcp-server"},
		{"bash -m secret-script", "mcp-server"},
		{"node -m secret", "mcp-server"},
		{"bunx @scope/server-x", "server-x"},
		{"bun x server-x", "server-x"},
		{"pnpm dlx @scope/server-x@2", "server-x"},
		{"npm exec -y -- @scope/server-x", "server-x"},
		{"yarn dlx server-x", "server-x"},
		{"uvx mcp-server-fetch", "mcp-server-fetch"},
		{"uvx mcp-server-fetch@0.1", "mcp-server-fetch"},
		{"uvx --from mcp-server-git==1.2 run-it", "mcp-server-git"},
		{"uvx --with httpx mcp-server-fetch", "mcp-server-fetch"},
		{"uvx --from git+https://example.com/ann/private x", "mcp-server"},
		{"uv tool run mcp-server-fetch[extra]", "mcp-server-fetch"},
		{"uv --directory /home/ann/project run server.py", "mcp-server"},
		{"uv run --directory /home/ann/project mcp-server-x", "mcp-server-x"},
		{"uv run server.py", "mcp-server"},
		{"uv run python -m server", "mcp-server"},
		{"pipx run mcp-server-fetch", "mcp-server-fetch"},
		{"pipx run --spec mcp-server-git other", "mcp-server-git"},
		{"docker run -i --rm -e TOKEN=secret ghcr.io/org/server-x:1.2", "server-x"},
		{"docker run -i --rm --mount type=bind,src=/home/ann,dst=/data mcp/filesystem /data", "filesystem"},
		{"docker run --strange TOKEN=secret mcp/filesystem", "mcp-server"},
		{"docker compose exec x", "mcp-server"},
		{"podman run -i registry.example:5000/server-x@sha256:abcd", "server-x"},
		{"python -m mcp_server_time --local-timezone=Europe/Berlin", "mcp_server_time"},
		{"python3.12 -u -m mcp_server_time", "mcp_server_time"},
		{"python /home/ann/server.py", "mcp-server"},
		{"deno run -A npm:@scope/server-x@1", "server-x"},
		{"deno run --allow-net jsr:@scope/server-x", "server-x"},
		{"deno run -A /home/ann/server.ts", "mcp-server"},
		{"go run github.com/org/repo/cmd/server-x@latest", "server-x"},
		{"go run github.com/org/server-x/v2@v2.1.0", "server-x"},
		{"go run ./cmd/private", "mcp-server"},
		{"go run .", "mcp-server"},
		{"go run main.go", "mcp-server"},
		{"node /home/ann/proj/node_modules/@scope/server-x/dist/index.js --flag", "server-x"},
		{"node --no-warnings /x/node_modules/server-x/cli.mjs", "server-x"},
		{"node /x/node_modules/.bin/server-x", "server-x"},
		{"node /home/ann/private/index.js", "mcp-server"},
		{`node C:\Users\ann\node_modules\server-x\index.js`, "server-x"},
		{"/usr/local/bin/github-mcp-server stdio", "github-mcp-server"},
		{`C:\tools\server-x.exe stdio`, "server-x"},
		{"/home/ann/server.py", "mcp-server"},
		{"./server.sh", "mcp-server"},
		{"bash -c /home/ann/private", "mcp-server"},
		{"java -jar /home/ann/server.jar", "mcp-server"},
		{"strange~name\u202e", "mcp-server"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			if got := telemetry.ServiceName(strings.Fields(tt.command)); got != tt.want {
				t.Errorf("ServiceName(%q) = %q, want %q", tt.command, got, tt.want)
			}
		})
	}
}
