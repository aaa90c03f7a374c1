#!/usr/bin/env bash
# Makes a bare Debian machine able to build and run the image: Docker Engine from Debian's packages, and the base image that
# container/Dockerfile names, made here where it cannot be pulled. Does nothing that is done already. Needs root, and what
# `npm ci` installs. With `stop` it ends the engine that it started.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' container/Dockerfile | head -n 1)
state=${DOCKER_STATE_DIR:-/var/tmp/docker-for-tests}
mkdir -p "$state"

if [ "${1:-}" = stop ]; then
  [ ! -f "$state/dockerd.pid" ] || kill "$(cat "$state/dockerd.pid")"
  exit
fi

install_packages() {
  local missing=()
  command -v dockerd > /dev/null || missing+=(docker.io iptables)
  command -v debootstrap > /dev/null || missing+=(debootstrap)
  [ ${#missing[@]} -eq 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > "$state/apt.log"
}

# Without --bip, Debian's engine reports no gateway for its bridge.
start_engine() {
  docker info > /dev/null 2>&1 && return
  nohup dockerd --bip 172.17.0.1/16 --pidfile "$state/dockerd.pid" > "$state/dockerd.log" 2>&1 < /dev/null &
  for _ in $(seq 100); do
    docker info > /dev/null 2>&1 && return
    sleep 0.2
  done
  tail -n 20 "$state/dockerd.log" >&2
  echo "dockerd did not start." >&2
  return 1
}

# The parts of the official image that the Dockerfile relies on: Debian, Node and npm. The mirror is the machine's own.
make_base() {
  local root="$state/base" suite=bookworm npm mirror
  npm=$(npm root --global)/npm
  mirror=$(apt-get indextargets --format '$(SITE)' "Codename: $suite" | head -n 1)
  rm -rf "$root"
  debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$state/debootstrap.log"
  install -D node_modules/node/bin/node "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules" "$root/etc/ssl"
  cp -R "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  # What stands between this machine and its package registries may have certificates of its own.
  find /usr/local/share/ca-certificates -name "*.crt" -exec cat {} + > "$root/etc/ssl/machine.pem"
  # The slim images are without documentation, also that of packages installed later.
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale > "$root/etc/dpkg/dpkg.cfg.d/slim"
  rm -rf "$root"/usr/share/{doc,man,info,locale}/* "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
  tar -C "$root" -c . |
    docker import --change 'CMD ["node"]' --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/machine.pem' - "$base" > /dev/null
  rm -rf "$root"
}

install_packages
start_engine
if ! docker image inspect "$base" > /dev/null 2>&1; then
  timeout 120 docker pull -q "$base" > "$state/pull.log" 2>&1 || make_base
fi
echo "Docker $(docker version --format '{{.Server.Version}}') runs and has $base."
