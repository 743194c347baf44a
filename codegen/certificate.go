package codegen

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/snug-nn/snug/ir"
)

// Digest is the SHA-256 of a table's numbers, each in decimal with a newline.
func Digest[T int8 | int16 | int32](name string, values []T) ir.CertificateTable {
	h := sha256.New()
	var b []byte
	for _, v := range values {
		b = append(strconv.AppendInt(b[:0], int64(v), 10), '\n')
		h.Write(b)
	}
	return ir.CertificateTable{Name: name, SHA256: hex.EncodeToString(h.Sum(nil))}
}

// Certify returns certificate.json: one line a channel and a table, so that a
// changed weight changes few lines. pack is the layout of the folder, "" when it is
// flat; layerName is how the language names a call. kernels are the files of the
// kernels, which the proof takes at their word.
func Certify(p *Program, language, pack string, layerName func(*Call) string, tables []ir.CertificateTable, kernels []File) (File, error) {
	var b bytes.Buffer
	head, err := json.Marshal(struct {
		Version  int                 `json:"version"`
		Network  string              `json:"network"`
		Language string              `json:"language"`
		Package  string              `json:"package,omitempty"`
		Target   string              `json:"target"`
		Rung     string              `json:"rung"`
		Accum    ir.CertificateAccum `json:"accumulator"`
	}{1, p.Name, language, pack, p.Target.Name, p.Rung, ir.CertificateAccum{Bits: p.Accum.Bits, Wide: p.Accum.Wide}})
	if err != nil {
		return File{}, err
	}
	b.Write(bytes.TrimSuffix(head, []byte("}")))
	b.WriteString(",\n\"layers\":[")
	first := true
	for _, c := range p.Calls {
		if c.Sum == nil {
			continue
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		lanes := 1
		if c.Weights.Packing == Rows8 {
			lanes = rowAlign
		}
		tops := ""
		if c.Tops != nil {
			text, err := json.Marshal(c.Tops)
			if err != nil {
				return File{}, err
			}
			tops = fmt.Sprintf("\"tops\":%s,\"groups\":%d,", text, len(c.Tops)/c.Channels())
		}
		fmt.Fprintf(&b, "\n{\"name\":%q,\"kernel\":%q,\"packing\":%q,\"k\":%d,\"levels\":{\"lo\":%d,\"hi\":%d},%s\"segments\":%d,\"lanes\":%d,\"channels\":[",
			layerName(c), c.Kernel, c.Weights.Packing, c.Sum.K, c.Levels.Lo, c.Levels.Hi, tops, Segments(c), lanes)
		for i, ch := range c.Sum.Channels {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "\n[%d,%d,%d,%d]", ch.Window.Lo, ch.Window.Hi, ch.L1, ch.Sum)
		}
		b.WriteString("]}")
	}
	b.WriteString("],\n\"tables\":[")
	for i, t := range tables {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n{\"name\":%q,\"sha256\":%q}", t.Name, t.SHA256)
	}
	b.WriteString("],\n\"kernels\":[")
	for i, f := range kernels {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "\n{\"name\":%q,\"sha256\":\"%x\"}", f.Name, sha256.Sum256(f.Data))
	}
	b.WriteString("]}\n")
	return File{Name: "certificate.json", Data: b.Bytes()}, nil
}

// A LayerReport is what report.json and eval say of a call that sums products.
type LayerReport struct {
	Name     string   `json:"name"`
	Kernel   string   `json:"kernel"`
	K        int      `json:"k"`
	Channels int      `json:"channels"`
	Levels   int      `json:"levels"` // X + 1: how many integers the input can be
	AccBits  int      `json:"acc_bits"`
	Accum    ir.Accum `json:"-"`
	Segments int      `json:"segments"`
	Fill     float64  `json:"fill"` // of the widest window, or segment
	SNR      float64  `json:"snr_db"`
	// Spare is how many bits of the accumulator every window leaves free.
	Spare int `json:"spare_bits,omitempty"`
	MACs  int `json:"macs"`
}

// Layers reports every call that sums products.
func Layers(p *Program) []LayerReport {
	var all []LayerReport
	for _, c := range p.Calls {
		if c.Sum == nil {
			continue
		}
		all = append(all, LayerReport{Name: c.Layer, Kernel: c.Kernel, K: c.Sum.K, Channels: len(c.Sum.Channels),
			Levels: int(c.Levels.Width()) + 1, AccBits: c.Sum.Acc.Bits, Accum: c.Sum.Acc, Segments: Segments(c),
			Fill: round(Fill(c), 1e4), SNR: round(c.Sum.SNR, 1e2), MACs: c.MACs, Spare: c.Sum.Spare})
	}
	return all
}

func round(v, unit float64) float64 {
	return float64(int64(float64(v*unit)+0.5)) / unit
}
