// Package measure counts what an emitted folder executes, without a board. It
// builds the folder for an ARM core, runs one inference under QEMU's user mode
// with a counting plugin, and joins the counts of each layer with the
// scheduling model of llvm-mca. Instructions, loads, stores and bytes are exact
// and the same in every run; cycles are what a model of the core without caches
// predicts.
package measure
