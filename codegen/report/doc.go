// Package report tells people about emitted folders: what changed between two
// of them, and one page that shows what a folder's certificate proves. It reads
// what is on disk, C or Go, and nothing from the compiler's memory. It also prints
// and draws what many quantizations of a network come to.
package report
