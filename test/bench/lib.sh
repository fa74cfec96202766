# shellcheck shell=bash
# What the benchmarks share, beside test/lib.sh: how each begins, the figures that it hands to the document, writers whose
# latency is logged, instruction counts, and some statistics. To be sourced by bash with `set -euo pipefail`, from the
# project's folder.
#
# In the environment:
#   PG_CONFIG      another server than the newest one installed
#   PSI_INSTALLED  the module is installed there already: do not build
#   PSI_QUICK      small tables and few rounds, to try whether it works; the figures are worth nothing
#   PSI_OUTPUT     the folder for pictures
. test/lib.sh

export LC_ALL=C		# psql's and pgbench's words are read
output=${PSI_OUTPUT:-test/bench/output}

# begin_bench PACKAGE...: the server is found, the module installed.
begin_bench() {
	make_scratch
	need_packages g++ make "$@"
	find_server
	[ -n "${PSI_INSTALLED:-}" ] || build_and_install .
	mkdir -p "$output"
}

# pick FULL QUICK: which of the two is wanted.
pick() { if [ -n "${PSI_QUICK:-}" ]; then echo "$2"; else echo "$1"; fi; }

# figure NAME VALUE [UNIT]: a line for test/bench/document, which puts VALUE UNIT where the document names NAME.
figure() { echo "figure $*"; }

# sql [PSQL OPTION...]: without decoration; an error ends it.
sql() { "$bindir/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

# Functions for awk: values[1] to values[n].
# shellcheck disable=SC2034
awk_median='
	function median(values, n,   i, j, t) {
		for (i = 2; i <= n; i++) for (j = i; j > 1 && values[j - 1] > values[j]; j--) {
			t = values[j]; values[j] = values[j - 1]; values[j - 1] = t
		}
		return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
	}
	# Of a median, from the median deviation.
	function standard_error(values, n,   i, m, off) {
		m = median(values, n)
		for (i = 1; i <= n; i++) off[i] = values[i] > m ? values[i] - m : m - values[i]
		return 1.86 * median(off, n) / sqrt(n)
	}'

# median and spread FILE: of the numbers in it.
median() {
	sort -n "$1" | awk '{ n[NR] = $1 } END { print (n[int((NR + 1) / 2)] + n[int(NR / 2) + 1]) / 2 }'
}
spread() { sort -n "$1" | awk 'NR == 1 { low = $1 } END { print $1 - low }'; }

# start_writers SCRIPT PGBENCH OPTION...: pgbench in the background, each transaction logged.
start_writers() {
	rm -f "$scratch"/latency.*
	PGAPPNAME=bench_writer "$bindir/pgbench" -n -T 3600 -f "$1" -l --log-prefix="$scratch/latency" "${@:2}" \
		>"$scratch/writers.log" 2>&1 &
	writers=$!
	jobs_to_end=("$writers")
}

# pgbench writes its log to the end when its sessions are gone, but not when it gets a signal.
stop_writers() {
	kill -0 "$writers" 2>/dev/null || { cat "$scratch/writers.log" >&2; die "the writers ended by themselves"; }
	sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bench_writer'" >/dev/null
	wait "$writers" || true
	jobs_to_end=()
}

# writes ZERO: the writers' log, a line for each transaction: when it was due, when it ended (seconds since ZERO), and
# its latency in ms. Without -R a transaction is due when it begins.
writes() {
	cat "$scratch"/latency.* | awk -v zero="$1" '{
		ended = $5 + $6 / 1e6 - zero
		printf "%.6f %.6f %.3f\n", ended - $3 / 1e6, ended, $3 / 1000
	}' | sort -n
}

# callgrind_server NAME [FOLDER]: restarts the server FOLDER/NAME ($scratch/NAME) under valgrind --tool=callgrind, which follows each
# backend. What could make two counts of the same thing differ is kept out of them:
# - what the server process spent before the fork: only PostgresMain() is collected;
# - the wait for the next query, which a backend enters only if the client is slower than it is: secure_read()
#   is not collected.
callgrind_server() {
	local wrapper=$scratch/postgres-under-callgrind data=${2:-$scratch}/$1
	cat >"$wrapper" <<-END
		#!/bin/sh
		exec valgrind --tool=callgrind --quiet --vgdb=no \\
			--toggle-collect=PostgresMain --toggle-collect=secure_read \\
			--callgrind-out-file="$scratch/callgrind.%p" "$bindir/postgres" "\$@"
	END
	chmod 755 "$wrapper"
	as_server "$bindir/pg_ctl" -D "$data" -l "$data.log" -w -t 300 restart -p "$wrapper" >/dev/null ||
		{ cat "$data.log" >&2; die "the server did not start under valgrind"; }
}

# count_instructions FILE: those that a session with this script takes. The script says first which process serves it.
count_instructions() {
	local backend counts tries=0
	backend=$(sql -f "$1" | sed -n 1p)
	counts=$scratch/callgrind.$backend
	# The backend writes it when it ends, after psql has.
	until grep -qs '^totals:' "$counts"; do
		[ $((tries += 1)) -lt 600 ] || die "callgrind has written no counts for the backend"
		sleep 0.1
	done
	sed -n 's/^totals: //p' "$counts"
	rm -f "$counts"
}
