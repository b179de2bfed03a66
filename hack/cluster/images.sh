#!/usr/bin/env bash
# Makes all images: hack/cluster/images.sh
# The stand-ins go to the cache, where every local cluster finds them; Fairlead's own to _output/images/fairlead.tar, an
# OCI archive. Loading it into a local cluster is install.sh's work.
source "$(dirname "${BASH_SOURCE[0]}")/lib/names.sh"
source "$here/lib/steps.sh"
source "$here/lib/build.sh"
source "$here/lib/standins.sh"
source "$here/lib/fairlead.sh"
step "checking what this machine needs to have" "$here/prereqs.sh"
build_tools_if_needed
build_standins_if_needed
step "building Fairlead's programs" build_fairlead
step "making Fairlead's image" archive_fairlead
echo "stand-in images: $images_dir"
echo "Fairlead's image: $image_archive"
