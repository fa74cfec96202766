# shellcheck shell=bash
# What the tests in test/extensions/ share, beside what they have from the clients (test/clients/lib.sh): servers with the
# extension and pg_safe_index loaded, and the extension's own suite from Debian's source package. To be sourced by
# test/extensions/NAME with `set -euo pipefail`, from the project's folder.
. test/clients/lib.sh
. test/cassert.sh

# begin NAME PACKAGE...: what the extension NAME needs, from Debian. The first package is the extension's.
begin() {
	extension=$1
	make_scratch
	# The tests start theirs in a subshell; clean_up has to know them.
	servers=("$scratch"/{own,suite_without,suite_off,suite_error,suite_set})
	find_server
	shift
	extension_package=${1//MAJOR/$major}
	client_packages "${@//MAJOR/$major}"
	# A server that was copied before the extension's package was installed does not have it.
	if [ -n "${PSI_INSTALLED:-}" ]; then private_server; else build_and_install .; fi
	printf '%s, %s %s\n' "$("$PG_CONFIG" --version)" "$extension_package" \
		"$(dpkg-query -W -f '${Version}' "$extension_package")"
}

# extension_server NAME LIBRARIES [POSTGRES OPTION...]: a server for as_admin; LIBRARIES as in shared_preload_libraries.
extension_server() {
	start_server "$1" -c "shared_preload_libraries=$2" "${@:3}"
}

# restart_server NAME
restart_server() {
	as_server "$bindir/pg_ctl" -D "$scratch/$1" -l "$scratch/$1.log" -m fast -w restart >/dev/null
}

# configure NAME: adds what it reads to the server's postgresql.conf, and has it read.
configure() {
	cat >>"$scratch/$1/postgresql.conf"
	as_server "$bindir/pg_ctl" -D "$scratch/$1" reload >/dev/null
}

# extension_block NAME: the documents' code block below the comment "<!-- test/extensions: NAME -->".
extension_block() { block_below "test/extensions: $1" README.md docs/*.md; }

# shows WHAT TEXT COMMAND...: TEXT (an extended regular expression) reaches the screen, however the command ends.
shows() {
	local what=$1 text=$2 output
	shift 2
	output=$("$@" 2>&1) || true
	if tr '\n' ' ' <<<"$output" | grep -qE -- "$text"; then ok "$what"; else not_ok "$what"; fi
	sed 's/^/    /' <<<"$output"
}

# eventually WHAT QUERY: the query is true some time soon; on a machine that has much else to do that may be some minutes. For what
# a background worker does in its own time.
eventually() {
	local deadline=$((SECONDS + 300)) said
	until said=$(as_admin -c "$2" 2>&1) && [ "$said" = t ]; do
		if [ "$SECONDS" -ge "$deadline" ]; then not_ok "$1"; printf '    %s\n' "$said"; return; fi
		as_admin -c "SELECT pg_sleep(0.1)" >/dev/null
	done
	ok "$1"
}

# violations: how many are on record.
violations() { as_admin -c "SELECT count(*) FROM pg_safe_index_violations"; }

# indexes TABLE: the names of its indexes; an invalid one is marked.
indexes() {
	as_admin -c "SELECT string_agg(indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE ' (invalid)' END, ' '
		ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = '$1'::regclass"
}

# extension_source: sets `source` to the source of the extension's package: PSI_SOURCES/NAME if that is there, or else
# Debian's, of the version that is installed. False if it cannot be had; $scratch/source.log says why.
extension_source() {
	source=$scratch/source
	if [ -n "${PSI_SOURCES:-}" ] && [ -d "$PSI_SOURCES/$extension" ]; then
		cp -R "$PSI_SOURCES/$extension" "$source"
		return
	fi
	local name installed
	name=$(dpkg-query -W -f '${source:Package}' "$extension_package")
	installed=$(dpkg-query -W -f '${source:Upstream-Version}' "$extension_package")
	(apt_source "$name" "$source") >"$scratch/source.log" 2>&1 || return
	[ "$(sed 's/-[^-]*$//' "$source/.version")" = "$installed" ] && return
	echo "Debian's source is not that of version $installed" >"$scratch/source.log"
	return 1
}

# regress_suite RESULTS [MAKE ARGUMENT...]: the suite by pg_regress, as suite_tests wants it.
regress_suite() {
	local results=$1
	shift
	make "$@" installcheck PG_CONFIG="$PG_CONFIG" >"$results.log" 2>&1 || true
	find . -path '*/results/*.out' -exec cp {} "$results/" \;
	# PostgreSQL 15 writes "test NAME ... ok 12 ms", 16 and later "ok 1 - NAME 12 ms".
	sed -nE 's/^(test)? +([^ ]+) +\.\.\. (ok|FAILED).*/\2 \3/p
		s/^ok [0-9]+ +[-+] ([^ ]+) .*/\1 ok/p; s/^not ok [0-9]+ +[-+] ([^ ]+) .*/\1 FAILED/p' "$results.log"
}

# suite_tests LIBRARIES SETTING [POSTGRES OPTION...]: the extension's own suite, each time on a server of its own:
# without pg_safe_index; with mode off; with mode error; with mode error and SETTING, which is what its user has to set.
# LIBRARIES are those that the extension itself has to have in shared_preload_libraries, or empty.
#
# The caller has a function suite_run RESULTS, which runs in the folder of the source, prints a line "TEST ok" or
# "TEST FAILED" for each test and leaves its output in RESULTS/TEST.out.
suite_tests() {
	local libraries=$1 setting=$2 both=${1:+$1,}pg_safe_index different
	shift 2
	if ! extension_source; then
		ok "the suite of $extension # SKIP Debian's source cannot be had: $(grep -m 1 -v '^W:' "$scratch/source.log" || true)"
		return
	fi
	suite_once without "$libraries" "$@"
	printf '%d tests of %s, of which %d pass without pg_safe_index\n' "$(wc -l <"$scratch/without")" "$extension" \
		"$(grep -c ' ok$' "$scratch/without" || true)"
	if grep -q ' ok$' "$scratch/without"; then ok "the suite runs"; else not_ok "the suite runs"; tail "$scratch/without.d.log"; fi

	suite_once off "$both" -c pg_safe_index.mode=off "$@"
	is "its suite with mode off: as without pg_safe_index" "$(cat "$scratch/off")" "$(cat "$scratch/without")"

	suite_once error "$both" "$@"
	different=$(comm -13 "$scratch/without" "$scratch/error" | sed 's/ [^ ]*$//')
	local test errors unexplained=
	for test in $different; do
		# The first error that is not in the output without pg_safe_index must be a refusal; the rest follows from it.
		errors=$(diff "$scratch/without.d/$test.out" "$scratch/error.d/$test.out" | grep -E '^> .*ERROR' || true)
		printf '    %s: %d refused\n' "$test" "$(grep -c 'would block' <<<"$errors" || true)"
		head -n 1 <<<"$errors" | grep -q 'would block' || unexplained="$unexplained $test"
	done
	is "its suite with mode error: each difference begins with a refusal" "$unexplained" ""
	[ -n "$different" ] || return 0

	suite_once set "$both" "$@" -c "'$setting'"
	is "its suite with mode error and $setting: as without pg_safe_index" "$(cat "$scratch/set")" "$(cat "$scratch/without")"
}

# suite_once RUN LIBRARIES [POSTGRES OPTION...]: leaves the verdicts in $scratch/RUN and the output in $scratch/RUN.d.
suite_once() {
	local run=$1 libraries=$2
	shift 2
	mkdir -p "$scratch/$run.d"
	extension_server "suite_$run" "$libraries" "$@"
	find "$source" -name results -type d -prune -exec rm -rf {} +
	(cd "$source" && PATH=$bindir:$PATH suite_run "$scratch/$run.d") | sort >"$scratch/$run"
	stop_server "suite_$run"
}
