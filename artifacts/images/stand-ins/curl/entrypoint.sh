#!/bin/sh
# Options alone are options of curl; anything else is the command to run.
case "${1:-}" in
  -* | http*) set -- curl "$@" ;;
esac
exec "$@"
