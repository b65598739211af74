package inspect

import "io/fs"

// Deployment returns the directory of the system in a tree of ostree, whose
// root holds deployments, or nothing.
func Deployment(fsys fs.FS) string { return deployment(fsys) }
