#!/usr/bin/env bash
# Runs the tests of the wrapper that need cgroup v2 in a virtual machine (Debian's kernel, emulated: no /dev/kvm is needed),
# for machines that have cgroup v1. Installs qemu and cpio, downloads the kernel's package without installing it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { printf 'cgroup2: %s\n' "$*" >&2; exit 1; }

[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail "needs Debian on amd64"
[ "$(id -u)" = 0 ] || fail "needs root to install packages"
missing=()
for need in qemu-system-x86_64:qemu-system-x86 cpio:cpio busybox:busybox-static; do
  command -v "${need%%:*}" >/dev/null || missing+=("${need##*:}")
done
apt-get update -q >/dev/null || fail "no package list"
if [ "${#missing[@]}" -gt 0 ]; then
  echo "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null
fi

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
mkdir -p "$dir/root/bin"
package="$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: //p' | head -n 1)"
echo "fetching $package"
(cd "$dir" && apt-get download -q "$package" >/dev/null 2>&1 && dpkg-deb -x "$package"_*.deb kernel)

echo "building the test"
CGO_ENABLED=0 go test -c -o "$dir/root/run.test" ./pkg/executor/run
cp "$(command -v busybox)" "$dir/root/bin/busybox"
cat >"$dir/root/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /bin
/bin/busybox --install -s /bin
export PATH=/bin TMPDIR=/tmp HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 none /sys/fs/cgroup
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
/run.test -test.v -test.run OutOfMemory
echo "exit code $?"
poweroff -f
INIT
chmod 755 "$dir/root/init"
ln -s busybox "$dir/root/bin/sh"
(cd "$dir/root" && find . | cpio --quiet -o -H newc | gzip -1) >"$dir/initrd"

echo "starting the machine"
timeout 300 qemu-system-x86_64 -accel tcg -m 512 -nographic -no-reboot -nic none \
  -kernel "$dir"/kernel/boot/vmlinuz-* -initrd "$dir/initrd" -append 'console=ttyS0 quiet panic=-1 rdinit=/init' </dev/null | tee "$dir/out"
grep -q '^--- PASS: TestOutOfMemory' "$dir/out" && grep -q '^exit code 0' "$dir/out" || fail "the test did not pass"
