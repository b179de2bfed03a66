# shellcheck shell=bash
# Says which step a long command is in and how long each took. To be sourced.
#
# A script started by another one adds its steps to that one's table (FAIRLEAD_STEPS, a file) and clock.
if [ -z "${FAIRLEAD_STEPS:-}" ]; then
  FAIRLEAD_STEPS="$(mktemp)"
  FAIRLEAD_STEPS_SINCE="$(date +%s)"
  export FAIRLEAD_STEPS FAIRLEAD_STEPS_SINCE
  trap 'rm -f "$FAIRLEAD_STEPS"' EXIT
fi

# clock SECONDS: 125 -> 2:05
clock() { printf '%d:%02d' "$(($1 / 60))" "$(($1 % 60))"; }

# step TITLE COMMAND...: prints the title with the time since the start, runs the command, notes how long it took.
# The command runs in this shell; with `set -e` its failure ends the script after a line that says where.
step() {
  local title="$1" began now
  shift
  began="$(date +%s)"
  printf '[%s] %s\n' "$(clock $((began - FAIRLEAD_STEPS_SINCE)))" "$title"
  step_title="$title"
  "$@"
  now="$(date +%s)"
  step_title=
  printf '%s\t%s\n' "$((now - began))" "$title" >>"$FAIRLEAD_STEPS"
}

# where_failed: for a trap on ERR.
where_failed() {
  [ -z "${step_title:-}" ] || printf '%s: failed in step: %s\n' "${0##*/}" "$step_title" >&2
  step_title=
}
step_title=
set -o errtrace
trap where_failed ERR

# step_table: every step so far with its time, and the time in all.
step_table() {
  local seconds title
  printf '\n%8s  %s\n' time step
  while IFS=$'\t' read -r seconds title; do
    printf '%8s  %s\n' "$(clock "$seconds")" "$title"
  done <"$FAIRLEAD_STEPS"
  printf '%8s  %s\n' "$(clock $(($(date +%s) - FAIRLEAD_STEPS_SINCE)))" 'in all'
}

# patiently FILE COMMAND...: runs a long command with its output in FILE and says every 20 seconds how far it is
# (lines written so far: a Go build with -v writes one a package). Shows the end of FILE when the command fails.
patiently() {
  local log="$1" began pid rc=0
  shift
  began="$(date +%s)"
  "$@" >"$log" 2>&1 &
  pid=$!
  (
    # (The sleep may outlive this by seconds: it is not to keep a pipe open.)
    while sleep 20 >/dev/null 2>&1 && kill -0 "$pid" 2>/dev/null; do
      printf '        ... %s, %s packages compiled\n' "$(clock $(($(date +%s) - began)))" "$(grep -cv '^go: ' "$log" || true)"
    done
  ) &
  local teller=$!
  wait "$pid" || rc=$?
  kill "$teller" 2>/dev/null || true
  wait "$teller" 2>/dev/null || true
  if [ "$rc" -ne 0 ]; then
    tail -n 25 "$log" >&2
    return "$rc"
  fi
}
