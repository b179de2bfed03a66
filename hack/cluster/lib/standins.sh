# shellcheck shell=bash
# Makes the stand-in images of artifacts/images/stand-ins/images.list, once for each state of that directory. To be
# sourced after names.sh, steps.sh and build.sh.
#   build_standins_if_needed    sets images_dir, the OCI layout that holds them all
standins="$repo/artifacts/images/stand-ins"

build_standins_if_needed() {
  local key files
  mapfile -t files < <(find "$standins" -type f | sort)
  key="$(key "${files[@]}" "$here/lib/standins.sh" -- "${tools_dir##*/}" "$(dpkg-query -W -f '${Version}' busybox-static 2>/dev/null)" "$(find "$standins" -printf '%P %m %l\n' | sort)")"
  images_dir="$cache/images/$key"
  [ -d "$images_dir" ] || step "making the stand-in images (busybox, python, whalesay, ...)" build_into "$images_dir" make_standins
}

# make_standins STORE: goes through the list; each block is made when the next one begins.
make_standins() {
  local keyword rest image=
  declare -A block=()
  while read -r keyword rest; do
    case "$keyword" in
      '' | '#'*) continue ;;
      image)
        [ -z "$image" ] || make_standin "$1"
        image="$rest"
        block=()
        ;;
      names | base | applets | program | packages | files | drop | entrypoint | cmd | env | user) block[$keyword]="$rest" ;;
      *) fail "$standins/images.list: unknown word '$keyword' in image '$image'" ;;
    esac
  done <"$standins/images.list"
  [ -z "$image" ] || make_standin "$1"
  rm -rf "$1/work"
}

# make_standin STORE: the image of the block that was just read (variables image and block of make_standins).
make_standin() {
  local store="$1" root="$1/work/$image" flag flags=() p
  mkdir -p "$root"
  : >"$root.packages"
  if [ -n "${block[base]:-}" ]; then
    cp "$store/work/${block[base]}.packages" "$root.packages"
    flags+=(-base "stand-in/${block[base]}")
    merged_usr "$root"
  fi
  if [ "${block[applets]:-}" = busybox ]; then applets "$root"; fi
  if [ -n "${block[program]:-}" ]; then install -m 755 "$tools_dir/${block[program]}" "$root/"; fi
  if [ -n "${block[packages]:-}" ]; then
    # shellcheck disable=SC2086  # names are words
    unpack "$root" ${block[packages]}
  fi
  for p in ${block[drop]:-}; do rm -rf "${root:?}/$p"; done
  if [ -n "${block[files]:-}" ]; then cp -a --no-preserve=ownership "$standins/${block[files]}/." "$root/"; fi
  for flag in entrypoint cmd env; do
    # A setting that is there but empty takes the base's away.
    [ -z "${block[$flag]+there}" ] || flags+=("-$flag" "${block[$flag]}")
  done
  if [ -n "${block[user]:-}" ]; then flags+=(-user "${block[user]}"); fi
  p="stand-in/$image${block[names]:+ }${block[names]:-}"
  "$tools_dir/clustertool" image -store "$store" -root "$root" -name "${p// /,}" "${flags[@]}" >/dev/null
}

# merged_usr ROOT: /bin, /lib and so on as links into /usr, so that what a package has under /bin lands where it belongs.
merged_usr() {
  local d
  for d in bin sbin lib lib64; do
    mkdir -p "$1/usr/$d"
    [ -L "$1/$d" ] || ln -s "usr/$d" "$1/$d"
  done
}

# applets ROOT: a whole file system of busybox.
applets() {
  local a
  mkdir -p "$1"/{dev,etc,home,mnt,opt,proc,root,run,srv,sys,tmp,usr/local/bin,var/{cache,lib,log,tmp}}
  chmod 1777 "$1/tmp" "$1/var/tmp"
  merged_usr "$1"
  install -m 755 /bin/busybox "$1/usr/bin/busybox"
  for a in $(/bin/busybox --list); do
    [ "$a" = busybox ] || ln -s busybox "$1/usr/bin/$a"
  done
}

# unpack ROOT PACKAGE...: the packages and what they depend on, as for a machine that has nothing yet, except what the
# base image has.
unpack() {
  local root="$1" debs="$cache/debs" apt=() file
  shift
  mkdir -p "$debs/partial"
  : >"$debs/nothing-installed"
  apt=(apt-get -q -y --no-install-recommends -o "Dir::State::status=$debs/nothing-installed" -o "Dir::Cache::archives=$debs"
    -o APT::Sandbox::User=root -o Debug::NoLocking=true)
  compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || apt-get -q update >"$debs/apt.log" 2>&1 || true
  # The lists may name versions that the mirror has replaced since.
  if ! "${apt[@]}" --download-only install "$@" >"$debs/apt.log" 2>&1; then
    { apt-get -q update && "${apt[@]}" --download-only install "$@"; } >"$debs/apt.log" 2>&1 || {
      tail -n 5 "$debs/apt.log" >&2
      fail "the Debian packages of stand-in image '$image' could not be downloaded ($*)"
    }
  fi
  while read -r file; do
    ! grep -qxF "$file" "$root.packages" || continue
    echo "$file" >>"$root.packages"
    dpkg-deb --fsys-tarfile "$debs/$file" | tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share/doc*' --exclude='./usr/share/man*' --exclude='./usr/share/locale*'
  done < <(apt_files "${apt[@]}" -- "$@")
}

# apt_files APT... -- PACKAGE...: the file names of all packages apt would install, as they are in its archive directory.
apt_files() {
  local apt=()
  while [ "$1" != -- ]; do
    apt+=("$1")
    shift
  done
  shift
  # Without the archive directory apt prints every file: 'URI' FILE SIZE HASH.
  "${apt[@]}" -o Dir::Cache::archives=/var/empty-archives --print-uris install "$@" | awk '/^\x27/ { print $2 }' | sort
}
