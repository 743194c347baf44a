package verify

// source is an emitted program as its text says it.
type source struct {
	tables   map[string][]int64
	pieces   map[string][]piece // by the name of a layer's constant
	geometry map[string]fields  // the same
	calls    []call
}

// piece is one stretch of a convolution's window.
type piece struct {
	len   int
	flush bool
}

// fields are the integers and the names of tables in an initializer.
type fields struct {
	num map[string]int64
	ref map[string]string
}

// call is one kernel call: tensors are named, "in" and "out" are the caller's.
type call struct {
	kernel, layer string
	src           []string
	dst           string
}
