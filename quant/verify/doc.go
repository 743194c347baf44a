// Package verify proves an emitted folder again. It reads the tables, the
// geometry and the calls out of the C or Go sources, follows the levels of
// every tensor from call to call, derives each sum's window in exact integers,
// and holds all of it against certificate.json. It shares no code with the
// passes that chose the integers.
package verify
