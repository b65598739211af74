package daemon

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"virt-tools/internal/wire"
)

// Reports of LVM with all attributes, as the structures of the wire have them.

const (
	pvColumns = "pv_name,pv_uuid,pv_fmt,pv_size,dev_size,pv_free,pv_used,pv_attr,pv_pe_count,pv_pe_alloc_count,pv_tags,pe_start,pv_mda_count,pv_mda_free"
	vgColumns = "vg_name,vg_uuid,vg_fmt,vg_attr,vg_size,vg_free,vg_sysid,vg_extent_size,vg_extent_count,vg_free_count,max_lv,max_pv,pv_count,lv_count,snap_count,vg_seqno,vg_tags,vg_mda_count,vg_mda_free"
	lvColumns = "lv_name,lv_uuid,lv_attr,lv_major,lv_minor,lv_kernel_major,lv_kernel_minor,lv_size,seg_count,origin,snap_percent,copy_percent,move_pv,lv_tags,mirror_log,modules"
)

// lvmRow is a line of a report, by column. The first value that is not of its
// kind makes the row an error.
type lvmRow struct {
	values map[string]string
	err    error
}

func (r *lvmRow) fail(column, kind string) {
	if r.err == nil {
		r.err = fmt.Errorf("lvm: column %s: %q is not %s", column, r.values[column], kind)
	}
}

func (r *lvmRow) text(column string) string { return r.values[column] }

func (r *lvmRow) number(column string) int64 {
	n, err := strconv.ParseInt(r.values[column], 10, 64)
	if err != nil {
		r.fail(column, "a number")
	}
	return n
}

// uuid returns the 32 characters without LVM's hyphens.
func (r *lvmRow) uuid(column string) string {
	s := strings.ReplaceAll(r.values[column], "-", "")
	if len(s) != 32 {
		r.fail(column, "a UUID")
	}
	return s
}

// percent returns -1 for a value that does not apply.
func (r *lvmRow) percent(column string) float32 {
	s := r.values[column]
	if s == "" {
		return -1
	}
	f, err := strconv.ParseFloat(s, 32)
	if err != nil {
		r.fail(column, "a percentage")
	}
	return float32(f)
}

// lvmReport runs pvs, vgs or lvs and returns its rows, in lvm's order: by name.
func (c *Call) lvmReport(command, columns string) ([]*lvmRow, error) {
	if present, err := anyPhysicalVolume(); err != nil || !present {
		return nil, err
	}
	out, err := c.lvm(command, "-o", columns, "--units", "b", "--nosuffix", "--reportformat", "json")
	if err != nil {
		return nil, err
	}
	return parseLVMReport(out)
}

func parseLVMReport(text string) ([]*lvmRow, error) {
	var doc struct {
		Report []map[string][]map[string]string
	}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil, fmt.Errorf("lvm: report: %w", err)
	}
	var rows []*lvmRow
	for _, report := range doc.Report {
		for _, section := range report { // each report has one
			for _, values := range section {
				rows = append(rows, &lvmRow{values: values})
			}
		}
	}
	return rows, nil
}

func doPvsFull(c *Call) ([]wire.PV, error) {
	rows, err := c.lvmReport("pvs", pvColumns)
	list := []wire.PV{}
	for _, r := range rows {
		list = append(list, wire.PV{
			PvName: r.text("pv_name"), PvUuid: r.uuid("pv_uuid"), PvFmt: r.text("pv_fmt"),
			PvSize: r.number("pv_size"), DevSize: r.number("dev_size"),
			PvFree: r.number("pv_free"), PvUsed: r.number("pv_used"), PvAttr: r.text("pv_attr"),
			PvPeCount: r.number("pv_pe_count"), PvPeAllocCount: r.number("pv_pe_alloc_count"),
			PvTags: r.text("pv_tags"), PeStart: r.number("pe_start"),
			PvMdaCount: r.number("pv_mda_count"), PvMdaFree: r.number("pv_mda_free"),
		})
		if r.err != nil {
			return nil, r.err
		}
	}
	return list, err
}

func doVgsFull(c *Call) ([]wire.VG, error) {
	rows, err := c.lvmReport("vgs", vgColumns)
	list := []wire.VG{}
	for _, r := range rows {
		list = append(list, wire.VG{
			VgName: r.text("vg_name"), VgUuid: r.uuid("vg_uuid"), VgFmt: r.text("vg_fmt"), VgAttr: r.text("vg_attr"),
			VgSize: r.number("vg_size"), VgFree: r.number("vg_free"), VgSysid: r.text("vg_sysid"),
			VgExtentSize: r.number("vg_extent_size"), VgExtentCount: r.number("vg_extent_count"), VgFreeCount: r.number("vg_free_count"),
			MaxLv: r.number("max_lv"), MaxPv: r.number("max_pv"),
			PvCount: r.number("pv_count"), LvCount: r.number("lv_count"), SnapCount: r.number("snap_count"),
			VgSeqno: r.number("vg_seqno"), VgTags: r.text("vg_tags"),
			VgMdaCount: r.number("vg_mda_count"), VgMdaFree: r.number("vg_mda_free"),
		})
		if r.err != nil {
			return nil, r.err
		}
	}
	return list, err
}

func doLvsFull(c *Call) ([]wire.LV, error) {
	rows, err := c.lvmReport("lvs", lvColumns)
	list := []wire.LV{}
	for _, r := range rows {
		list = append(list, wire.LV{
			LvName: r.text("lv_name"), LvUuid: r.uuid("lv_uuid"), LvAttr: r.text("lv_attr"),
			LvMajor: r.number("lv_major"), LvMinor: r.number("lv_minor"),
			LvKernelMajor: r.number("lv_kernel_major"), LvKernelMinor: r.number("lv_kernel_minor"),
			LvSize: r.number("lv_size"), SegCount: r.number("seg_count"), Origin: r.text("origin"),
			SnapPercent: r.percent("snap_percent"), CopyPercent: r.percent("copy_percent"),
			MovePv: r.text("move_pv"), LvTags: r.text("lv_tags"), MirrorLog: r.text("mirror_log"), Modules: r.text("modules"),
		})
		if r.err != nil {
			return nil, r.err
		}
	}
	return list, err
}

func doPvuuid(c *Call, device string) (string, error) { return c.lvmField("pvs", "pv_uuid", device) }

func doLvuuid(c *Call, device string) (string, error) { return c.lvmField("lvs", "lv_uuid", device) }

func doVguuid(c *Call, vgname string) (string, error) { return c.lvmField("vgs", "vg_uuid", vgname) }

func (c *Call) lvmField(command, column, name string) (string, error) {
	list, err := c.lvmFields(command, column, name)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fmt.Errorf("lvm: %s has no %s", name, column)
	}
	return list[0], nil
}

func (c *Call) lvmFields(command, column, name string) ([]string, error) {
	if err := lvmNames(name); err != nil {
		return nil, err
	}
	return c.lvmLines(command, "--noheadings", "-o", column, name)
}

func doVgpvuuids(c *Call, vgname string) ([]string, error) {
	return c.lvmFields("vgs", "pv_uuid", vgname)
}

func doVglvuuids(c *Call, vgname string) ([]string, error) {
	return c.lvmFields("vgs", "lv_uuid", vgname)
}
