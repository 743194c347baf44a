package quant

import "errors"

var errNotFinite = errors.New("the real network gives NaN or infinity on the calibration set; check --scale, --mean and --std, and the weights")
