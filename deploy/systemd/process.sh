#!/bin/sh
# Become the process of the Procfile that is named, so that there is one list of commands.
set -eu
line=$(sed -n "s/^$1: //p" Procfile)
[ -n "$line" ] || { echo "the Procfile has no process $1" >&2; exit 2; }
case $1 in
    web) export MAILSYNC_ROLE=web ;;
    *) export MAILSYNC_ROLE=worker ;;
esac
export HOST="${HOST:-127.0.0.1}" PORT="${PORT:-8000}"
eval "exec $line"
