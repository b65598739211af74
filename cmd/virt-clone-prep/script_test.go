package main

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"virt-tools/internal/cli"
	"virt-tools/internal/cloneprep"
)

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"virt-clone-prep": main})
}

// TestScript runs the scripts, none of which launches an appliance: the tests in
// vm_test.go and guests_test.go do.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("PATH", env.Getenv("PATH")+":/usr/sbin:/sbin")
			return nil
		},
	})
}

// Each step of cloneprep has an option of its name, help and value.
func TestStepOptions(t *testing.T) {
	got := map[string]string{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[customizing]()) {
		if field.Type == reflect.TypeFor[cli.Step]() {
			tag := field.Tag
			name := tag.Get("name")
			if name == "" {
				name = strings.ToLower(field.Name)
			}
			if name != tag.Get("type") {
				t.Errorf("--%s takes the values of %s", name, tag.Get("type"))
			}
			got[name] = tag.Get("placeholder") + " " + tag.Get("help")
		}
	}
	for _, kind := range cloneprep.StepKinds() {
		if want := kind.Value + " " + kind.Help; got[kind.Name] != want {
			t.Errorf("--%s: %q; want %q", kind.Name, got[kind.Name], want)
		}
		delete(got, kind.Name)
	}
	if len(got) > 0 {
		t.Errorf("options without a step: %v", got)
	}
	recipe, err := os.ReadFile("../../docs/clone-recipe.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range cloneprep.StepKinds() {
		if !strings.Contains(string(recipe), "`"+kind.Name+"`") {
			t.Errorf("docs/clone-recipe.md does not name the step %s", kind.Name)
		}
	}
}

func TestCloneNames(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		pattern, to string
		count       uint
		start       uint
		want        []string
	}{
		{"web-%02d", "/vms/%s.qcow2", 2, 1, []string{"web-01 /vms/web-01.qcow2", "web-02 /vms/web-02.qcow2"}},
		{"web-%d", "vm.qcow2", 2, 9, []string{"web-9 vm-web-9.qcow2", "web-10 vm-web-10.qcow2"}},
		{"n%03d.example", dir, 1, 0, []string{"n000.example " + dir + "/n000.example.qcow2"}},
		{"", "vm.qcow2", 0, 1, []string{" vm.qcow2"}},
		{"db", "vm.qcow2", 0, 1, []string{"db vm.qcow2"}},
	} {
		var o options
		o.Pattern, o.CopyTo, o.Count, o.Start = test.pattern, []string{test.to}, test.count, test.start
		var got []string
		for n := range max(test.count, 1) {
			name := o.cloneName(n)
			got = append(got, name+" "+o.target(0, name))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s to %s: %q; want %q", test.pattern, test.to, got, test.want)
		}
	}
}
