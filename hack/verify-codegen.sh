#!/usr/bin/env bash
# Fails when generated code is not what hack/update-codegen.sh would write. Changes nothing.
exec "$(dirname "${BASH_SOURCE[0]}")/update-codegen.sh" --verify
