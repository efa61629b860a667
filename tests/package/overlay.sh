#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# First process of the namespaces that check.pl opens; when it ends, the kernel ends every process
# in them and drops every mount. What SCRIPT changes is written over BASE, into DIR.
# usage: overlay.sh BASE DIR SCRIPT
set -eu
base=$1 dir=$2 script=$3
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
ln -s /proc/self/fd "$root/dev/fd"
mount --bind "$dir/given" "$root/given"
echo mx.example.org >"$root/etc/hostname"
printf '127.0.0.1 localhost\n192.0.2.1 mx.example.org mx\n' >"$root/etc/hosts"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" sh /given/"$script"
