package api

import "testing"

func TestLint(t *testing.T) {
	if err := Lint(); err != nil {
		t.Error(err)
	}
}

func TestLintFinds(t *testing.T) {
	saved := groups
	defer func() { groups = saved }()
	for name, c := range map[string]Call{
		"number":   {Name: "one_more", Proc: 1, Since: "1"},
		"name":     {Name: "Mount", Proc: 9000},
		"summary":  {Name: "one_more", Proc: 9000, Status: Done},
		"note":     {Name: "one_more", Proc: 9000, Status: NotPlanned},
		"pointer":  {Name: "one_more", Proc: 9000, Args: []Arg{{"p", Pointer}}},
		"struct":   {Name: "one_more", Proc: 9000, Ret: Ret{Kind: RetStruct, Struct: "nosuch"}},
		"no proc":  {Name: "one_more"},
		"lib proc": {Name: "one_more", Side: Library, Proc: 9000},
	} {
		t.Run(name, func(t *testing.T) {
			groups = append(saved[:len(saved):len(saved)], struct {
				name  string
				calls []Call
			}{"extra", []Call{c}})
			if Lint() == nil {
				t.Errorf("Lint() = nil; want an error for %+v", c)
			}
		})
	}
}
