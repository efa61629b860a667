#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# First process of the namespaces that make.sh opens; when it ends, the kernel
# ends every process in them and drops every mount.
#
# usage: overlay.sh GENUINE-DIR WORK-DIR SYSTEM
set -eu

here=$1 work=$2 system=$3
root=$work/root/merged

hostname mx.example.org
mount --make-rprivate /
mount -t tmpfs -o size=3g tmpfs "$work/root"
mkdir "$work/root/upper" "$work/root/workdir" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/root/upper,workdir=$work/root/workdir" \
	"$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/shm" "$root/dev/pts" "$root/run/lock"
for device in null:3 zero:5 full:7 random:8 urandom:9; do
	mknod -m 666 "$root/dev/${device%:*}" c 1 "${device#*:}"
done
mknod -m 666 "$root/dev/tty" c 5 0
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/genuine" "$root/genuine-work"
mount --bind -o ro "$here" "$root/genuine"
mount --bind "$work" "$root/genuine-work"

printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
echo mx.example.org > "$root/etc/mailname"
echo mx.example.org > "$root/etc/hostname"
printf '127.0.0.1 localhost\n192.0.2.1 mx.example.org mx\n' > "$root/etc/hosts"

packages=$(sed -n 's/^# packages: //p' "$here/systems/$system.sh")
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y --no-install-recommends \
	iproute2 libnet-dns-perl $packages > "$work/log/apt.log" 2>&1 ||
	{ tail -5 "$work/log/apt.log"; exit 1; }

# not exec: a daemon whose parent is process 1 thinks that it is one already
unshare --net chroot "$root" /bin/sh /genuine/inside.sh "$system"
