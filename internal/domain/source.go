package domain

import (
	"errors"

	"libvirt.org/go/libvirtxml"
)

// image reads one source.
func (r *reader) image(s *libvirtxml.DomainDiskSource, auth *libvirtxml.DomainDiskAuth, format string, encryption *libvirtxml.DomainDiskEncryption) (*Image, error) {
	image := &Image{Format: format}
	var err error
	switch {
	case s.Slices != nil && len(s.Slices.Slices) > 0:
		return nil, cannot("it is a slice of its file, which is not supported")
	case s.File != nil:
		image.File = s.File.File
	case s.Block != nil:
		image.File = s.Block.Dev
	case s.Network != nil:
		image.Remote, err = r.network(s, auth)
	case s.Volume != nil:
		err = r.volume(s.Volume, image)
	case s.Dir != nil:
		return nil, cannot("type dir: a folder of the host that QEMU shows as a FAT disk; copy it with the host's own tools")
	case s.NVME != nil:
		return nil, cannot("type nvme: QEMU drives the device itself, so the host has no disk of it; bind it to the kernel's nvme driver and name the device with -a")
	case s.VHostUser != nil:
		return nil, cannot("type vhostuser: the disk is in another program")
	case s.VHostVDPA != nil:
		return nil, cannot("type vhostvdpa: the disk is in a device that only a guest can use")
	}
	if err != nil {
		return nil, err
	}
	return image, r.key(encryption, image)
}

// key reads the key of an image that QEMU encrypted. The guest's own encryption is not meant.
func (r *reader) key(e *libvirtxml.DomainDiskEncryption, image *Image) error {
	if e == nil {
		return nil
	}
	switch {
	case e.Engine != "" && e.Engine != "qemu":
		return cannot("encryption by %s is not supported", e.Engine)
	case e.Format != "luks" && e.Format != "qcow" && e.Format != "default":
		return cannot("encryption in format %s is not supported", e.Format)
	case len(e.Secrets) == 0:
		return errors.New("it is encrypted, and no secret is named")
	}
	value, err := r.secret(&e.Secrets[0], "volume")
	image.Key = string(value)
	return err
}

func (r *reader) secret(s *libvirtxml.DomainDiskSecret, kind string) ([]byte, error) {
	if r.look.Secret == nil {
		return nil, errors.New("it needs a secret of libvirt")
	}
	if s.UUID == "" && s.Type != "" && s.Type != "passphrase" {
		kind = s.Type
	}
	value, err := r.look.Secret(r.ctx, Secret{UUID: s.UUID, Type: kind, Usage: s.Usage})
	if err == nil && len(value) == 0 {
		err = errors.New("the secret is empty")
	}
	return value, err
}

// volume finds out where the volume of a pool is.
func (r *reader) volume(v *libvirtxml.DomainDiskSourceVolume, image *Image) error {
	if r.look.Volume == nil {
		return errors.New("it needs a storage pool of libvirt")
	}
	found, err := r.look.Volume(r.ctx, v.Pool, v.Volume)
	if err != nil {
		return err
	}
	var volume libvirtxml.StorageVolume
	if err := volume.Unmarshal(found.XML); err != nil {
		return err
	}
	if image.Format == "" && volume.Target != nil && volume.Target.Format != nil {
		image.Format = formatOf(volume.Target.Format.Type)
	}
	switch volume.Type {
	case "", "file", "block":
		image.File = found.Path
		return nil
	case "network":
		var pool libvirtxml.StoragePool
		if err := pool.Unmarshal(found.PoolXML); err != nil {
			return err
		}
		image.Remote, err = r.pooled(&pool, volume.Name)
		return err
	}
	return cannot("volume %s of pool %s: volumes of type %s are not supported", v.Volume, v.Pool, volume.Type)
}

// formatOf leaves out what is no format of an image, but "unknown" or a kind of partition.
func formatOf(name string) string {
	switch name {
	case "raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "vpc", "vhdx":
		return name
	}
	return ""
}
