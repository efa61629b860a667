#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# First process of the namespaces that check.pl opens; when it ends, the kernel ends every process
# in them and drops every mount. What SCRIPT changes is written over BASE, into DIR. With "boot" the
# Debian is started by its own systemd, with no network but its own, and SCRIPT is a service there.
# usage: overlay.sh BASE DIR SCRIPT [boot]
set -eu
base=$1 dir=$2 script=$3 boot=${4-}
root=$dir/merged

hostname mx.example.org
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/workdir" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/shm" "$root/run/lock" "$root/given"
chmod 1777 "$root/dev/shm"
for device in null:3 zero:5 full:7 random:8 urandom:9; do
	mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 666 "$root/dev/tty" c 5 0
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount --bind "$dir/given" "$root/given"
echo mx.example.org >"$root/etc/hostname"
printf '127.0.0.1 localhost\n192.0.2.1 mx.example.org mx\n' >"$root/etc/hosts"
cp /etc/resolv.conf "$root/etc/resolv.conf"
[ "$boot" ] || exec chroot "$root" sh /given/"$script"

# All that is installed later has to be there before the network is left.
chroot "$root" sh -c 'export DEBIAN_FRONTEND=noninteractive
	apt-get -q update
	apt-get -y install --no-install-recommends systemd-sysv dbus
	apt-get -y install --download-only /given/bounce-milter_*.deb' >"$dir/apt.log" 2>&1 ||
	{ cat "$dir/apt.log"; exit 1; }
cat >"$root/etc/systemd/system/test.service" <<-END
	[Unit]
	After=multi-user.target
	[Service]
	Type=oneshot
	ExecStart=sh -c 'sh /given/$script >/given/out 2>&1; systemctl exit \$?'
	[Install]
	WantedBy=default.target
END
ln -s ../test.service "$root/etc/systemd/system/multi-user.target.wants"
rm "$root/usr/sbin/policy-rc.d"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mkdir "$root/run/before"
cd "$root"
# a sandbox with its own users cannot be made in a chroot
pivot_root . run/before
umount -l /run/before
exec unshare --net env -i container=other /lib/systemd/systemd --show-status=0
