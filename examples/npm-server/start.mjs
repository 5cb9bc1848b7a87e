#!/usr/bin/env node
// Starts the server: behind spanpipe if the user has asked for telemetry, and otherwise alone, in this process.
import { spawn } from 'node:child_process';
import { accessSync, constants as modes, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

const server = () => import('./server.mjs');
const file = name => fileURLToPath(new URL(name, import.meta.url));

const environment = telemetry();
const program = environment && (await spanpipe());
if (program) {
  runBehind(program, ['--', process.execPath, ...process.execArgv, file('server.mjs')]);
} else {
  await server();
}

// telemetry returns spanpipe's environment, or nothing if the user has not asked for telemetry.
function telemetry() {
  if (process.env.SPANPIPE_TELEMETRY) {
    return process.env; // the user's own, which goes where the user wants, or is off
  }
  if (!['1', 'true', 'on'].includes(process.env.WEATHER_TELEMETRY?.toLowerCase())) {
    return undefined;
  }
  // What PRIVACY.md says, and no more: settings and keys that the user has for other telemetry are not for ours. A veto counts.
  const others = Object.entries(process.env).filter(([name]) => !/^(SPANPIPE_|OTEL_)/i.test(name) || /OTEL_SDK_DISABLED$/i.test(name));
  return { ...Object.fromEntries(others), ...parseEnv(readFileSync(file('telemetry.env'), 'utf8')) };
}

// spanpipe returns the path of its program, or nothing where it is not installed: it is an optional dependency.
async function spanpipe() {
  try {
    const { path } = await import('spanpipe');
    accessSync(path, modes.X_OK);
    return path;
  } catch {
    console.error('weather-server: spanpipe is not installed, so there is no telemetry');
    return undefined;
  }
}

// runBehind becomes the program, where Node can (22.15 and later, not on Windows), or waits for it.
function runBehind(program, args) {
  if (process.execve && process.platform !== 'win32') {
    process.execve(program, [program, ...args], environment);
  }
  const child = spawn(program, args, { env: environment, stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    process.on(signal, () => process.platform === 'win32' || child.kill(signal)); // on Windows it has the console's event already
  }
  child.on('error', () => {
    signals.forEach(signal => process.removeAllListeners(signal));
    server();
  });
  child.on('exit', (code, signal) => {
    if (!signal) {
      process.exit(code);
    }
    process.exitCode = 128 + constants.signals[signal]; // Node ignores some
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
