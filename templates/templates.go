// Package templates embeds the text of emitted files that differs by network.
// Templates hold no logic beyond range and if; codegen/cgen fills those
// of C and of what describes a folder to build systems, codegen/report the page.
package templates

import "embed"

// FS holds c/*.tmpl, package/*.tmpl and html/*.tmpl.
//
//go:embed c/*.tmpl package/*.tmpl html/*.tmpl
var FS embed.FS
