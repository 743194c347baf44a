package eval

// mulAdd returns x*y+z, rounded once: the compiler makes one instruction of it.
func mulAdd(x, y, z float32) float32 { return x*y + z }
