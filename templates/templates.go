// Package templates embeds the text of emitted files that differs by network.
// Templates hold no logic beyond range and if; codegen/cgen fills those
// of C, codegen/report the page.
package templates

import "embed"

// FS holds c/*.tmpl and html/*.tmpl.
//
//go:embed c/*.tmpl html/*.tmpl
var FS embed.FS
