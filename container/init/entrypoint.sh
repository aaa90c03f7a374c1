#!/bin/sh
# Gives each user its own part of the agent's disk, which is empty at every start, and hands over to init.
set -eu
umask 022
: "${DATA_DIR:=/agent}"
export DATA_DIR
rm -rf "$DATA_DIR/scratch" "$DATA_DIR/staging"
install -d -o runner -g runner -m 0711 "$DATA_DIR" "$DATA_DIR/scratch"
install -d -o agent -g agent -m 0755 "$DATA_DIR/workspace" "$DATA_DIR/home"
install -d -o agent -g agent -m 0700 "$DATA_DIR/staging"
install -d -o agent -g agent -m 0755 "$DATA_DIR/incoming"
# glibc: what is free goes back to the system, however much was in use before. mallopt(3)
export MALLOC_TRIM_THRESHOLD_=131072
# The runner waits for others nearly all the time: V8's optimizers and lazy collection would cost it 20 MB and gain it nothing.
exec /app/init node --max-semi-space-size=1 --no-turbofan --no-maglev --optimize-for-size --expose-gc /app/runner.cjs
