// Package check holds sessions to budgets, so that a build fails when a server becomes slower, larger or wrong.
package check
