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

# working WHAT [LOG]: from now on a line every four seconds says that WHAT still goes on, and what the last line of LOG is;
# until done_working, or the end of this script.
working() {
	done_working
	progress "$1" "${2:-}" $$ </dev/null &
	heartbeat=$!
}

progress() {
	local since=$SECONDS last=
	# From a pipe that nobody writes into: unlike sleep, it leaves no process behind.
	exec 7<> <(:)
	while ! read -rt 4 _ <&7 && kill -0 "$3" 2>/dev/null; do
		[ -z "$2" ] || last=$(tail -c 4000 "$2" 2>/dev/null | tr '\r' '\n' | tr -cd '[:print:]\n' | sed '/^ *$/d' | tail -n 1)
		printf '   ... %s, %d s%s\n' "$1" $((SECONDS - since)) "${last:+: ${last:0:90}}"
	done
}

done_working() {
	[ -n "${heartbeat:-}" ] || return 0
	kill "$heartbeat" 2>/dev/null || true
	wait "$heartbeat" 2>/dev/null || true
	heartbeat=
}

have_package() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Another of these scripts may be installing something at this moment. A folder that is there, so that no file is left.
apt_lock=(flock /var/lib/dpkg)

# What root runs to install packages. Debian's packages would create a cluster and start servers: both is prevented by files
# that go away again, and PgBouncer is not to start at the next boot either.
apt_script='
policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/pg_safe_index.conf
grep -qs pg_safe_index $policy && rm -f $policy
[ -e $policy ] && ours= || ours=$policy
[ -d "${cluster%/*}" ] && made= || made=${cluster%/*}
undo() {
	rm -f $ours $cluster
	[ -z "$made" ] || dpkg-query -S "$made" >/dev/null 2>&1 || rmdir "$made" 2>/dev/null
	[ -z "$made" ] || rmdir "${made%/*}" 2>/dev/null
}
trap undo EXIT
trap "exit 130" INT
trap "exit 143" TERM HUP
mkdir -p "${cluster%/*}"
echo "create_main_cluster = false" >$cluster
if [ -n "$ours" ]; then
	printf "#!/bin/sh\n# Of pg_safe_index, while it installs packages.\nexit 101\n" >$ours
	chmod 755 $ours
fi
[ -n "$1" ] || apt-get -q update || echo "apt-get update failed; going on with the lists at hand"
shift
DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends "$@" || exit
case " $* " in
	*" pgbouncer "*) systemctl --quiet disable pgbouncer.service 2>/dev/null || : ;;
esac
'

update_lists() {
	[ -z "${apt_updated:-}" ] || return 0
	working "fetching the lists of packages"
	as_root "${apt_lock[@]}" apt-get -qq update || echo "apt-get update failed; going on with the lists at hand" >&2
	done_working
	apt_updated=yes
}

# What this script has installed.
installed=()

# install_packages NAME...: those that are missing; false if that fails.
install_packages() {
	local package log status=0 missing=()
	for package in "$@"; do have_package "$package" || missing+=("$package"); done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "${may_install:-yes}" != yes ] || ! command -v apt-get >/dev/null || { [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; }; then
		echo "To be installed first: sudo apt-get install ${missing[*]} (packages of Debian)" >&2
		return 1
	fi
	say "Installing ${missing[*]}"
	as_root true		# a password is asked for here
	log=$(mktemp)
	working "installing packages" "$log"
	as_root "${apt_lock[@]}" bash -c "$apt_script" apt "${apt_updated:-}" "${missing[@]}" >"$log" 2>&1 </dev/null || status=$?
	done_working
	apt_updated=yes
	if [ $status = 0 ]; then installed+=("${missing[@]}"); else tail -n 20 "$log" >&2; fi
	rm -f "$log"
	return $status
}

# need_packages NAME...: installs those Debian packages that are missing.
need_packages() { install_packages "$@" || die "Needed: $*"; }

# optional_packages NAME...: installs those that can be had, and says which cannot.
optional_packages() {
	local package
	[ $# -lt 2 ] || ! install_packages "$@" || return 0
	for package in "$@"; do
		install_packages "$package" || echo "SKIPPED: no package $package; the tests that need it are skipped"
	done
}

# what_stays: says what this script has installed and leaves on the machine.
what_stays() {
	[ ${#installed[@]} -gt 0 ] || return 0
	printf '\nDebian packages were installed and stay (no service was started, no cluster created). To remove them:\n'
	printf '    apt-get purge --autoremove %s\n' "${installed[*]}"
	installed=()
}

# has_headers PG_CONFIG: the module can be built for this server.
has_headers() {
	[ -f "$("$1" --includedir-server 2>/dev/null)/postgres.h" ] && [ -f "$("$1" --pgxs)" ] && [ -x "$("$1" --bindir)/postgres" ]
}

# Sets PG_CONFIG (unless it is given), bindir, pgxs and major: the newest PostgreSQL that is installed with
# its server headers, or else the distribution's own, which is installed.
find_server() {
	local candidate version
	if [ -z "${PG_CONFIG:-}" ]; then
		for candidate in $(command -v pg_config || true) $(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -t/ -k5 -n); do
			! has_headers "$candidate" || PG_CONFIG=$candidate
		done
	fi
	if [ -z "${PG_CONFIG:-}" ]; then
		# A server without headers, or none.
		version=$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | cut -d/ -f5 | sort -n | tail -n 1) || true
		if [ -z "$version" ] && command -v apt-cache >/dev/null; then
			# A new machine may have no lists of packages yet.
			[ "${may_install:-yes}" = no ] || apt-cache show postgresql >/dev/null 2>&1 || update_lists
			version=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
		fi
		[ -n "$version" ] || die "There is no PostgreSQL with its server headers here, and no package postgresql. Set PG_CONFIG."
		need_packages "postgresql-$version" "postgresql-server-dev-$version"
		PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config
	fi
	has_headers "$PG_CONFIG" || die "$PG_CONFIG knows no server with headers. On Debian they are in postgresql-server-dev-NN."
	bindir=$("$PG_CONFIG" --bindir)
	pgxs=$(dirname "$(dirname "$(dirname "$("$PG_CONFIG" --pgxs)")")")
	major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	export PG_CONFIG
	[ -z "${scratch:-}" ] || own_scratch
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
	working "building"
	copy=$(mktemp -d "$scratch/build.XXXXXX")
	# Objects of another major version or compiler must not be taken for ours.
	tar c -C "$1" --exclude=.git --exclude='*.o' --exclude='*.bc' --exclude='*.d' --exclude='*.so' . | tar x -C "$copy"
	# Without the bitcode for the JIT compiler, which takes as long again and inlines nothing of ours.
	make -C "$copy" -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no "${@:2}"
	make -C "$copy" -s install PG_CONFIG="$PG_CONFIG" with_llvm=no "${@:2}" >/dev/null
	rm -rf "$copy"
	done_working
}

servers=()
jobs_to_end=()

make_scratch() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/psi.XXXXXX")
	own_scratch
	chmod 755 "$scratch"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# The server's user comes with the server's package.
own_scratch() { [ "$(id -u)" != 0 ] || ! id -u postgres >/dev/null 2>&1 || chown postgres: "$scratch"; }

clean_up() {
	local status=$? job data
	trap '' INT TERM HUP
	done_working
	for job in "${jobs_to_end[@]:-}"; do
		[ -z "$job" ] || kill "$job" 2>/dev/null || true
	done
	for data in "${servers[@]:-}"; do
		[ -z "$data" ] || [ ! -f "$data/postmaster.pid" ] ||
			as_server "$bindir/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1 || true
	done
	[ -z "${scratch:-}" ] || rm -rf "$scratch"
	what_stays
	exit "$status"
}

# start_server NAME [POSTGRES OPTION...]: a new cluster in $scratch/NAME, on a socket in $scratch only. Sets
# PGHOST, PGPORT, PGUSER and PGDATABASE for the clients. PSI_POSTGRES, if set, is run as the server; server_port is for a second
# server beside the first.
start_server() {
	local data=$scratch/$1
	shift
	as_server "$bindir/initdb" -D "$data" -U postgres -A trust -N -E UTF8 --locale=C.UTF-8 \
		>"$scratch/initdb.log" 2>&1 || { cat "$scratch/initdb.log" >&2; die "initdb failed"; }
	# What the caller's environment says about some other server is not for this one.
	unset PGHOSTADDR PGSERVICE PGOPTIONS
	export PGHOST=$scratch PGPORT=${server_port:-54329} PGUSER=postgres PGDATABASE=postgres
	servers+=("$data")
	as_server "$bindir/pg_ctl" -p "${PSI_POSTGRES:-$bindir/postgres}" -D "$data" -l "$data.log" -w start -o \
		"-k $scratch -p $PGPORT -c listen_addresses='' -c fsync=off $*" >/dev/null ||
		{ cat "$data.log" >&2; die "the server did not start"; }
}

# stop_server NAME
stop_server() {
	as_server "$bindir/pg_ctl" -D "$scratch/$1" -m fast -w stop >/dev/null
}
