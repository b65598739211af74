package guestfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"virt-tools/appliance"
	"virt-tools/internal/qemu"
	"virt-tools/internal/template"
)

// A launch starts where an earlier one was saved, as soon as its daemon was ready and
// before it knew of any drive, host time or randomness:
//
//	template there            restore it
//	none, or a damaged one    boot; save the machine; go on with it
//	it does not work here     boot
//
// Only a context that ends and a drive that cannot be plugged in are errors of
// the launch. All else costs time.

const (
	makeWait     = 30 * time.Second // for another program that makes the template
	replyTimeout = 20 * time.Second // for the first answer of a restored machine; it takes 0.1 s, more on a busy host
)

// TemplatesDir returns the folder of the user's templates; cacheDir may be empty.
func TemplatesDir(cacheDir string) (string, error) {
	dir, err := appliance.CacheDir(&appliance.Options{CacheDir: cacheDir})
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "templates"), nil
}

// SystemTemplatesDir returns the folder of the templates for all users.
func SystemTemplatesDir() string {
	if dir := os.Getenv("VIRT_TOOLS_SYSTEM_TEMPLATES"); dir != "" {
		return dir
	}
	return template.SystemDir
}

// warm starts machines from templates.
type warm struct {
	g      *Handle
	config *qemu.Config
	info   template.Info
	own    *template.Store
	system *template.Store // or nil
}

func (g *Handle) newWarm(a *appliance.Appliance, config *qemu.Config) (*warm, error) {
	machine, err := config.Identity()
	if err != nil {
		return nil, err
	}
	image := a.Key
	if image == "" {
		if image, err = stamps(a.Kernel, a.Initrd); err != nil {
			return nil, err
		}
	}
	w := &warm{g: g, config: config}
	w.info = template.Info{
		Identity: machine + "\nappliance " + image,
		QEMU:     config.Binary, Accel: config.Accel, Kernel: a.Version, MemoryMB: config.MemoryMB,
	}
	dir, err := TemplatesDir(g.opts.CacheDir)
	if err != nil {
		return nil, err
	}
	if w.own, err = template.Open(dir); err != nil {
		return nil, err
	}
	if w.system, err = template.OpenSystem(SystemTemplatesDir()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.debugf("templates for all users: %v", err)
	}
	if err != nil {
		w.system = nil
	}
	return w, nil
}

// stamps tells files apart by what can be known without reading them.
func stamps(files ...string) (string, error) {
	s := ""
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return "", fmt.Errorf("appliance: %w", err)
		}
		s += fmt.Sprintf("%s %d %d ", file, info.Size(), info.ModTime().UnixNano())
	}
	return s, nil
}

// start starts a machine from a template. When there is none it makes one.
func (w *warm) start(ctx context.Context) error {
	err := w.restore(ctx)
	if err == nil || final(ctx, err) {
		return err
	}
	if w.g.opts.Template == templateOnly {
		return err
	}
	w.g.debugf("template: %v", err)
	if err := w.own.Refused(w.info.Identity); err != nil {
		return err
	}
	if err := w.own.Room(); err != nil {
		return err
	}
	unlock, err := w.own.Lock(ctx, makeWait)
	if err != nil {
		return err
	}
	defer unlock() // it may be called twice
	if err := w.restore(ctx); err == nil || final(ctx, err) {
		return err // another program has made it while we waited
	}
	if err := w.own.Refused(w.info.Identity); err != nil {
		return err
	}
	return w.make(ctx, unlock)
}

// final tells whether an error is not the template's.
func final(ctx context.Context, err error) bool {
	var plug *plugError
	return errors.As(err, &plug) || ctx.Err() != nil
}

// restore starts a machine from the user's template or from that for all users. A bad one
// of the user's own is removed.
func (w *warm) restore(ctx context.Context) error {
	err := error(fs.ErrNotExist)
	for _, store := range []*template.Store{w.own, w.system} {
		if store == nil {
			continue
		}
		var t *template.Template
		if t, err = store.Get(w.info.Identity); err == nil {
			err = w.restoreFrom(ctx, t)
			t.Close()
		}
		if err == nil || final(ctx, err) {
			return err
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := w.g.again(); err != nil {
			return err
		}
		w.g.debugf("template: %v", err)
		if store == w.own {
			w.reject(err)
		}
	}
	return err
}

// reject removes a template of the user's own. One that is whole and yet does not work
// would not work any better when made again.
func (w *warm) reject(err error) {
	if dropErr := w.own.Drop(w.info.Identity); dropErr != nil {
		w.g.debugf("template: %v", dropErr)
	}
	if !template.IsDamage(err) {
		if noteErr := w.own.Refuse(w.info.Identity, err); noteErr != nil {
			w.g.debugf("template: %v", noteErr)
		}
	}
}

// restoreFrom starts a machine from a template, plugs the drives in and greets the
// daemon. The memory is read and checked beside all that; no drive is plugged into a machine
// whose memory may be damaged.
func (w *warm) restoreFrom(ctx context.Context, t *template.Template) error {
	g := w.g
	start := time.Now()
	verified := make(chan error, 1)
	go func() { verified <- t.Verify() }()
	quick, cancel := context.WithTimeoutCause(ctx, replyTimeout, fmt.Errorf("not restored within %s", replyTimeout))
	defer cancel()
	m, err := qemu.Restore(quick, w.config, t.Saved())
	if err != nil {
		return errors.Join(<-verified, err)
	}
	g.use(m)
	g.setTiming(func(tm *Timings) { tm.QEMU, tm.From = time.Since(start), FromTemplate })
	start = time.Now()
	if err := m.Continue(ctx); err != nil {
		return errors.Join(<-verified, err)
	}
	plugged := make(chan error, 1)
	go func() {
		if err := <-verified; err != nil {
			m.Kill() // hello ends too
			plugged <- err
			return
		}
		plugged <- g.plugAll(ctx, m)
	}()
	hung := time.AfterFunc(replyTimeout, m.Kill)
	helloErr := g.hello(ctx)
	hung.Stop()
	g.setTiming(func(tm *Timings) { tm.Boot = time.Since(start) })
	err = <-plugged
	if helloErr != nil && !template.IsDamage(err) && ctx.Err() == nil {
		return helloErr // that of the drives follows from it
	}
	return errors.Join(err, helloErr)
}

// make boots a machine, saves it and goes on with it. What goes wrong with the saving
// is not an error of the launch.
func (w *warm) make(ctx context.Context, unlock func()) error {
	g := w.g
	config := *w.config
	config.Keep = true
	if err := g.bootEmpty(ctx, &config); err != nil {
		return err
	}
	start := time.Now()
	if err := w.save(ctx); err != nil {
		g.debugf("template: %v", err)
		if err := w.own.Refuse(w.info.Identity, err); err != nil {
			g.debugf("template: %v", err)
		}
	}
	unlock()
	m := g.running()
	if m == nil {
		return errLost
	}
	if err := m.Continue(ctx); err != nil {
		return err
	}
	g.setTiming(func(t *Timings) { t.Save, t.From = time.Since(start), FromBoot })
	plugged := make(chan error, 1)
	go func() { plugged <- g.plugAll(ctx, m) }()
	return errors.Join(g.hello(ctx), <-plugged)
}

// save makes the template of the running machine, which then stands still.
func (w *warm) save(ctx context.Context) error {
	if err := w.g.internalPrepare(ctx); err != nil {
		return err
	}
	m := w.g.running()
	if m == nil {
		return errLost
	}
	saved, err := m.Save(ctx)
	if err != nil {
		return err
	}
	info := w.info
	info.Made = time.Now().Round(time.Second)
	if err := w.own.Put(saved, info); err != nil {
		return err
	}
	return w.own.Prune(template.DefaultLimit)
}
