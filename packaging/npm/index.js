'use strict'
// The path of spanpipe's program for this system, which is in an optional dependency of this package.

const platform = `${process.platform}-${process.arch}`
const dependency = `@spanpipe/${platform}`

function locate () {
  try {
    return require.resolve(`${dependency}/bin/spanpipe${process.platform === 'win32' ? '.exe' : ''}`)
  } catch {
    throw Object.assign(new Error(missing()), { name: 'SpanpipeError', code: 'ERR_SPANPIPE_MISSING', hint: hint() })
  }
}

const supported = () => dependency in require('./package.json').optionalDependencies

function missing () {
  if (!supported()) {
    return `there is no spanpipe for ${platform} on npm`
  }
  return `the package ${dependency}, which has spanpipe's program for this system, is not installed beside ${__dirname}`
}

function hint () {
  if (!supported()) {
    return 'build it with Go, "go install github.com/spanpipe/spanpipe@latest", and start that program'
  }
  return 'install it with optional dependencies, on this system: npm install --include=optional'
}

exports.path = locate()
