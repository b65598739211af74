package appliance

// CacheDir returns the folder in which appliances are kept, for what else belongs beside them. It makes the folder when
// it is not there, and refuses one that others may write to.
func CacheDir(o *Options) (string, error) {
	dir := ""
	if o != nil {
		dir = o.CacheDir
	}
	c, err := openCache(dir)
	if err != nil {
		return "", err
	}
	return c.dir, nil
}
