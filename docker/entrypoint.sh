#!/bin/sh
# Starts Gangway in the image. As root it only takes what it needs, the groups of the sockets and a writable /data, and
# goes on as user 990 without capabilities. With --user (compose: user:) it is that user from the start, and stays it.
set -eu

command=${1:-run}
# A bridge waits most of its life and should stay small: a young generation of 2 MiB, memory rather than speed, and no
# optimizing compilers, which need more than they ever save here. With 200 containers: 110 MiB rather than 165. An old
# generation that begins with 48 MiB saves a tenth of a start's processor time, and collections in idle minutes.
# (Node.js would tell of DEP0169 because packages that it leaves alone are in the bundle.)
set -- node --disable-warning=DEP0169 --max-semi-space-size=2 --initial-old-space-size=48 --optimize-for-size --max-opt=1 /app/dist/main.js --image "$@"

# Where the engine's socket should be; nothing where DOCKER_HOST names no socket.
socket=$(echo "${DOCKER_HOST:-unix:///var/run/docker.sock}" | sed -n 's,^unix://,,p')
if [ -d "$socket" ]; then
  echo "gangway: $socket is a directory. Docker makes one where the path to mount does not exist on the host." >&2
fi

if [ "$(id -u)" != 0 ]; then
  if [ -S "$socket" ] && ! [ -w "$socket" ]; then
    echo "gangway: this user may not use $socket. Add its group: --group-add $(stat -L -c %g "$socket")" >&2
  fi
  exec "$@"
fi

case $command in
  # Only what is not ours yet, and only for what writes there: the health check comes every half minute.
  run | -*)
    find /data -xdev ! -user 990 -exec chown -h 990:990 {} + ||
      echo "gangway: not everything in /data could be given to user 990." >&2
    ;;
esac

# Of every socket that is mounted by itself, too: the configuration may name more engines.
groups=$(
  { echo "$socket" && cut -d ' ' -f 5 /proc/self/mountinfo; } |
    while read -r path; do if [ -S "$path" ]; then stat -L -c ,%g "$path"; fi; done | sort -u | tr -d '\n'
)

exec setpriv --reuid=990 --regid=990 --groups="990$groups" \
  --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
