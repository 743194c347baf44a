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
	at    int64 // from where the window begins
	len   int
	flush bool
}

// fields are the integers, rows of integers and names of tables in an initializer.
type fields struct {
	num map[string]int64
	vec map[string][]int64
	ref map[string]string
}

func newFields() fields {
	return fields{map[string]int64{}, map[string][]int64{}, map[string]string{}}
}

// call is one kernel call: tensors are named, "in" and "out" are the caller's, and
// begin some elements behind their names.
type call struct {
	kernel, layer string
	src           []string
	srcAt         []int64
	dst           string
	dstAt         int64
}

// give takes the last of the tensors that were read as the one that is written.
func (c *call) give() {
	last := len(c.src) - 1
	c.dst, c.dstAt = c.src[last], c.srcAt[last]
	c.src, c.srcAt = c.src[:last], c.srcAt[:last]
}
