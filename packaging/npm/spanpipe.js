#!/usr/bin/env node
'use strict'
// Starts spanpipe's program where a package manager has not linked the program itself: after a global installation, and by those
// that link commands of direct dependencies alone. See docs/adr/0039-the-program-itself-in-packages.md.

const args = process.argv.slice(2)

// The two codes are those of a shell: not found, and not to be started.
function fail (code, message, hint) {
  process.stderr.write(`spanpipe: ${message}\nspanpipe: hint: ${hint}\n`)
  process.exitCode = code
}

function refused (path, error) {
  fail(126, `starting ${path}: ${error.message}`, 'look at its permissions, or install the package again')
}

function main () {
  let path
  try {
    path = require('./index.js').path
  } catch (error) {
    return fail(127, error.message, error.hint)
  }
  if (process.platform === 'win32' || !process.execve) {
    return beside(path)
  }
  try {
    require('fs').accessSync(path, require('fs').constants.X_OK) // Node would abort
  } catch (error) {
    return refused(path, error)
  }
  process.execve(path, [path, ...args], process.env)
}

// beside starts the program as a child, on Windows and with Node before 22.15, which cannot replace itself. It has the same standard
// streams. That it has a parent in between, and how that ends if it is killed, cannot be hidden.
function beside (path) {
  const windows = process.platform === 'win32'
  const child = require('child_process').spawn(path, args, { stdio: 'inherit' })
  const forwarded = windows ? ['SIGINT', 'SIGBREAK', 'SIGHUP'] : ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']
  const keyboard = require('tty').isatty(0) ? ['SIGINT', 'SIGQUIT'] : [] // a terminal sends these to both
  for (const signal of forwarded) {
    // On Windows both are notified of what happens to their console, and kill would end the child at once.
    process.on(signal, () => windows || keyboard.includes(signal) || child.kill(signal))
  }
  child.on('error', error => refused(path, error))
  child.on('exit', (code, signal) => {
    if (!signal) {
      process.exit(code)
    }
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    // Node ignores some signals.
    setTimeout(() => process.exit(128 + require('os').constants.signals[signal]), 1000)
  })
}

main()
