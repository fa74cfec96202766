# shellcheck shell=bash
# What the clients in test/clients/ share. To be sourced by test/clients/NAME/run with `set -euo pipefail`, from the
# project's folder. Each has its own throw-away server, and says what it has seen in lines
#     ok - WHAT        not ok - WHAT        ok - WHAT # SKIP why
# from whatever language; as_tests counts them.
. test/lib.sh

# The client cannot be installed here: exit status 75 tells the caller.
not_provided() { printf 'SKIPPED: %s\n' "$*"; exit 75; }

# client_packages NAME...: Debian packages without which there is no client to test.
client_packages() { (need_packages "$@") || not_provided "no Debian package for one of: $*"; }

# npm_packages FOLDER: installs what FOLDER/package.json names into $scratch/npm, where it is copied with all its files.
npm_packages() {
	command -v npm >/dev/null || client_packages nodejs npm
	cp -R "$1" "$scratch/npm"
	(cd "$scratch/npm" && npm install --no-audit --no-fund --loglevel=error >"$scratch/npm.log" 2>&1) ||
		{ tail -n 10 "$scratch/npm.log"; not_provided "npm could not install $(basename "$1")"; }
}

# client_server [POSTGRES OPTION...]: builds and installs the module (unless PSI_INSTALLED says that it is), starts a
# server with it on a socket and on 127.0.0.1, with a database and a role `app` that owns it and is no superuser. Sets
# PGHOST (the socket's folder), PGPORT, PGUSER, PGDATABASE for the clients, and DATABASE_URL, over TCP.
client_server() {
	[ -n "${scratch:-}" ] || make_scratch
	find_server
	[ -n "${PSI_INSTALLED:-}" ] || build_and_install .
	port=$(free_port)
	start_server server -c "shared_preload_libraries=pg_safe_index" -c "listen_addresses=127.0.0.1" -p "$port" "$@"
	export PGPORT=$port
	"$bindir/psql" -Xqc "CREATE ROLE app LOGIN" -c "CREATE DATABASE app OWNER app"
	export PGUSER=app PGDATABASE=app DATABASE_URL="postgresql://app@127.0.0.1:$port/app"
	printf '%s, pg_safe_index.mode = error\n' "$("$PG_CONFIG" --version)"
}

# A port of the loopback interface on which nobody listens.
free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# The superuser's psql, for what a client cannot do or see by itself.
as_admin() { PGUSER=postgres "$bindir/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

# Where the pages of the tools are, wherever a test goes.
pages=$PWD/docs/tools

# page_block CLIENT NAME: the text of the code block on a page in docs/tools that stands below the comment
# "<!-- test/clients/CLIENT: NAME -->", so that what the page says is what is run.
page_block() {
	block_below "test/clients/$1: $2" "$pages"/*.md
	echo "test/clients/$1: $2" >>"$scratch/blocks_taken"
}

# block_below NAME FILE...: the code block below the comment "<!-- NAME -->".
block_below() {
	local name=$1
	shift
	awk -v mark="<!-- $name -->" '
		$0 == mark { found = 1; next }
		found && /^```/ { if (inside) exit; inside = 1; next }
		inside { print }
		END { if (!found) exit 1 }' "$@" || die "No code block for $name in: $*"
}

# as_shown CLIENT NAME: the page's block is what the developer saw when the last command was refused: its lines, in this order, from
# "$scratch/screen". A line "..." stands for what is left out, a line that begins with "$" for the command. The size of a table
# differs from one version of PostgreSQL to the next.
as_shown() {
	local missing
	missing=$(page_block "$1" "$2" | grep -vE '^(\.\.\.$|\$ )' | without_sizes | awk '
		BEGIN { i = count = 0 }
		NR == FNR { screen[count++] = $0; next }
		{ while (i < count && screen[i] != $0) i++; if (i++ >= count) { print; exit } }' <(without_sizes <"$scratch/screen") -)
	is "the page's \"$2\" is what the developer sees" "$missing" ""
}
without_sizes() { sed -E 's/\([0-9]+ (bytes|kB|MB|GB)\)/(size)/; s/ +$//'; }

# every_block: each code block of the pages from which the tests have taken one stands below such a comment (or one that says
# "not run", and why), and has been taken.
every_block() {
	local page client
	[ -e "$scratch/blocks_taken" ] || return 0
	client=$(sed -n '1s/: .*//p' "$scratch/blocks_taken")
	for page in $(cd "$pages" && grep -l "^<!-- $client: " ./*.md); do
		is "docs/tools/${page#./}: no code block without a test" "$(awk '
			/^ *```/ && !inside && last !~ /^<!-- (test\/|not run: )/ { print "line " NR }
			/^ *```/ { inside = !inside }
			{ last = $0 }' "$pages/$page")" ""
		is "docs/tools/${page#./}: all code blocks have been taken" \
			"$(comm -23 <(sed -nE "s|^<!-- ($client: .*) -->|\1|p" "$pages/$page" | sort) <(sort -u "$scratch/blocks_taken"))" ""
	done
}

# The lines that a test written in shell says.
ok() { printf 'ok - %s\n' "$*"; }
not_ok() { printf 'not ok - %s\n' "$*"; }

# passes WHAT COMMAND...: the command ends well.
passes() {
	local what=$1 output
	shift
	if output=$("$@" 2>&1); then ok "$what"; else not_ok "$what"; sed 's/^/    /' <<<"$output"; fi
}

# refused WHAT TEXT COMMAND...: the command fails, and the developer's screen shows TEXT (an extended regular
# expression, over all lines) and the hint.
refused() {
	local what=$1 text=$2 output status=0
	shift 2
	output=$("$@" 2>&1) || status=$?
	if [ "$status" != 0 ] && tr '\n' ' ' <<<"$output" | grep -qE -- "$text" && grep -q 'To run it anyway' <<<"$output"
	then ok "$what"; else not_ok "$what"; fi
	printf '%s\n' "$output" | tee "$scratch/screen" | sed 's/^/    /'
}

# From now on the server runs what a transaction block in this database asks for after its COMMIT; until not_postponing.
postponing() {
	as_admin -d postgres -c "ALTER DATABASE app SET pg_safe_index.mode = rewrite" \
		-c "ALTER DATABASE app SET pg_safe_index.in_transaction = postpone"
}
not_postponing() {
	as_admin -d postgres -c "ALTER DATABASE app RESET pg_safe_index.mode" -c "ALTER DATABASE app RESET pg_safe_index.in_transaction"
}
times_postponed() { grep -ciE 'LOG:  postponed until after COMMIT: (CREATE|DROP) INDEX CONCURRENTLY ' "$scratch/server.log" || true; }

# SQL for a text that is too long for an index.
too_long="(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i)"

# postponed UP DOWN SEEN: the tool's ordinary migration and its way back, after postponing. SEEN prints the state of its index and the
# number of migrations on record.
postponed() {
	local before up=$1 down=$2 seen=$3
	before=$(times_postponed)
	# shellcheck disable=SC2086
	passes "postpone: the migration in its transaction" $up
	is "postpone: the index is valid, the migration on record" "$($seen)" "valid 1"
	# shellcheck disable=SC2086
	passes "postpone: the way back" $down
	is "postpone: the way back: neither is there" "$($seen)" "none 0"
	is "postpone: both commands were run after the COMMIT" $(($(times_postponed) - before)) 2
}

# committed_but WHAT COMMAND...: the command fails, and the developer's screen shows that the transaction is committed all the same.
# Knex writes commands in lower case.
committed_but() {
	local what=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	if [ "$status" != 0 ] && grep -qi 'transaction is committed, but this postponed command failed: CREATE INDEX CONCURRENTLY ' <<<"$output"
	then ok "$what"; else not_ok "$what"; fi
	printf '%s\n' "$output" | tee "$scratch/screen" | sed 's/^/    /'
}

# postponed_and_failed UP SEEN RECORDED MEND: the same migration where the build fails, and what the tool has on record then. Where it is on
# record, the next run has nothing to do, and nothing is left locked. After the SQL MEND, the commands that the hint lists succeed.
postponed_and_failed() {
	local up=$1 seen=$2 recorded=$3 mend=$4
	# shellcheck disable=SC2086
	committed_but "postpone: a build that fails" $up
	is "postpone: a build that fails: no index; migrations on record" "$($seen)" "none $recorded"
	if [ "$recorded" = 1 ]; then
		# shellcheck disable=SC2086
		passes "postpone: a build that fails: the next run has nothing to do" $up
		is "postpone: a build that fails: the next run has built nothing" "$($seen)" "none 1"
	fi
	run_what_is_left "$mend"
	is "postpone: a build that fails: then the index is there" "$($seen)" "valid $recorded"
}
run_what_is_left() {
	as_admin -d app -c "$1"
	grep -oiE 'create index concurrently [^;]+;' "$scratch/screen" | awk '!seen[$0]++' >"$scratch/left.sql"
	passes "postpone: a build that fails: the commands of the hint" "$bindir/psql" -Xq -v ON_ERROR_STOP=1 -f "$scratch/left.sql"
}

# is WHAT GOT EXPECTED
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1"; printf '    got: %s\n    expected: %s\n' "$2" "$3"; fi; }

# as_tests COMMAND...: runs the client's tests, shows what they print, and closes with "N passed, N failed[, N skipped]".
# A run that ended badly, or said nothing, has failed.
as_tests() {
	local log=$scratch/tests.log status
	# Behind "||" the tests would go on after a command that failed.
	set +e
	(set -e; "$@"; every_block) 2>&1 | tee "$log"
	status=${PIPESTATUS[0]}
	set -e
	local good bad skips
	good=$(grep -E '^ok ' "$log" | grep -vc '# SKIP' || true)
	bad=$(grep -cE '^not ok ' "$log" || true)
	skips=$(grep -cE '^ok .*# SKIP' "$log" || true)
	if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ $((good + skips)) = 0 ]; }; then
		bad=1
		echo "FAILED: the tests ended with status $status after $good"
	fi
	[ "$skips" = 0 ] && skips="" || skips=", $skips skipped"
	printf '\n%d passed, %d failed%s\n' "$good" "$bad" "$skips"
	[ "$bad" = 0 ]
}

# run_each FOLDER SCRIPT NAME...: FOLDER/NAME followed by SCRIPT, one after the other, each under its own heading, after
# the module has been built and installed once. One that could not be provided is named and counted as skipped. Closes with
# "N passed, N failed[, N skipped]"; fails if something failed.
run_each() {
	local folder=$1 script=$2 name log status line good bad skips passed=0 failed=0 skipped=0
	shift 2
	make_scratch
	need_packages g++ make perl
	find_server
	if [ -z "${PSI_INSTALLED:-}" ]; then
		build_and_install .
		export PSI_INSTALLED=yes
	fi
	log=$scratch/log
	export PSI_SOURCE_LISTS=$scratch/lists
	for name in "$@"; do
		printf '\n#### %s\n' "$name"
		[ -x "$folder/$name$script" ] || die "There is no $folder/$name$script"
		status=0
		"$folder/$name$script" 2>&1 | tee "$log" || status=$?
		line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 || true)
		if [ "$status" = 75 ]; then skipped=$((skipped + 1))
		elif [ -z "$line" ]; then
			failed=$((failed + 1))
			echo "FAILED: $name (exit status $status)"
		else
			# "1 passed, 2 failed, 3 skipped"
			read -r good _ bad _ skips _ <<<"${line//,/} 0"
			[ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
			passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
		fi
	done
	[ "$skipped" = 0 ] && skips="" || skips=", $skipped skipped"
	printf '\n%d passed, %d failed%s\n' "$passed" "$failed" "$skips"
	[ "$failed" = 0 ]
}
