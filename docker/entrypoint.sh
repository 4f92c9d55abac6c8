#!/bin/sh
# Starts Gangway in the image. As root it only takes what it needs, the group of the engine's socket and a writable
# /data, and goes on as the user gangway. With --user (compose: user:) it is that user from the start, and stays it.
set -eu

# A young generation of 2 MiB: a bridge makes much short-lived garbage and should stay small.
program="node --max-semi-space-size=2 /app/dist/main.js --image"

if [ "$(id -u)" != 0 ]; then
  exec $program "$@"
fi

groups=990
socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
case $socket in
  unix://*)
    path=${socket#unix://}
    if [ -S "$path" ]; then groups="$groups,$(stat -c %g "$path")"; fi
    ;;
esac
# Only what is not ours yet: a large data directory is not walked at every start.
if [ -d /data ]; then find /data -xdev ! -user 990 -exec chown -h 990:990 {} +; fi
exec setpriv --reuid=990 --regid=990 --groups="$groups" --no-new-privs --inh-caps=-all --bounding-set=-all $program "$@"
