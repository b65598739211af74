package inspect

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write what the trees are taken for into testdata")

const (
	treesDir = "testdata/trees"
	expected = "expected.json"
)

// TestTrees has a tree of a system in each file, and last what it is taken for.
//
//	go test ./internal/inspect -run TestTrees -update
func TestTrees(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(treesDir, "*.txtar"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d trees, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tree := fstest.MapFS{"bin/sh": elfHead(62)}
			var want []byte
			n := 0
			for _, f := range archive.Files {
				if f.Name == expected {
					want = f.Data
					continue
				}
				tree[f.Name] = &fstest.MapFile{Data: f.Data}
				archive.Files[n] = f
				n++
			}
			got, err := json.MarshalIndent(taken(tree), "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			if *update && !bytes.Equal(got, want) {
				archive.Files = append(archive.Files[:n], txtar.File{Name: expected, Data: got})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

// taken is what a tree on /dev/sda1 is taken for.
func taken(tree fstest.MapFS) any {
	f := Look(tree)
	f.Device = "/dev/sda1"
	roots, warnings := Assemble([]Filesystem{f}, disks{
		whole: []string{"/dev/sda"}, parts: []string{"/dev/sda1", "/dev/sda2"},
		tags: map[string]string{
			"UUID=11111111-1111-1111-1111-111111111111": "/dev/sda1", "PARTUUID=5f3b5d6a-01": "/dev/sda2", "PARTUUID=5f3b5d6a-02": "/dev/sda1",
		},
	})
	all := map[string]any{"role": f.Role}
	if len(warnings) > 0 {
		all["warnings"] = warnings
	}
	if f.Role == RoleUsr {
		all["system"] = known(f.System)
	}
	if len(roots) > 0 {
		all["system"], all["mounts"] = known(roots[0].System), roots[0].Mounts
	}
	return all
}

// known are the facts that are known.
func known(s System) map[string]any {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // there are only texts and numbers in it
	}
	facts := map[string]any{}
	if err := json.Unmarshal(b, &facts); err != nil {
		panic(err)
	}
	for name, value := range facts {
		if value == "" || value == 0.0 || value == nil {
			delete(facts, name)
		}
	}
	return facts
}
