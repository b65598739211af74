package cloneprep

import "context"

// logs are files that are removed; their directories stay, with the owners that
// the programs want.
var logs = []string{
	"/var/log/*.log*", "/var/log/audit/*", "/var/log/btmp*", "/var/log/cron*", "/var/log/dmesg*", "/var/log/lastlog*", "/var/log/maillog*",
	"/var/log/mail/*", "/var/log/messages*", "/var/log/secure*", "/var/log/spooler*", "/var/log/tallylog*", "/var/log/wtmp*",
	"/var/log/debug*", "/var/log/syslog*", "/var/log/faillog*", "/var/log/firewalld*", "/var/log/grubby*", "/var/log/xferlog*",
	"/var/log/apache2/*_log", "/var/log/apache2/*_log-*", "/var/log/apache2/*.log*", "/var/log/httpd/*log", "/var/log/httpd/*log-*",
	"/var/log/cups/*_log*", "/var/log/gdm/*", "/var/log/lightdm/*", "/var/log/libvirt/*.log*", "/var/log/libvirt/*/*.log*", "/var/log/squid/*.log*",
	"/var/log/ntpstats/*", "/var/log/tuned/tuned.log*", "/var/log/chrony/*.log*", "/var/log/ceph/*.log*", "/var/log/glusterfs/*glusterd.vol.log*",
	"/var/log/glusterfs/glusterfs.log*", "/var/log/jetty/jetty-console.log*", "/var/log/BackupPC/LOG", "/var/log/ppp/connect-errors*", "/var/log/setroubleshoot/*.log*",
	"/var/log/sa/*", "/var/log/anaconda*", "/var/log/anaconda/*", "/var/log/installer/*", "/var/log/rhsm/*", "/var/log/apt/*", "/var/log/aptitude*",
	"/var/log/exim4/*", "/var/log/ConsoleKit/*", "/var/log/mysqld.log*", "/var/log/alternatives*", "/var/log/cloud-init*",
	"/var/lib/logrotate.status", "/var/lib/logrotate/status", "/var/named/data/named.run",
	"/root/install.log", "/root/install.log.syslog", "/root/anaconda-ks.cfg", "/root/anaconda-post.log", "/root/initial-setup-ks.cfg", "/root/original-ks.cfg",
	"/etc/Pegasus/*.cnf", "/etc/Pegasus/*.crt", "/etc/Pegasus/*.csr", "/etc/Pegasus/*.pem", "/etc/Pegasus/*.srl",
}

// logTrees hold nothing but what is made again, in directories that are named
// after the machine.
var logTrees = []string{
	"/var/log/journal/*", "/var/cache/gdm/*", "/var/cache/fontconfig/*", "/var/cache/man/*", "/var/lib/fprint/*", "/var/lib/AccountsService/users/*",
}

func logfiles(ctx context.Context, r *root) error {
	if err := r.removeFiles(ctx, logs...); err != nil {
		return err
	}
	return r.removeTrees(ctx, logTrees...)
}
