package fsprobe

import "strings"

// signature is a magic of libblkid whose format is not decoded here. A negative
// offset counts from the end of the device, in whole sectors of 512 bytes.
type signature struct {
	off   int64
	magic string
}

// foreign are the signatures of libblkid 2.42 that no format of this package
// stands for. They only tell that blkid must be asked, so one that is too
// weak costs time and no wrong answer.
var foreign = []signature{
	// RAID of controllers, at the end of the disk.
	{-512, "\xde\x11\xde\x11"}, {-257 * 512, "\xde\x11\xde\x11"}, // DDF
	{-1024, "Intel Raid ISM Cfg Sig. "}, {-8192, "Intel Raid ISM Cfg Sig. "},
	{-512, "$XIDE$"}, {-512, "\x55\xaa"}, {-512 + 0x60, "\x00\x00\x00\x2f"}, // LSI, VIA, Silicon
	{-1024, "NVIDIA  "}, {-512, "\x37\xfc\x4d\x1e"}, {-512, "JM"}, // Nvidia, Adaptec, JMicron
	{-11 * 512, "\xf3\x16\x78\x5a"}, {-11 * 512, "\xfd\x16\x78\x5a"}, // HighPoint 45x
	{4096 + 544, "\xf0\x16\x78\x5a"}, {4096 + 544, "\xfd\x16\x78\x5a"}, // HighPoint 37x

	// Containers and other layers.
	{4096 + 24, bcacheMagic}, {4096 + 24, bcachefsMagic}, {2<<20 + 24, bcachefsMagic}, {-1<<20 + 24, bcachefsMagic},
	{0, "bluestore block device"}, {0, "$DRBDmgr=q"}, {0, "DRBDdlh*"},
	{-4096 + 60, "\x83\x74\x02\x6b"}, {-4096 + 60, "\x83\x74\x02\x6c"}, {-4096 + 60, "\x83\x74\x02\x6d"}, // DRBD
	{0, "HM\x01\x00"}, {0, "HM\x02\x00"}, // LVM1
	{0, "SnAp"}, {0, "verity\x00\x00"}, {0, "integrt\x00"}, {0, "UBI#"}, {0, "dmvdo001"},
	{1 << 20, "\x0d\xd0\x01\xc0"}, {2 << 20, "\x5e\xf1\xab\x2f"}, // VMFS
	{512 + 4, stratisMagic}, {9*512 + 4, stratisMagic},
	{3, "-FVE-FS-"}, {0, "\xeb\x58\x90MSWIN4.1"}, // BitLocker
	{88, "CS"},                              // FileVault 2
	{0, "\xed\xc3\x02\xe9\x98\x56\xe5\x0c"}, // TuxOnIce

	// Filesystems.
	{0, "EXFS"}, {0, "sqsh"}, {0, "\x00\x00\x00ReFS\x00"}, {0, "-rom1fs-"}, {0, "mpoolDev"}, {0, "SFOZ"},
	{0, "\x45\x3d\xcd\x28"}, {0, "\x28\xcd\x3d\x45"}, // cramfs
	{0, "\x31\x18\x10\x06"}, {0, "\xce\xfa\xad\x1b"}, // ubifs, bfs
	{3, "EXFAT   "}, {32, "ORCLDISK"}, {32, "NXSB"}, // exfat, Oracle ASM, APFS
	{32, "BFS1"}, {32, "1SFB"}, {512 + 32, "BFS1"}, {512 + 32, "1SFB"}, // BeFS
	{1024, "\x10\x20\xf5\xf2"}, {1024, "\xe2\xe1\xf5\xe0"}, // f2fs, erofs
	{1024, "BD"}, {1024, "H+"}, {1024, "HX"}, // HFS, HFS+
	{1024, "\xf5\xfc\x01\xa5"}, {8192, "\xa5\x01\xfc\xf5"}, // vxfs
	{1024 + 6, "\x34\x34"}, {-4096 + 6, "\x34\x34"}, // nilfs2
	{1024 + 16, "\x7f\x13"}, {1024 + 16, "\x8f\x13"}, {1024 + 16, "\x13\x7f"}, {1024 + 16, "\x13\x8f"}, // minix
	{1024 + 16, "\x68\x24"}, {1024 + 16, "\x78\x24"}, {1024 + 16, "\x24\x68"}, {1024 + 16, "\x24\x78"},
	{1024 + 24, "\x5a\x4d"}, {1024 + 24, "\x4d\x5a"},
	{2048, "\x2b\x55\x44"}, {2048, "\x44\x55\x2b"}, // Xenix
	{1024, "OCFSV2"}, {2048, "OCFSV2"}, {4096, "OCFSV2"}, {8192, "OCFSV2"}, {8192, "OracleCFS"},
	{4096, "SPB5"}, {8192, "\x49\xe8\x95\xf9"}, // NSS, HPFS
	{8192 + 52, "ReIsErFs"}, {8192 + 20, "ReIsErFs"},
	{65536 + 52, "ReIsErFs"}, {65536 + 52, "ReIsEr2Fs"}, {65536 + 52, "ReIsEr3Fs"}, {65536, "ReIsEr4"},
	{32768, "JFS1"}, {65536, "\x01\x16\x19\x70"}, {65536 + 4, "\x8b\x42\x3c\x10"}, // JFS, GFS, scoutfs
	{32768 + 1, "CD001"}, {32768 + 9, "CDROM"}, // ISO 9660, High Sierra
	{32768 + 1, "BEA01"}, {32768 + 1, "BOOT2"}, {32768 + 1, "CDW02"}, // UDF
	{32768 + 1, "NSR02"}, {32768 + 1, "NSR03"}, {32768 + 1, "TEA01"},
}

const (
	bcacheMagic   = "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"
	bcachefsMagic = "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"
	stratisMagic  = "!Stra0tis\x86\xff\x02^\x41rh"
)

// hasForeign tells whether there is any sign of a format that is not decoded here.
func hasForeign(d *image) bool {
	for _, s := range foreign {
		off := s.off
		if off < 0 {
			off += d.size &^ 511
		}
		if d.has(off, s.magic) {
			return true
		}
	}
	return hasSuspended(d) || hasOldUnix(d) || hasXFSLog(d) || hasPromise(d) || hasLUKSBackup(d) || hasZFS(d)
}

// hasSuspended looks for a saved system, and for swap space of old, where the
// signature of swap space is.
func hasSuspended(d *image) bool {
	for _, page := range swapPages {
		s := string(d.at(page-10, 10))
		for _, magic := range []string{"SWAP-SPACE", "S1SUSPEND", "S2SUSPEND", "ULSUSPEND", "LINHIB0001"} {
			if strings.HasPrefix(s, magic) {
				return true
			}
		}
	}
	return false
}

// hasOldUnix looks for UFS and System V, whose superblocks have several places
// and both orders of bytes.
func hasOldUnix(d *image) bool {
	for _, kib := range []int64{0, 8, 64, 256} {
		if p := d.at(kib<<10+0x55c, 4); p != nil {
			for _, magic := range []uint32{0x00011954, 0x19540119, 0x00195612, 0x00095014, 0x00612195, 0x05231994} {
				if le.Uint32(p) == magic || be.Uint32(p) == magic {
					return true
				}
			}
		}
	}
	for _, kib := range []int64{0, 9, 15, 18} {
		if p := d.at(kib<<10+1016, 4); p != nil && (le.Uint32(p) == 0xfd187e20 || be.Uint32(p) == 0xfd187e20) {
			return true
		}
	}
	return false
}

// hasXFSLog looks for the external log of an xfs, which may begin in any of
// the first sectors.
func hasXFSLog(d *image) bool {
	for off := int64(0); off < 256<<10; off += 512 {
		if d.has(off, "\xfe\xed\xba\xbe") {
			return true
		}
	}
	return false
}

func hasPromise(d *image) bool {
	for _, sector := range []int64{63, 255, 256, 16, 399, 591, 675, 735, 911, 974, 991, 951, 3087} {
		if d.has(d.size&^511-sector*512, "Promise Technology, Inc.") {
			return true
		}
	}
	return false
}

// hasLUKSBackup looks for the second header of a LUKS without its first.
func hasLUKSBackup(d *image) bool {
	if d.has(0, luksMagic) {
		return false
	}
	for off := int64(16 << 10); off <= 4<<20; off *= 2 {
		if d.has(off, "SKUL\xba\xbe") {
			return true
		}
	}
	return false
}

const (
	zfsSizeMin  = 64 << 20
	zfsLabel    = 256 << 10
	zfsList     = 16 << 10  // in a label: its list of names and values
	zfsBlocks   = 128 << 10 // in a label: its root blocks
	zfsBlockGap = 1 << 10
	zfsMagic    = 0x00bab10c
)

// hasZFS looks into the two labels at the start and the two at the end. Old
// versions of blkid go by the root blocks, new ones by the list.
func hasZFS(d *image) bool {
	if d.size < zfsSizeMin {
		return false
	}
	end := d.size - d.size%zfsLabel
	for _, off := range []int64{0, zfsLabel, end - 2*zfsLabel, end - zfsLabel} {
		list := d.at(off+zfsList, 16)
		if list != nil && list[0] == 1 && list[1] <= 1 && be.Uint32(list[12:]) != 0 {
			return true
		}
		blocks := d.at(off+zfsBlocks, zfsLabel-zfsBlocks)
		for ; len(blocks) >= zfsBlockGap; blocks = blocks[zfsBlockGap:] {
			if le.Uint64(blocks) == zfsMagic || be.Uint64(blocks) == zfsMagic {
				return true
			}
		}
	}
	return false
}
