package telemetry_test

import (
	"os"
	"path/filepath"
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
		{"env -u ANTHROPIC_API_KEY npx -y server-x", "server-x"},
		{"env --unset=ANTHROPIC_API_KEY -i A=b npx server-x", "server-x"},
		{"env -uSECRET npx server-x", "server-x"},
		{"env -C work/secret-client npx -y server-x", "server-x"},
		{"env --strange secret npx -y server-x", "mcp-server"},
		{"bash -m secret-script", "mcp-server"},
		{"node -m secret", "mcp-server"},
		{"bunx @scope/server-x", "server-x"},
		{"bun x server-x", "server-x"},
		{"pnpm dlx @scope/server-x@2", "server-x"},
		{"npm exec -y -- @scope/server-x", "server-x"},
		{"yarn dlx server-x", "server-x"},
		{"uv --directory /home/ann/project run mcp-server-x", "mcp-server-x"},
		{"uv -q --project /home/ann/project --no-cache run --frozen mcp-server-x", "mcp-server-x"},
		{"uv --cache-dir /home/ann/c tool run --from mcp-server-git x", "mcp-server-git"},
		{"uv run --with mcp -- mcp-server-x", "mcp-server-x"},
		{"uv run -m mcp_server_time", "mcp_server_time"},
		{"uv --secret x run mcp-server-x", "mcp-server"},
		{"uvx alice@host", "mcp-server"},
		{"poetry -C /home/ann/p run mcp-server-x", "mcp-server-x"},
		{"conda run -n secret --no-capture-output python -m mcp_server_time", "mcp_server_time"},
		{"pipenv run python -X utf8 -m mcp_server_time", "mcp_server_time"},
		{"hatch -e secret run mcp-server-x", "mcp-server-x"},
		{"npm --prefix /home/ann/p exec server-x", "server-x"},
		{"pnpm --silent dlx server-x", "server-x"},
		{"yarn -s dlx @scope/server-x", "server-x"},
		{"bun --silent x server-x", "server-x"},
		{"npx -y tsx /nowhere/index.ts", "mcp-server"},
		{"sudo -u ann npx server-x", "server-x"},
		{"timeout -k 5 60 nice -n 5 npx server-x", "server-x"},
		{"op run --env-file=secret -- npx server-x", "server-x"},
		{"op read secret", "mcp-server"},
		{"deno -A npm:@scope/server-x", "server-x"},
		{"uvx mcp-server-fetch", "mcp-server-fetch"},
		{"uvx mcp-server-fetch@0.1", "mcp-server-fetch"},
		{"uvx --from mcp-server-git==1.2 run-it", "mcp-server-git"},
		{"uvx --with httpx mcp-server-fetch", "mcp-server-fetch"},
		{"uvx --from git+https://example.com/ann/private x", "mcp-server"},
		{"uv tool run mcp-server-fetch[extra]", "mcp-server-fetch"},
		{"uv --directory /home/ann/project run server.py", "mcp-server"},
		{"uv run --directory /home/ann/project mcp-server-x", "mcp-server-x"},
		{"uv run server.py", "mcp-server"},
		{"uv run python -m server", "server"},
		{"pipx run mcp-server-fetch", "mcp-server-fetch"},
		{"pipx run --spec mcp-server-git other", "mcp-server-git"},
		{"docker run -i --rm -e TOKEN=secret ghcr.io/org/server-x:1.2", "server-x"},
		{"docker run -i --rm --mount type=bind,src=/home/ann,dst=/data mcp/filesystem /data", "filesystem"},
		{"docker run --strange TOKEN=secret mcp/filesystem", "mcp-server"},
		{"docker compose exec x", "mcp-server"},
		{"docker --context secret run -i --rm mcp/filesystem", "filesystem"},
		{"docker -c secret container run -i mcp/filesystem", "filesystem"},
		{"docker --host=ssh://ann@host run mcp/filesystem", "filesystem"},
		{"docker run -dit -p8080:80 -eTOKEN=secret -v/home/ann:/x mcp/filesystem", "filesystem"},
		{"docker run -ie TOKEN mcp/filesystem", "filesystem"},
		{"docker run alice@host/img", "mcp-server"},
		{"docker run alice@host", "mcp-server"},
		{"docker exec -i secret npx -y server-x", "server-x"},
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
		{"java -jar /home/ann/build/weather-mcp-1.2.0-all.jar", "weather-mcp"},
		{"java -Xmx256m -Dlogging=off -cp /home/ann/lib -jar build/weather-mcp.jar", "weather-mcp"},
		{"dotnet run --project /home/ann/src/Weather.Server/Weather.Server.csproj --no-build", "Weather.Server"},
		{"dotnet /home/ann/bin/WeatherServer.dll", "WeatherServer"},
		{"dotnet run --project /home/ann/secret", "mcp-server"},
		{"dotnet tool run weather-mcp", "weather-mcp"},
		{"dnx Acme.Weather@1.0 --yes", "Acme.Weather"},
		{"npx @playwright/mcp@latest --headless", "mcp"}, // and not Python's runner mcp
		{"npx -y dotenv-cli -e secret -- npx -y server-x", "server-x"},
		{"cargo run -q --release --manifest-path /home/ann/Cargo.toml --bin weather-mcp -- secret", "weather-mcp"},
		{"cargo run -- secret", "mcp-server"},
		{"cargo run", "mcp-server"},
		{"docker run -i --rm node:22 npx -y server-x", "server-x"},
		{"docker run -i --rm python:3.12-slim python -m mcp_server_x", "mcp_server_x"},
		{"docker run -i --rm node:22", "mcp-server"},
		{"container run -i ghcr.io/org/server-x", "server-x"},
		{"py -3.11 -m mcp_server_x", "mcp_server_x"},
		{"nice -10 npx server-x", "server-x"},
		{"pwsh -NoProfile -c npx -y server-x", "server-x"},
		{"wsl -d Ubuntu -- npx -y server-x", "server-x"},
		{"ssh ann@host", "mcp-server"},
		{"ssh -p 22 ann@host npx -y server-x", "server-x"},
		{"kubectl exec -i secret -- npx -y server-x", "server-x"},
		{"kubectl exec -i secret", "mcp-server"},
		{"nix shell nixpkgs#nodejs -c npx -y server-x", "server-x"},
		{"asdf exec npx -y server-x", "server-x"},
		{"volta run --node 22 npx server-x", "server-x"},
		{"fnm exec --using=20 npx -y server-x", "server-x"},
		{"coverage run -m mcp_server_x", "mcp_server_x"},
		{"bundle exec ruby server.rb", "mcp-server"},
		{"strange~name\u202e", "mcp-server"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			if got := telemetry.ServiceName(strings.Fields(tt.command), ""); got != tt.want {
				t.Errorf("ServiceName(%q) = %q, want %q", tt.command, got, tt.want)
			}
		})
	}
}

func TestServiceNameInShell(t *testing.T) {
	for script, want := range map[string]string{
		"npx -y server-x":                            "server-x",
		"cd /home/ann && exec npx -y server-x":       "server-x",
		"source /home/ann/.nvm/nvm.sh; npx server-x": "server-x",
		"/home/ann/private":                          "mcp-server",
		"secret":                                     "mcp-server",
		"npx -y $SECRET":                             "mcp-server",
		"FOO=bar npx -y server-x":                    "server-x",
		"cd /home/ann; npx -y server-x 2>/dev/null":  "server-x",
		"npx -y server-x 2>> /home/ann/log 2>&1":     "server-x",
		"TOKEN=secret":                               "mcp-server",
		"npx 'server x'":                             "mcp-server",
		"":                                           "mcp-server",
	} {
		for _, shell := range []string{"sh -c", "bash -lc"} {
			if got := telemetry.ServiceName(append(strings.Fields(shell), script), ""); got != want {
				t.Errorf("%s %q: %q, want %q", shell, script, got, want)
			}
		}
	}
}

// TestServiceNameInOneArgument has programs that take a whole command as one argument.
func TestServiceNameInOneArgument(t *testing.T) {
	for _, program := range []string{"cmd.exe /d /s /c", "env -S", "powershell -Command", "wsl.exe bash -lc"} {
		if got := telemetry.ServiceName(append(strings.Fields(program), "npx -y server-x"), ""); got != "server-x" {
			t.Errorf("%s: %q", program, got)
		}
	}
}

// TestServiceNameOfOwnProject: a script is named by the manifest of its project, and by nothing else that is there.
func TestServiceNameOfOwnProject(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	for name, content := range map[string]string{
		"package.json":                 `{"name":"ann-home"}`,
		"web/package.json":             `{"name":"@acme/weather","version":"1.0.0"}`,
		"web/build/package.json":       `{"type":"module"}`,
		"web/build/index.js":           "",
		"web/build/deep/er/cli.mjs":    "",
		"web/src/index.ts":             "",
		"py/pyproject.toml":            "[build-system]\nname = \"wrong\"\n\n[project] # PEP 621\nname = \"tides\"\n",
		"py/server.py":                 "",
		"py/src/tides_mcp/__main__.py": "",
		"py/app/server.py":             "",
		"poet/pyproject.toml":          "[tool.poetry]\r\nname = 'verses'\r\n",
		"poet/main.py":                 "",
		"lone/server.py":               "",
		"odd/package.json":             `{"name":"../../secret"}`,
		"odd/index.js":                 "",
		"broken/package.json":          `{"name":"half`,
		"broken/index.js":              "",
		"large/package.json":           `{"name":"large","x":"` + strings.Repeat("x", 300<<10) + `"}`,
		"large/index.js":               "",
		"repo/.git/HEAD":               "",
		"repo/index.js":                "",
		"two/package.json/x":           "", // a directory
		"two/index.js":                 "",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ command, want string }{
		{"node web/build/index.js", "weather"},
		{"node --enable-source-maps --import ./x.mjs web/build/deep/er/cli.mjs --port 1", "weather"},
		{"node " + home + "/web/build/index.js", "weather"},
		{"node web/build", "weather"},
		{"node web/nowhere/index.js", "mcp-server"},
		{"tsx watch web/src/index.ts", "weather"},
		{"ts-node -P web/tsconfig.json web/src/index.ts", "weather"},
		{"npx -y tsx web/src/index.ts", "weather"},
		{"bun run web/src/index.ts", "weather"},
		{"bun web/src/index.ts", "weather"},
		{"deno run -A web/src/index.ts", "weather"},
		{"npm --prefix web start", "weather"},
		{"npm run --silent --prefix=web serve", "weather"},
		{"pnpm -C web start", "weather"},
		{"python py/server.py", "tides"},
		{"python3 -u py/app/server.py", "tides"},
		{"uv run py/server.py", "tides"},
		{"uv --directory py run server.py", "tides"},
		{"uv run --directory py server.py", "tides"},
		{"uv run --directory py python server.py", "tides"},
		{"uv run --directory py -m tides_mcp", "tides"},
		{"env -C py python -m tides_mcp", "tides"},
		{"uv run --directory py mcp run server.py", "tides"},
		{"py/server.py", "tides"},
		{"poetry -C poet run python main.py", "verses"},
		{"python lone/server.py", "mcp-server"}, // the manifest of the home directory is of no project
		{"node odd/index.js", "mcp-server"},
		{"node broken/index.js", "mcp-server"},
		{"node large/index.js", "mcp-server"},
		{"node repo/index.js", "mcp-server"},
		{"node two/index.js", "mcp-server"},
	} {
		if got := telemetry.ServiceName(strings.Fields(tt.command), home); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.command, got, tt.want)
		}
	}
	if got := telemetry.ServiceName([]string{"bash", "-c", "cd py && uv run server.py"}, home); got != "tides" {
		t.Errorf("in a shell: %q, want tides", got)
	}
}
