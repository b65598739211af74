package guestfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"virt-tools/internal/qemu"
	"virt-tools/internal/template"
)

// SaveTemplate makes a template for handles with the same options, in place of the one
// that is there. There is no need to: the first launch makes one. system means the one for all
// users, which only root can make; it is used where a user has none.
func SaveTemplate(ctx context.Context, opts *Options, system bool) error {
	g := New(opts)
	defer g.Close()
	if g.opts.settingError != nil {
		return g.opts.settingError
	}
	ctx, cancel := context.WithTimeoutCause(ctx, launchTimeout, fmt.Errorf("the appliance was not ready after %s", launchTimeout))
	defer cancel()
	if err := g.saveTemplate(ctx, system); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return &Error{Op: "save_template", Msg: err.Error(), cause: err, hint: qemu.HintOf(err)}
	}
	return nil
}

func (g *Handle) saveTemplate(ctx context.Context, system bool) error {
	a, err := g.findAppliance(ctx)
	if err != nil {
		return err
	}
	accel, _ := g.chooseAccel(a)
	config, err := g.config(a, accel)
	if err != nil {
		return err
	}
	w, err := g.newWarm(a, config)
	if err != nil {
		return err
	}
	if system {
		if w.own, err = makeSystemStore(); err != nil {
			return err
		}
	}
	unlock, err := w.own.Lock(ctx, makeWait)
	if err != nil {
		return err
	}
	defer unlock()
	config.Keep = true
	if err := g.bootEmpty(ctx, config); err != nil {
		return err
	}
	if err := w.save(ctx); err != nil {
		return err
	}
	return w.own.Allow(w.info.Identity)
}

// makeSystemStore makes the folder for the templates of all users.
func makeSystemStore() (*template.Store, error) {
	dir := SystemTemplatesDir()
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("templates for all users in %s: %w: only root can make them", dir, fs.ErrPermission)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return template.OpenSystem(dir)
}

// TemplateInfo describes a template in a list.
type TemplateInfo struct {
	Name     string
	Path     string
	System   bool   // for all users
	Bytes    int64  // on disk
	Kernel   string // version, where it is known
	QEMU     string // path
	Accel    string // kvm or tcg
	MemoryMB int
	Made     time.Time
	Used     time.Time
	Damage   string // why it will not be used; its memory is not looked at
}

// Templates lists the user's templates and those for all users, each the last used first.
func Templates(opts *Options) ([]TemplateInfo, error) {
	stores, err := templateStores(opts)
	if err != nil {
		return nil, err
	}
	all := []TemplateInfo{}
	for i, s := range stores {
		entries, err := s.List()
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			t := TemplateInfo{
				Name: e.Name, Path: e.Path, System: i > 0, Bytes: e.Bytes, Used: e.Used,
				Kernel: e.Info.Kernel, QEMU: e.Info.QEMU, Accel: e.Info.Accel, MemoryMB: e.Info.MemoryMB, Made: e.Info.Made,
			}
			if e.Err != nil {
				t.Damage = e.Err.Error()
			}
			all = append(all, t)
		}
	}
	return all, nil
}

// RemoveTemplate removes a template from the user's own, or from those for all users.
// Appliances that were started from it go on.
func RemoveTemplate(opts *Options, name string, system bool) error {
	stores, err := templateStores(opts)
	if err != nil {
		return err
	}
	for i, s := range stores {
		if system != (i > 0) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(s.Dir(), filepath.Base(name))); err != nil {
			return fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
		}
		return s.Remove(name)
	}
	return fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
}

// templateStores are the user's own store and, where there is one, that for all users.
func templateStores(opts *Options) ([]*template.Store, error) {
	g := New(opts)
	dir, err := TemplatesDir(g.opts.CacheDir)
	if err != nil {
		return nil, err
	}
	own, err := template.Open(dir)
	if err != nil {
		return nil, err
	}
	system, err := template.OpenSystem(SystemTemplatesDir())
	if errors.Is(err, fs.ErrNotExist) {
		return []*template.Store{own}, nil
	}
	if err != nil {
		return nil, err
	}
	return []*template.Store{own, system}, nil
}
