// Package templates embeds the text of emitted files that differs by network.
// Templates hold no logic beyond range and if; codegen/cgen fills them.
package templates

import "embed"

// FS holds c/*.tmpl.
//
//go:embed c/*.tmpl
var FS embed.FS
