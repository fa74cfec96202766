# shellcheck shell=bash
# A PostgreSQL with assertions: the distribution's own source (apt-get source), built with --enable-cassert, and so that
# valgrind is told of every palloc(), into a folder that is kept for the next run. To be sourced after test/lib.sh.

# apt_source PACKAGE FOLDER: unpacks the newest source of a package into FOLDER, by way of a list and a state of apt's of its own:
# the machine's are left as they are. FOLDER/.version says which it is; one that is there already is left alone.
apt_source() {
	local package=$1 folder=$2 apt version
	need_packages dpkg-dev
	# With PSI_SOURCE_LISTS a caller keeps the list for several packages.
	local state=${PSI_SOURCE_LISTS:-$folder.apt}
	mkdir -p "$state/lists/partial"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${PSI_MIRROR:-http://deb.debian.org/debian}" \
		"$(. /etc/os-release && echo "$VERSION_CODENAME") main" >"$state/sources.list"
	apt=(-qq -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::State::Lists="$state/lists" -o Dir::Cache::srcpkgcache= -o Dir::Cache::pkgcache= -o APT::Sandbox::User=root)
	[ -e "$state/updated" ] || apt-get "${apt[@]}" update || return
	[ -z "${PSI_SOURCE_LISTS:-}" ] || touch "$state/updated"
	version=$(apt-cache "${apt[@]}" showsrc "$package" | sed -n 's/^Version: //p' | sort -V | tail -n 1)
	[ -n "$version" ] || return
	[ "$(cat "$folder/.version" 2>/dev/null)" != "$version" ] || return 0
	rm -rf "$folder"
	mkdir -p "$folder"
	(cd "$folder" && apt-get "${apt[@]}" --download-only source "$package=$version" &&
		tar xf "$(find . -name '*.orig.tar.*' ! -name '*.asc')" --strip-components=1) || return
	echo "$version" >"$folder/.version"
}

# cassert_server: sets PG_CONFIG to the one of the server with assertions, and cassert_source to the folder of its source.
# Exit status 75 if it cannot be provided. PSI_CASSERT_SERVER is a folder where test/private_server may have put that server with
# the module: then PSI_INSTALLED is set, too.
cassert_server() {
	local base=${PSI_CASSERT:-/var/tmp/pg_safe_index-cassert} log
	[ "$(id -u)" = 0 ] || die "A server with assertions is built as root"
	log=$(mktemp)
	# Another script may be building it at this moment.
	if ! (set -e; exec 8>"$base.lock"; flock 8; provide_cassert "$base") >"$log" 2>&1; then
		tail -n 15 "$log"
		rm -f "$log"
		exit 75
	fi
	rm -f "$log"
	PG_CONFIG=$base/root/bin/pg_config
	cassert_source=$base/src
	export PG_CONFIG
	# That was said of another server.
	unset PSI_INSTALLED
	[ ! -x "${PSI_CASSERT_SERVER:-}/pg_config" ] || export PG_CONFIG=$PSI_CASSERT_SERVER/pg_config PSI_INSTALLED=yes
}

provide_cassert() {
	local base=$1 version
	[ -z "${PSI_CASSERT:-}" ] || [ ! -x "$base/root/bin/pg_config" ] || return 0
	need_packages gcc g++ make bison flex perl libreadline-dev zlib1g-dev libipc-run-perl valgrind
	find_server
	mkdir -p "$base"
	apt_source "postgresql-$major" "$base/src" || return
	version="$(cat "$base/src/.version") with USE_VALGRIND"
	[ "$(cat "$base/.complete" 2>/dev/null)" != "$version" ] || return 0
	rm -rf "$base/root" "$base/.complete"
	(cd "$base/src" && ./configure -q --prefix="$base/root" --enable-cassert --enable-debug --enable-tap-tests \
		CFLAGS='-O1 -g' CPPFLAGS=-DUSE_VALGRIND && make -s -j"$(nproc)" && make -s install && make -s -C contrib -j"$(nproc)" &&
		make -s -C contrib install && make -s -C src/test/regress -j"$(nproc)" && make -s -C src/test/isolation &&
		make -s -C src/test/isolation install) || return
	chmod -R a+rX "$base"
	echo "$version" >"$base/.complete"
}
