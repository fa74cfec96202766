# shellcheck shell=bash
# Shell functions that test/run, demo/run and test/bench/* share: find or install what is missing, build,
# and run a throw-away cluster. To be sourced by bash with `set -euo pipefail`, from the project's folder.
#
# Works as root (the server then runs as the user postgres) or as anybody with sudo. Everything lives in a
# temporary folder, $scratch, that goes away at exit, with every server that was started.

say() { printf '\n== %s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null; then sudo "$@"
	else die "This has to be done by root, and there is no sudo: $*"
	fi
}

# PostgreSQL refuses to run as root.
as_server() {
	if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

have_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Another of these scripts may be installing something at this moment.
apt_lock=(flock "${TMPDIR:-/tmp}/psi-apt.lock")

# need_packages NAME...: installs those Debian packages that are missing.
need_packages() {
	local package missing=()
	for package in "$@"; do have_package "$package" || missing+=("$package"); done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "Please install: ${missing[*]}"
	say "Installing ${missing[*]}"
	if [ -z "${apt_updated:-}" ]; then
		as_root "${apt_lock[@]}" apt-get -qq update || echo "apt-get update failed; going on with the lists at hand" >&2
		apt_updated=yes
	fi
	as_root "${apt_lock[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 install -y --no-install-recommends \
		"${missing[@]}" >"${TMPDIR:-/tmp}/psi-apt.$$" 2>&1 ||
		{ tail -n 20 "${TMPDIR:-/tmp}/psi-apt.$$" >&2; rm -f "${TMPDIR:-/tmp}/psi-apt.$$"
			die "Could not install ${missing[*]}"; }
	rm -f "${TMPDIR:-/tmp}/psi-apt.$$"
}

# optional_packages NAME...: installs those that can be had, and says which cannot.
optional_packages() {
	local package
	for package in "$@"; do
		(need_packages "$package") || echo "SKIPPED: no package $package; the tests that need it are skipped"
	done
}

# Sets PG_CONFIG (unless it is given), bindir, pgxs and major: the newest PostgreSQL that is installed with
# its server headers, or else the distribution's own, which is installed.
find_server() {
	if [ -z "${PG_CONFIG:-}" ]; then
		local candidate
		for candidate in $(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -t/ -k5 -n); do
			[ -f "$("$candidate" --includedir-server)/postgres.h" ] && [ -f "$("$candidate" --pgxs)" ] &&
				[ -x "${candidate%/*}/postgres" ] && PG_CONFIG=$candidate
		done
	fi
	if [ -z "${PG_CONFIG:-}" ]; then
		# Debian's package would create a cluster and start it.
		need_packages postgresql-common
		if ! grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf; then
			echo 'create_main_cluster = false' |
				as_root tee -a /etc/postgresql-common/createcluster.conf >/dev/null
		fi
		local version
		version=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
		[ -n "$version" ] || die "There is no package postgresql here. Set PG_CONFIG."
		need_packages "postgresql-$version" "postgresql-server-dev-$version"
		PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config
	fi
	bindir=$("$PG_CONFIG" --bindir)
	pgxs=$(dirname "$(dirname "$(dirname "$("$PG_CONFIG" --pgxs)")")")
	major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	export PG_CONFIG
}

# private_server [FOLDER]: a copy of the server, in $scratch or FOLDER, to which PG_CONFIG, bindir and pgxs point from then on.
# Nothing is installed into the system, and several of these scripts can run at a time. PostgreSQL finds its folders from
# where its program lies (make_relative_path()), so the programs are copied and the rest are links. It has the module only
# if PSI_INSTALLED says that the server at PG_CONFIG has it.
# To be called after all packages that the server needs have been installed: links are made to what is there now.
private_server() {
	local given=$PG_CONFIG origin=$PG_CONFIG bin share prefix folder option
	local ours=(\( -name 'pg_safe_index*' -o -name 'psi_probe*' -o -name 'psi_twin*' \) -prune)
	# Of a copy, the original: it may have got packages since.
	origin=$(cat "$("$given" --bindir)/.copy_of" 2>/dev/null) || origin=$given
	bin=$("$origin" --bindir) share=$("$origin" --sharedir)
	# The folder that both are in.
	prefix=$bin
	while [[ $share/ != "$prefix"/* ]]; do prefix=${prefix%/*}; done
	private=${1:-$scratch}/server-$("$origin" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	rm -rf "$private"
	for option in --bindir --pkglibdir --sharedir; do
		folder=$("$origin" $option)
		mkdir -p "$private${folder#"$prefix"}"
		cp -as "$folder/." "$private${folder#"$prefix"}"
	done
	for option in --localedir --includedir-server --pkgincludedir --includedir --libdir; do
		folder=$("$origin" $option)
		[ -d "$folder" ] && [ ! -e "$private${folder#"$prefix"}" ] || continue
		mkdir -p "$(dirname "$private${folder#"$prefix"}")"
		ln -s "$folder" "$private${folder#"$prefix"}"
	done
	bindir=$private${bin#"$prefix"}
	cp -L --remove-destination "$bin"/* "$bindir/"
	echo "$origin" >"$bindir/.copy_of"
	export PG_CONFIG=$bindir/pg_config
	pgxs=$(dirname "$(dirname "$(dirname "$("$PG_CONFIG" --pgxs)")")")
	# What somebody has installed of ours is not what is tested.
	find "$private" "${ours[@]}" -exec rm -r {} +
	[ -n "${PSI_INSTALLED:-}" ] || return 0
	for option in --pkglibdir --sharedir; do
		folder=$("$given" $option)
		(cd "$folder" && find . "${ours[@]}" -print0 | tar c --dereference --null -T -) | tar x -C "$("$PG_CONFIG" $option)"
	done
}

# build_and_install FOLDER [MAKE ARGUMENT...]: builds the module in the folder, in a copy in $scratch (somebody else may be
# building it for another server), and installs it into the private server, which is made if there is none yet.
build_and_install() {
	local copy
	[[ $PG_CONFIG == "${private:-none}"/* ]] || private_server
	say "Building for $("$PG_CONFIG" --version)"
	copy=$(mktemp -d "$scratch/build.XXXXXX")
	# Objects of another major version or compiler must not be taken for ours.
	tar c -C "$1" --exclude=.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' . | tar x -C "$copy"
	make -C "$copy" -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" "${@:2}"
	make -C "$copy" -s install PG_CONFIG="$PG_CONFIG" "${@:2}" >/dev/null
	rm -rf "$copy"
}

servers=()
jobs_to_end=()

make_scratch() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/psi.XXXXXX")
	[ "$(id -u)" != 0 ] || chown postgres: "$scratch"
	chmod 755 "$scratch"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

clean_up() {
	local status=$? job data
	trap '' INT TERM HUP
	for job in "${jobs_to_end[@]:-}"; do
		[ -z "$job" ] || kill "$job" 2>/dev/null || true
	done
	for data in "${servers[@]:-}"; do
		[ -z "$data" ] || [ ! -f "$data/postmaster.pid" ] ||
			as_server "$bindir/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1 || true
	done
	[ -z "${scratch:-}" ] || rm -rf "$scratch"
	exit "$status"
}

# start_server NAME [POSTGRES OPTION...]: a new cluster in $scratch/NAME, on a socket in $scratch only. Sets
# PGHOST, PGPORT, PGUSER and PGDATABASE for the clients. PSI_POSTGRES, if set, is run as the server.
start_server() {
	local data=$scratch/$1
	shift
	as_server "$bindir/initdb" -D "$data" -U postgres -A trust -N -E UTF8 --locale=C.UTF-8 \
		>"$scratch/initdb.log" 2>&1 || { cat "$scratch/initdb.log" >&2; die "initdb failed"; }
	# What the caller's environment says about some other server is not for this one.
	unset PGHOSTADDR PGSERVICE PGOPTIONS
	export PGHOST=$scratch PGPORT=54329 PGUSER=postgres PGDATABASE=postgres
	servers+=("$data")
	as_server "$bindir/pg_ctl" -p "${PSI_POSTGRES:-$bindir/postgres}" -D "$data" -l "$data.log" -w start -o \
		"-k $scratch -p $PGPORT -c listen_addresses='' -c fsync=off $*" >/dev/null ||
		{ cat "$data.log" >&2; die "the server did not start"; }
}

# stop_server NAME
stop_server() {
	as_server "$bindir/pg_ctl" -D "$scratch/$1" -m fast -w stop >/dev/null
}
