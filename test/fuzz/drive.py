"""drive: the runs that test/fuzz/run asks for, on the server that it has started: clients as processes, a vacuum of the catalogs,
the process that cancels and kills, what has to hold at the end, and the tables that are printed."""
import argparse
import json
import math
import multiprocessing
import os
import queue
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import psycopg2

import known
from client import Client
from generator import CATALOG_FUNCTION, HALF, Statement
from oracle import SETUP

MODES = ('off', 'warn', 'error', 'rewrite')
# Of the statements of a whole run: a rewritten one takes the longest, since it waits for the others' transactions.
SHARES = {'off': 0.35, 'warn': 0.25, 'error': 0.25, 'rewrite': 0.15}
# Of the seconds of a whole run: for each mode, for each of the two with chaos, for each in which one client repeats itself.
MODE_SECONDS, CHAOS_SECONDS, REPEAT_SECONDS = 0.15, 0.10, 0.025
KNOWN_SEEDS = (1, 2, 3)
# A budget in seconds has to be enough for that many statements of a client to say anything.
FEWEST = 10
passed = failed = 0


def check(good, name):
	global passed, failed
	passed, failed = passed + bool(good), failed + (not good)
	print(('ok      ' if good else 'FAILED  ') + name, flush=True)


def admin(database='postgres'):
	until = time.time() + 60
	while True:
		try:
			conn = psycopg2.connect(dbname=database, options='-c pg_safe_index.mode=off')
			conn.autocommit = True
			return conn
		except psycopg2.OperationalError:
			if time.time() > until:
				raise
			time.sleep(0.2)


def rows(conn, sql):
	cursor = conn.cursor()
	cursor.execute(sql)
	return cursor.fetchall() if cursor.description else []


def new_database(name):
	conn = admin()
	rows(conn, f'DROP DATABASE IF EXISTS {name} WITH (FORCE)')
	if not rows(conn, "SELECT 1 FROM pg_database WHERE datname = 'fuzz_template'"):
		for space in ('ts1', 'ts2'):
			rows(conn, f"CREATE TABLESPACE {space} LOCATION ''")
		rows(conn, 'CREATE DATABASE fuzz_template')
		template = admin('fuzz_template')
		rows(template, SETUP + CATALOG_FUNCTION + HALF)
		template.close()
	rows(conn, f'CREATE DATABASE {name} TEMPLATE fuzz_template')
	conn.close()


def work(options, mode, number, budget, pipe):
	signal.signal(signal.SIGINT, signal.SIG_DFL)
	client = Client(options, mode, number, budget, pipe)
	try:
		pipe.put(('result', client.run()))
	except Exception as error:  # the client's own bug is a failure of the run
		import traceback
		client.fail('the client broke: ' + traceback.format_exc(), '', {})
		pipe.put(('result', client.result()))


def show_failure(failure):
	print(f'\nFAILED: {failure["what"]}\n  --seed {failure["seed"]}, client {failure["client"]}, mode {failure["mode"]}\n'
		  f'  statement: {failure["statement"]}\n  seen: {json.dumps(failure["seen"], ensure_ascii=False)[:2500]}\n-- its transaction:')
	for line in failure['script']:
		print(line.strip() + ('' if line.startswith('--') else ';'))
	print(flush=True)


class Chaos:
	"""Cancels and terminates at random; three times SIGKILL, once an immediate restart."""
	SECONDS = 10  # until it has done all of that

	def __init__(self, options, database):
		self.rng = random.Random(f'{options.seed}/chaos')
		self.database, self.done = database, Counter()
		self.began = time.time()
		self.due = [('SIGKILL', 2), ('SIGKILL', 4), ('immediate restart', 6), ('SIGKILL', 8)]

	def act(self):
		"""One deed."""
		try:
			conn = admin()
			if self.due and time.time() - self.began > self.due[0][1]:
				what = self.due.pop(0)[0]
				if what == 'SIGKILL':
					pids = rows(conn, f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.database}' ORDER BY random() LIMIT 1")
					if pids:
						os.kill(pids[0][0], signal.SIGKILL)
				else:
					restart()
				self.done[what] += 1
			else:
				for _ in range(20):
					what = 'cancel' if self.rng.random() < 0.85 else 'terminate'
					found = rows(conn, f"""SELECT pg_{what}_backend(pid) FROM pg_stat_activity
						WHERE datname = '{self.database}' AND pid <> pg_backend_pid() AND state <> 'idle' ORDER BY random() LIMIT 1""")
					self.done[what] += len(found)
					time.sleep(self.rng.random() * 0.04)
			conn.close()
		except psycopg2.Error:
			time.sleep(0.2)


def restart():
	command = [os.environ['FUZZ_PG_CTL'], '-D', os.environ['FUZZ_DATA'], '-l', os.environ['FUZZ_LOG'], '-m', 'immediate', '-w', 'restart']
	if os.geteuid() == 0:
		command = ['runuser', '-u', 'postgres', '--'] + command
	done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	if done.returncode:
		with open(os.environ['FUZZ_LOG'], errors='replace') as log:
			check(False, 'the server comes back: ' + done.stdout + ''.join(log.readlines()[-30:]))
		raise SystemExit(1)


CATALOGS = ('pg_class', 'pg_attribute', 'pg_index', 'pg_depend', 'pg_type', 'pg_constraint', 'pg_inherits', 'pg_attrdef', 'pg_statistic',
			'pg_partitioned_table', 'pg_shdepend')


def run_mode(options, mode, statements, seconds=None):
	"""So many statements; or as many as there are in so many seconds, but no more."""
	database = options.database = f'fuzz_{mode}'
	new_database(database)
	options.until = time.time() + seconds if seconds else math.inf
	pipe = multiprocessing.Queue()
	began = time.time()
	processes = [multiprocessing.Process(target=work, args=(options, mode, n, statements // options.clients, pipe))
				 for n in range(options.clients)]
	for process in processes:
		process.daemon = True
		process.start()
	chaos = Chaos(options, database) if options.chaos_now else None
	results, failures, vacuumed, heard = [], [], time.time(), time.time()
	while len(results) < len(processes):
		try:
			kind, what = pipe.get(timeout=0.05 if chaos else 0.5)
			heard = time.time()
			if kind == 'failure':
				failures.append(what)
				show_failure(what)
			else:
				results.append(what)
		except queue.Empty:
			if not any(p.is_alive() for p in processes) and time.time() - heard > 10:
				break
		if time.time() - began > options.limit:
			check(False, f'mode {mode}: ended in {options.limit} s')
			for process in processes:
				process.terminate()
			break
		if chaos:
			chaos.act()
		if options.clients > 1 and time.time() - vacuumed > 2:
			try:
				conn = admin(database)
				rows(conn, 'VACUUM (SKIP_LOCKED) ' + ', '.join(CATALOGS))
				conn.close()
			except psycopg2.Error:
				pass
			vacuumed = time.time()
	for process in processes:
		process.join(10)
	seconds = time.time() - began
	table, tally, internal = Counter(), Counter(), Counter()
	for result in results:
		table.update(result['table'])
		tally.update(result['tally'])
		internal.update(result['internal'])
	sent = sum(result['sent'] for result in results)
	label = f'mode {mode}' + (' with chaos' if chaos else '')
	print_table(label, table, tally, internal, sent, seconds, chaos)
	wanted = FEWEST * options.clients if seconds else statements * 0.95
	check(len(results) == len(processes) and (sent >= wanted or failures), f'{label}: {sent} statements')
	check(not failures, f'{label}: {len(failures)} failures, seed {options.seed}')
	unclear = sum(n for name, n in tally.items() if name.startswith('inconclusive: ') and 'not inside' not in name)
	if mode in ('error', 'rewrite') and not chaos and not options.sabotage_settings:
		# How many depends on what else the machine does: 4 % of 803 beside six times its load.
		check(unclear <= max(3, 0.2 * tally['replayed']), f'{label}: {unclear} of {tally["replayed"]} replays inconclusive')
	again = sum(n for name, n in tally.items() if name.startswith('not again: '))
	check(again <= max(2, tally['judged'] / 1000), f'{label}: oracle and guard differed {again} times, and not again')
	raced = sum(n for name, n in tally.items() if name.startswith('ran: '))
	check(raced <= max(2, tally['judged'] / 200),
		  f'{label}: {raced} violations ran, since what is there changed while they waited, and not again')
	at_the_end(label, database, mode)
	return failures, results


def print_table(label, table, tally, internal, sent, seconds, chaos):
	outcomes = sorted({outcome for _, outcome in table})
	kinds = sorted({kind for kind, _ in table})
	print(f'\n== {label}: {sent} statements in {seconds:.0f} s, {sent / seconds:.0f} per second')
	print(f'{"":44}' + ''.join(f'{outcome:>18}' for outcome in outcomes))
	for kind in kinds:
		print(f'{kind:44}' + ''.join(f'{table[kind, outcome] or "":>18}' for outcome in outcomes))
	for name, n in sorted(tally.items()):
		print(f'  {name}: {n}')
	for name, n in sorted(internal.items()):
		print(f'  XX000 {name}: {n}')
	if chaos:
		print('  ' + ', '.join(f'{name}: {n}' for name, n in sorted(chaos.done.items())))
	sys.stdout.flush()


def at_the_end(label, database, mode):
	conn = admin(database)
	bad = []
	for (index,) in rows(conn, """SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
			WHERE c.relkind = 'i' AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree') AND i.indisvalid
			AND i.indisready AND c.relpersistence <> 't'"""):
		try:
			rows(conn, "SELECT bt_index_check($fuzz$" + index + "$fuzz$::regclass, true)")
		except psycopg2.Error as error:
			# PostgreSQL 15, without any module: an index of a constraint that is moved and then comes in the way of ALTER COLUMN TYPE,
			# in one transaction, ends without its file. ALTER INDEX x SET TABLESPACE ts1; ALTER TABLE t ALTER COLUMN a TYPE int;
			if 'lacks a main relation fork' in str(error):
				print(f'  PostgreSQL has lost the storage of {index}')
			else:
				bad.append(f'{index}: {error}')
	check(not bad, f'{label}: amcheck of all valid btree indexes {bad[:3] or ""}')
	missing = rows(conn, """SELECT i.indexrelid::regclass, c.relispartition, c.relnamespace::regnamespace FROM pg_index i
		JOIN pg_class c ON c.oid = i.indexrelid
		WHERE c.relkind = 'i' AND NOT i.indisvalid AND NOT EXISTS (SELECT FROM pg_safe_index_invalid v
			WHERE v.indexname = c.relname AND v.schemaname = c.relnamespace::regnamespace::text
			   OR quote_ident(v.schemaname) = c.relnamespace::regnamespace::text AND v.indexname = c.relname)""")
	there = rows(conn, 'SELECT count(*) FROM pg_safe_index_invalid')[0][0]
	check(not missing, f'{label}: pg_safe_index_invalid has all {there} invalid indexes {missing[:3] or ""}')
	stats = rows(conn, f"""SELECT operation, checked, passed, warned, refused, rewritten FROM pg_safe_index_stats
		WHERE datname = '{database}'""")
	for row in stats:
		print('  stats: %s checked %d, passed %d, warned %d, refused %d, rewritten %d' % row)
	check(all(row[1] == sum(row[2:]) for row in stats) and (mode == 'off' or 'chaos' in label or stats), f'{label}: pg_safe_index_stats adds up')
	check(mode != 'off' or not stats or not any(sum(row[3:]) for row in stats), f'{label}: stats of this mode')
	conn.close()


def check_log(chaos):
	with open(os.environ['FUZZ_LOG'], errors='replace') as log:
		text = log.readlines()
	odd = [line.strip() for line in text if 'TRAP:' in line or 'PANIC' in line or
		   'terminated by signal' in line and not (chaos and 'signal 9' in line)]
	check(not odd, f'no assertion, no crash in the server\'s log {odd[:3] or ""}')


def repeat(options):
	"""One client, the same seed: the same statements and outcomes."""
	options.clients, options.chaos_now, options.repeating = 1, False, True
	for mode in options.modes:
		digests, statements = [], options.repeat
		for _ in range(2):
			_, results = run_mode(options, mode, statements, options.seconds and not digests and options.seconds * REPEAT_SECONDS)
			digests.append([result['digest'] for result in results])
			# What the first has come to in its seconds, the second does, too.
			statements = sum(result['sent'] for result in results)
		check(digests[0] == digests[1] and digests[0], f'mode {mode}: one client repeats itself: {digests[0][0][:16]}')


def sabotage(options):
	"""The oracle has to find out a server that misses something, and one that is asked to pass too much."""
	for settings, kind in (('-c pg_safe_index.operations=create_index,drop_index,add_constraint,attach_partition,move_index', 'reindex'),
						   ('-c pg_safe_index.operations=reindex,drop_index,add_constraint,attach_partition,move_index', 'create_index'),
						   ('-c pg_safe_index.operations=reindex,create_index,add_constraint,attach_partition,move_index', 'drop_index'),
						   ('-c pg_safe_index.operations=reindex,create_index,drop_index,attach_partition,move_index', 'add_constraint'),
						   ('-c pg_safe_index.operations=reindex,create_index,drop_index,add_constraint,move_index', 'attach_partition'),
						   ('-c pg_safe_index.operations=reindex,create_index,drop_index,add_constraint,attach_partition', 'move_index'),
						   ('-c pg_safe_index.min_table_size=8MB', 'small tables')):
		for mode in ('warn', 'error'):
			options.sabotage_settings = settings
			options.database = 'fuzz_sabotage'
			new_database(options.database)
			client = Client(options, mode, 0, 4000)
			client.run()
			found = [f for f in client.failures if 'oracle: would block, guard: None' in f['what'] or 'it ran, and is a violation' in f['what']]
			client.conn.close()
			check(found and len(found) == len(client.failures), f'without {kind}, mode {mode}: the oracle reports {len(found)} misses: '
				  + (found[0]['statement'][:90] if found else 'none'))
	options.sabotage_settings = ''


def sabotage_alarms(options):
	"""... and one that refuses too much: an event trigger that speaks like the guard, whatever the table. There are none
	for REINDEX in every version."""
	options.database = 'fuzz_sabotage'
	for tag in ('CREATE INDEX', 'DROP INDEX', 'ALTER TABLE', 'ALTER INDEX'):
		new_database(options.database)
		conn = admin(options.database)
		rows(conn, f"""CREATE FUNCTION fuzz.alarm() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
			IF current_setting('pg_safe_index.mode') = 'error' AND current_query() ~ 'INDEX|UNIQUE|PRIMARY|ATTACH' THEN
				RAISE EXCEPTION '% would block writes to something', tg_tag USING ERRCODE = '55000', HINT = 'SET pg_safe_index.mode = off';
			END IF; END $$;
			CREATE EVENT TRIGGER alarm ON ddl_command_start WHEN TAG IN ('{tag}') EXECUTE FUNCTION fuzz.alarm()""")
		client = Client(options, 'error', 0, 4000)
		client.run()
		found = [f for f in client.failures if 'refused, but the oracle says: None' in f['what']
				 or 'refused, where PostgreSQL has an error of its own' in f['what'] or 'and the guard' in f['what']]
		client.conn.close()
		conn.close()
		check(found and len(found) == len(client.failures), f'every {tag} refused: the oracle reports {len(found)} false alarms: '
			  + (found[0]['statement'][:90] if found else 'none'))


def work_alone(options, mode, seed):
	"""One client that has a database for itself; it goes on whatever fails."""
	options.seed, options.database, options.most_failures = seed, f'fuzz_{mode}_{seed}', math.inf
	client = Client(options, mode, 0, options.repeat)
	client.run()
	return client.result()


def known_faults(options):
	"""The same seeds on 1.1, where each known fault has to be found, and on what is here, where nothing may be."""
	options.clients = 1
	runs = [(options, mode, seed) for seed in KNOWN_SEEDS for mode in ('error', 'warn', 'rewrite')]
	for _, mode, seed in runs:
		new_database(f'fuzz_{mode}_{seed}')
	began = time.time()
	with multiprocessing.Pool(os.cpu_count()) as pool:
		results = pool.starmap(work_alone, runs, 1)
	failures = [failure for result in results for failure in result['failures']]
	print(f'{sum(result["sent"] for result in results)} statements in {time.time() - began:.0f} s')
	if not options.on_1_1:
		for failure in failures[:5]:
			show_failure(failure)
		check(not failures, f'the same seeds: {len(failures)} failures')
		return
	found, others = known.match(failures, admin().server_version // 10000)
	for fault, shown in found:
		first = '{mode} {seed}: {statement}'.format(**shown[0]) if shown else ''
		check(shown, f'{fault}: {len(shown)} times; {first}')
	print(f'{len(failures)} failures, {len(others)} of them show something else')
	for text in others if options.verbose else ():
		print('  ' + text)


def play(options, mode, entries):
	"""Statements of a trace, one client: what fails first?"""
	options.database = 'fuzz_shrink'
	new_database(options.database)
	client = Client(options, mode, 0, 0)
	client.connect()
	for entry in entries:
		if entry['where'] == 'control':
			client.execute(entry['sql'])
		else:
			statement = Statement.from_dict({name: value for name, value in entry.items() if name != 'where'})
			(client.inside if entry['where'] == 'inside' else client.outside_one)(statement)
		if client.failures:
			break
	client.conn.close()
	return client.failures[0]['what'] if client.failures else None


def shrink(options, mode):
	with open(options.shrink) as trace:
		entries = [json.loads(line) for line in trace]
	what = play(options, mode, entries)
	print('the whole trace:', what)
	size = len(entries) // 2
	while what and size:
		at = 0
		while at < len(entries):
			fewer = entries[:at] + entries[at + size:]
			if fewer and play(options, mode, fewer) == what:
				entries = fewer
			else:
				at += size
		size //= 2
	for entry in entries if what else []:
		print(f'{entry["sql"]};  -- {entry["where"]}')


def main():
	parser = argparse.ArgumentParser(add_help=False)
	parser.add_argument('--seed', type=int, default=int(time.time()) % 1000000)
	parser.add_argument('--statements', type=int, default=200000)
	parser.add_argument('--mode', dest='modes', action='append', choices=MODES)
	parser.add_argument('--clients', type=int, default=8)
	parser.add_argument('--chaos', action='store_true')
	parser.add_argument('--sabotage', action='store_true')
	parser.add_argument('--known', action='store_true')
	parser.add_argument('--on-1.1', dest='on_1_1', action='store_true')
	parser.add_argument('--verbose', action='store_true')
	parser.add_argument('--repeat', type=int, default=2500)
	parser.add_argument('--trace')
	parser.add_argument('--shrink')
	parser.add_argument('--settings', default='')
	parser.add_argument('--limit', type=int, default=3600)
	parser.add_argument('--seconds', type=float)
	parser.set_defaults(until=math.inf, most_failures=5)
	options = parser.parse_args()
	whole = not (options.modes or options.chaos or options.sabotage or options.shrink or options.known)
	options.modes = options.modes or list(MODES)
	options.chaos_now, options.sabotage_settings, options.database = False, options.settings, ''
	print(f'seed {options.seed}', flush=True)

	if options.shrink:
		options.clients = 1
		shrink(options, options.modes[0])
		return
	if options.known:
		known_faults(options)
	elif options.sabotage:
		options.clients = 1
		sabotage(options)
		sabotage_alarms(options)
	else:
		if not options.chaos:
			for mode in options.modes:
				run_mode(options, mode, int(options.statements * (SHARES[mode] if whole else 1 / len(options.modes))),
						 options.seconds and options.seconds * (MODE_SECONDS if whole else 1 / len(options.modes)))
		if options.chaos or whole:
			options.chaos_now = True
			for mode in [m for m in options.modes if m in (('error', 'rewrite') if whole else MODES)]:
				run_mode(options, mode, max(options.statements // 25, 4000) if whole else options.statements // len(options.modes),
						 options.seconds and max(options.seconds * (CHAOS_SECONDS if whole else 1 / len(options.modes)), Chaos.SECONDS))
			options.chaos_now = False
		if whole:
			repeat(options)
	check_log(options.chaos or whole)
	print(f'{passed} passed, {failed} failed')
	sys.exit(failed > 0)


main()
