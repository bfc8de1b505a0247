#!/bin/sh
# Copies the primary, once, and runs the copy as its hot standby. What was promoted since stays as it is.
set -eu
if [ ! -e "$PGDATA" ]; then
  rm -rf "$PGDATA.new"
  pg_basebackup --pgdata="$PGDATA.new" --dbname="$PRIMARY" --write-recovery-conf --checkpoint=fast
  mv "$PGDATA.new" "$PGDATA"
fi
exec postgres -D "$PGDATA" -c hot_standby_feedback=on "$@"
