# shellcheck shell=bash
# Fairlead's own image. To be sourced after names.sh, steps.sh and build.sh.
image_dir="$repo/_output/images/fairlead" # its file system
image_archive="$repo/_output/images/fairlead.tar"
image_name=fairlead/fairlead:dev
image_settings=(-user 65532:65532 -entrypoint "")

# build_fairlead: compiles every program of cmd/fairlead-* and lays the image's files out in image_dir:
# artifacts/images/fairlead/rootfs, the programs in /usr/local/bin, the machine's certificate authorities, /tmp.
# Programs that are Go modules of their own are built once per version (hack/tools/build.sh) and copied.
build_fairlead() {
  local programs=() apart=() build=() d program
  for d in "$repo"/cmd/fairlead-*/; do
    program="$(basename "$d")"
    if [ -f "$d/go.mod" ]; then apart+=("$program"); else programs+=("./cmd/$program"); fi
  done
  # Who builds keeps the image to itself until the script ends: two installations at once would mix their files.
  mkdir -p "$repo/_output/images"
  exec {image_lock}>"$repo/_output/images/.lock"
  flock "$image_lock"
  rm -rf "$image_dir"
  mkdir -p "$image_dir"/usr/local/bin "$image_dir"/etc/ssl/certs "$image_dir"/tmp "$image_dir"/var/lib/fairlead
  chmod 1777 "$image_dir/tmp"
  cp -a --no-preserve=ownership "$repo/artifacts/images/fairlead/rootfs/." "$image_dir/"
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$image_dir/etc/ssl/certs/"
  (cd "$repo" && patiently "$repo/_output/images/build.log" go build -v "${go_flags[@]}" -ldflags "-s -w" -o "$image_dir/usr/local/bin/" "${programs[@]}")
  for program in "${apart[@]}"; do
    build=(env "GOFLAGS=${go_flags[*]}" "$repo/hack/tools/build.sh" "../../cmd/$program" "fairlead.dev/fairlead/cmd/$program")
    patiently "$repo/_output/images/build.log" "${build[@]}"
    install -m 755 "$("${build[@]}")" "$image_dir/usr/local/bin/$program"
  done
}

# archive_fairlead: the image as one file.
archive_fairlead() {
  local store="$repo/_output/images/store"
  rm -rf "$store"
  "$tools_dir/clustertool" image -store "$store" -root "$image_dir" -name "$image_name" "${image_settings[@]}" >/dev/null
  "$tools_dir/clustertool" export -store "$store" -name "$image_name" -o "$image_archive"
  rm -rf "$store"
}
