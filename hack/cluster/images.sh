#!/usr/bin/env bash
# Makes images: hack/cluster/images.sh [fairlead]
# The stand-ins go to the cache, where every local cluster finds them; Fairlead's own to _output/images/fairlead.tar, an
# OCI archive (loading it into a local cluster is install.sh's work). With the word fairlead only that one, for which Go
# is enough.
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
source "$here/lib/steps.sh"
source "$here/lib/build.sh"
source "$here/lib/standins.sh"
source "$here/lib/fairlead.sh"
case "${args[*]}" in
  '') step "checking what this machine needs to have" "$here/prereqs.sh" ;;
  fairlead) ;;
  *) fail "unknown argument: ${args[*]}" ;;
esac
build_tools_if_needed
if [ -z "${args[*]}" ]; then
  build_standins_if_needed
  echo "stand-in images: $images_dir"
fi
step "building Fairlead's programs" build_fairlead
step "making Fairlead's image" archive_fairlead
echo "Fairlead's image: $image_archive"
