#!/bin/sh
# Copies the primary, once, and runs the copy as its hot standby.
set -eu
if [ ! -e "$PGDATA/standby.signal" ]; then
  rm -rf "$PGDATA"
  pg_basebackup --pgdata="$PGDATA" --dbname="$PRIMARY" --write-recovery-conf --checkpoint=fast
fi
exec postgres -D "$PGDATA" -c hot_standby_feedback=on "$@"
