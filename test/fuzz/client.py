"""client: one session that sends random statements and has the oracle judge them.

mode off    nothing is refused, warned about, rewritten
mode warn   inside a transaction block: a statement that ran has our warning if and only if the oracle calls it a violation
mode error  inside a block: one that ran is no violation; one that was refused is run again behind the same savepoint with mode
            off, and has to be a violation, or fail after it has waited for the lock. Outside of a block: the same, within
            a block of its own
mode rewrite  as error; outside of a block an index with a name that only this client knows is valid after its statement
            has been rewritten, and was built concurrently: pg_index's row was written by a later transaction than pg_class's
"""
import hashlib
import json
import random
import re
import time
import zlib
from collections import Counter, UserList

import psycopg2

from generator import CATALOG, Generator, Statement, q
from oracle import judge, scanned

OURS = re.compile(r'would (block (reads|writes)|skip index)')
REWRITTEN = re.compile(r'the safe form is run instead|it is rebuilt')
# What a replay can fail with because of what other sessions do.
BY_OTHERS = {'55P03', '40P01', '57014', '57P01', '40001'}
GONE = {'25001', '42P01', '42703', '42704', '3F000', '42P07', '42710', '42809', 'XX000', '42P16', '42P17', '2BP01'}
# ... and because PostgreSQL refuses once it has the lock (docs/limits.md), or has begun to build.
AFTER_LOCK = {'42P07', '42710', '42P16', '42P17', '23505', '23P01', '23502', '23514', '42804', '2BP01', '0A000', '42611',
			  '42701', '55006', '55000', '42809', '22003', '42P10', '42883', '42704', '0A001'}
# What PostgreSQL finds out at once, and the guard leaves to it (docs/operations/README.md, "What passes").
AT_ONCE = re.compile(r'must include all partitioning columns|is not an? |does not exist|appears twice|already exists|multiple primary keys|'
					 r'not supported on partitioned tables|has no default operator class|must be marked NOT NULL|virtual generated column|'
					 r'cannot create primary key on column')
ATTACH_AT_ONCE = re.compile(r'must be marked NOT NULL')
# Of the six operations: PostgreSQL scans the table.
BUILDS = ('create_index', 'add_constraint', 'attach_partition')
# Internal errors that PostgreSQL's own source raises where DDL meets DDL; others are a failure.
INTERNAL = re.compile(r'tuple concurrently (updated|deleted)|cache lookup failed for|could not open relation with OID|'
					  r'could not find tuple for|could not find pg_class entry|attempted to (update|delete) invisible tuple|'
					  r'relation [0-9]+ deleted while still in use|is not marked NOT NULL')


class Client:
	def __init__(self, options, mode, number, budget, pipe=None, seed=None):
		self.options, self.mode, self.number, self.budget, self.pipe = options, mode, number, budget, pipe
		self.rng = random.Random(f'{seed or options.seed}/{number}/{mode}')
		self.generator = Generator(self.rng, number)
		# After a crash in the middle of their creation PostgreSQL 15 may not come up: "could not create file: File exists".
		self.generator.unlogged = not options.chaos_now
		self.table = Counter()
		self.tally = Counter()
		self.internal = Counter()
		self.failures = []
		self.script = []
		self.sent = 0
		self.digest = hashlib.sha256()
		self.chaos = options.chaos_now
		self.trace = open(options.trace, 'w') if getattr(options, 'trace', None) and number == 0 else None
		self.conn = None
		self.alone = options.clients == 1 and not self.chaos

	# The session

	def connect(self):
		until = time.time() + 90
		while True:
			try:
				self.conn = psycopg2.connect(dbname=self.options.database, application_name=f'fuzz {self.number}',
					options=f'-c pg_safe_index.mode={self.mode} -c statement_timeout=4s -c default_tablespace= '
							f'-c lock_timeout=200ms -c search_path=s0,s1 {self.options.sabotage_settings}')
				# Of a list psycopg2 keeps the last 50.
				self.conn.notices = UserList()
				self.conn.autocommit = True
				self.cursor = self.conn.cursor()
				self.generator.version = self.conn.server_version // 10000
				return
			except psycopg2.OperationalError:
				if time.time() > until:
					raise
				time.sleep(0.1)

	def execute(self, sql):
		"""(row or None, SQLSTATE or None, error). Lost connections are made anew, and look like an error."""
		self.script.append(sql)
		try:
			del self.conn.notices[:]
			self.cursor.execute(sql)
			return (self.cursor.fetchone() if self.cursor.description else None), None, None
		except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
			if self.conn.closed or error.__class__ is psycopg2.InterfaceError:
				if not self.chaos:
					self.fail('the server ended the connection', sql, {'error': str(error)})
				self.tally['connections lost'] += 1
				self.connect()
				self.script = ['-- connected anew']
				return None, '57P01', error
			return self.error_of(error, sql)
		except psycopg2.Error as error:
			if self.conn.closed:
				if not self.chaos:
					self.fail('the server ended the connection', sql, {'error': str(error)})
				self.tally['connections lost'] += 1
				self.connect()
				return None, '57P01', error
			return self.error_of(error, sql)
		except ValueError as error:  # psycopg2 reads no NUL
			return None, '22021', error

	def error_of(self, error, sql):
		code = error.pgcode or '57P01'
		self.script.append(f'-- {code} {(error.diag.message_primary or str(error)).strip()[:200]}')
		if code == 'XX000':
			message = re.sub(r'[0-9]+', 'N', re.sub(r'"[^"]*"', '"..."', error.diag.message_primary or ''))
			self.internal[message] += 1
			if not INTERNAL.search(error.diag.message_primary or ''):
				self.fail('an internal error that is not PostgreSQL\'s own', sql, {'message': error.diag.message_primary})
		if code == '57P03' or (code or '').startswith('XX') and code != 'XX000':
			self.tally['odd ' + code] += 1
		return None, code, error

	def control(self, sql):
		"""A command that bounds transactions."""
		self.write_trace({'sql': sql, 'where': 'control'})
		return self.execute(sql)[1]

	def write_trace(self, entry):
		if self.trace and not self.failures:
			self.trace.write(json.dumps(entry) + '\n')
			self.trace.flush()

	def fail(self, what, sql, seen):
		failure = {'what': what, 'seed': self.options.seed, 'client': self.number, 'mode': self.mode, 'statement': sql,
				   'script': list(self.script[-60:]), 'seen': seen}
		self.failures.append(failure)
		if self.pipe is not None:
			self.pipe.put(('failure', failure))

	# What the server said

	@staticmethod
	def refused(code, error):
		return code == '55000' and bool(OURS.search(error.diag.message_primary or '')) and 'pg_safe_index' in (error.diag.message_hint or '')

	def warned(self):
		return [n for n in self.conn.notices if n.startswith('WARNING') and OURS.search(n.split('\n')[0])]

	def rewritten(self):
		return [n for n in self.conn.notices if n.startswith('NOTICE') and REWRITTEN.search(n.split('\n')[0])]

	def count(self, statement, outcome):
		self.table[statement.kind, outcome] += 1
		# The name of a TOAST table has the number of its table in it, which is another one each time.
		self.digest.update(re.sub('pg_toast_[0-9]+', 'pg_toast', f'{statement.sql}\n{outcome}\n').encode())

	def check_silence(self, statement, code, error):
		if self.mode == 'off' and (self.warned() or self.rewritten() or (code and self.refused(code, error))):
			self.fail('mode off, and the guard spoke', statement.sql, {'notices': list(self.conn.notices), 'error': str(error)})

	# Inside a block

	def literal(self, statement):
		names = self.cursor.mogrify('%s::text[]', (statement.names,)).decode()
		return names, self.cursor.mogrify('%s::text', (statement.index,)).decode()

	def observed(self, statement, prefix='', settings=''):
		"""Runs it between two looks at the state."""
		names, index = self.literal(statement)
		both = f'SELECT fuzz.both({names}, {index})'
		if self.rng.random() < 0.3:
			# The statement in a string of its own.
			_, code, error = self.execute(f'{prefix}{settings}SELECT fuzz.remember({names})')
			if code is None:
				_, code, error = self.execute(statement.sql)
			notices = list(self.conn.notices)
			row = None
			if code is None:
				row, code, error = self.execute(both)
				self.conn.notices[:] = notices
			return row, code, error
		return self.execute(f'{prefix}{settings}SELECT fuzz.remember({names}); {statement.sql}; {both}')

	def inside(self, statement):
		"""True if the transaction can go on."""
		self.sent += 1
		self.write_trace(statement.as_dict() | {'new': None, 'where': 'inside'})
		if statement.op is None or statement.alone or self.mode == 'off':
			guarded = self.rng.random() < 0.7
			_, code, error = self.execute(('SAVEPOINT own; ' if guarded else '') + statement.sql)
			self.check_silence(statement, code, error)
			if self.warned() and not (statement.if_not_exists and 'would skip' in self.warned()[0]) or code and self.refused(code, error) \
					and not (statement.if_not_exists and 'would skip' in str(error)):
				self.fail('none of the six operations, or CONCURRENTLY, and the guard spoke', statement.sql,
						  {'notices': list(self.conn.notices), 'error': str(error)})
			self.count(statement, 'failed' if code else 'executed')
			if code:
				return self.back(guarded, code)
			self.generator.note_new(statement)
			return True
		return self.inside_warn(statement) if self.mode == 'warn' else self.inside_error(statement)

	def back(self, guarded, code):
		if code == '57P01' and self.chaos:
			return False
		return guarded and self.execute('ROLLBACK TO own')[1] is None

	def inside_warn(self, statement):
		guarded = self.rng.random() < 0.9
		row, code, error = self.observed(statement, 'SAVEPOINT own; ' if guarded else '')
		warned = self.warned()
		if code is not None:
			if self.refused(code, error):
				self.fail('mode warn, and it was refused', statement.sql, {'error': str(error)})
			# It may have been warned about and have failed after that.
			self.count(statement, 'failed, warned' if warned else 'failed')
			# Of several names each is locked before the next one is looked up.
			if self.alone and warned and code in ('42P01', '42703', '3F000') and len(statement.names) == 1 and not self.built(statement, code):
				self.fail('warned about, where PostgreSQL finds a name missing', statement.sql, {'error': str(error)})
			elif self.alone and guarded and warned and self.refused_at_once(statement, code, error):
				self.fail('warned about, where PostgreSQL refuses it at once', statement.sql, {'error': str(error)})
			elif guarded and not warned:
				self.check_refusal(statement, code, error)
			return self.back(guarded, code)
		violation, invalid, seen = judge(statement, row[0])
		expected = 'would skip' if invalid else 'would block' if violation else None
		got = None if not warned else 'would skip' if 'would skip' in warned[0] else 'would block'
		self.tally['judged'] += 1
		self.tally['judged violations'] += expected is not None
		if expected != got:
			if got and not expected and 'could not be' in warned[0] and statement.op == 'attach_partition':
				self.tally['attach: indexes could not be compared'] += 1
			elif not self.alone and (seen['changed by others'] or any('does not exist, skipping' in n for n in self.conn.notices)
									or not statement.names and seen['others committed']):
				self.tally['changed by others while it waited'] += 1
			elif expected and not got and not self.alone and guarded and self.raced(statement, seen):
				self.count(statement, 'executed')
				return self.execute('ROLLBACK TO own')[1] is None
			elif expected and not got and not self.alone and not guarded and seen['others committed']:
				self.tally['inconclusive: changed by others, perhaps'] += 1
			elif got and seen['had already']:
				self.tally['corner: the index was there already'] += 1
			elif got == 'would skip' and 'is building at this moment' in warned[0]:
				self.tally['an index was being built, and is by now'] += 1
			elif guarded and self.agrees_again(statement):
				self.tally['not again: oracle and guard differ'] += 1
			else:
				self.fail(f'oracle: {expected}, guard: {got}', statement.sql, {'notices': list(self.conn.notices), **seen})
		self.count(statement, 'warned' if warned else 'executed')
		return True

	def inside_error(self, statement):
		row, code, error = self.observed(statement, 'SAVEPOINT own; ')
		if code is None:
			violation, invalid, seen = judge(statement, row[0])
			self.tally['judged'] += 1
			if (violation or invalid) and not self.alone and self.raced(statement, seen):
				self.count(statement, 'executed')
				return self.execute('ROLLBACK TO own')[1] is None
			if violation or invalid:
				self.fail('it ran, and is a violation', statement.sql, seen)
			if self.rewritten():
				self.fail('rewritten inside a transaction block', statement.sql, {'notices': list(self.conn.notices)})
			self.count(statement, 'executed')
			return True
		if not self.refused(code, error):
			self.count(statement, 'failed')
			self.check_refusal(statement, code, error)
			return self.back(True, code)
		self.count(statement, 'refused')
		if self.execute('ROLLBACK TO own')[1] is not None:
			return False
		return self.replay(statement, error)

	def scanned(self, statement, code):
		"""It has failed: the tables that it has scanned by then, or None if it does not fail so again."""
		states = []
		for sql in (f'SET LOCAL pg_safe_index.mode = off; {statement.sql}', None):
			if self.execute('ROLLBACK TO own')[1] is not None:
				return None
			states.append(self.execute('SELECT fuzz.scans()')[0][0])
			if sql and self.execute(sql)[1] != code:
				return None
		return scanned(*states)

	def built(self, statement, code):
		"""PostgreSQL has built an index before it refused it. (What ATTACH PARTITION has scanned may be for the bounds.)"""
		return statement.op in ('create_index', 'add_constraint') and bool(self.scanned(statement, code))

	def refused_at_once(self, statement, code, error):
		"""Does PostgreSQL refuse it before it has built anything, for a reason that it is to tell by itself?"""
		message = error.diag.message_primary or ''
		if not (ATTACH_AT_ONCE if statement.op == 'attach_partition' else AT_ONCE).search(message):
			return False
		if statement.op not in BUILDS:
			return code == '42809'
		if self.scanned(statement, code) != [] or self.earlier_try(statement, message):
			return False
		# What is wrong with a partition is found out when its turn comes.
		table = re.search('multiple primary keys for table "(.*)" are|on table "(.*)" lacks', f'{message} {error.diag.message_detail}')
		return not (table and self.is_below(statement, table[1] or table[2]))

	def is_below(self, statement, name):
		"""Is there a partition of this name below the table?"""
		query = """SELECT count(*) FROM pg_partition_tree(to_regclass(%(root)s)) t JOIN pg_class c ON c.oid = t.relid
			WHERE c.relname = %(name)s AND t.relid <> to_regclass(%(root)s)"""
		return self.execute(self.cursor.mogrify(query, {'root': statement.names[0], 'name': name}).decode())[0][0] > 0

	def earlier_try(self, statement, message):
		"""The name is that of an index of the table that an earlier try of the safe form may have left: the guard goes on from there."""
		found = re.fullmatch('relation "(.*)" already exists', message)
		if not found or not statement.names:
			return False
		query = """SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = %s
			AND i.indrelid = to_regclass(%s) AND NOT (i.indisvalid AND (NOT i.indisunique OR EXISTS (
				SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)))"""
		return self.execute(self.cursor.mogrify(query, (found[1], statement.names[0])).decode())[0][0] > 0

	def check_refusal(self, statement, code, error):
		"""PostgreSQL has refused it, and the guard has said nothing."""
		if self.alone and self.built(statement, code):
			self.fail('PostgreSQL refused it after it had built an index, and the guard said nothing', statement.sql, {'error': str(error)})

	def agrees_again(self, statement):
		"""Mode warn: oracle and guard differ. With others at work what they look at can change between the two; then they agree
		when the statement is run again. What is wrong by itself is wrong again."""
		if self.alone:
			return False
		script = list(self.script)
		for _ in range(3):
			if self.execute('ROLLBACK TO own')[1] is not None:
				return True
			row, code, _ = self.observed(statement)
			if code is not None:
				return True
			violation, invalid, _ = judge(statement, row[0])
			warned = self.warned()
			got = None if not warned else 'would skip' if 'would skip' in warned[0] else 'would block'
			if got == ('would skip' if invalid else 'would block' if violation else None):
				return True
		self.script = script
		return False

	def passes_again(self, statement):
		"""Mode error: it was refused, and without the guard shows no reason. The same: is it refused again?"""
		if self.alone:
			return False
		for _ in range(3):
			if self.execute('ROLLBACK TO own')[1] is not None:
				return True
			_, code, error = self.observed(statement, settings=f'SET LOCAL pg_safe_index.mode = {self.mode}; ')
			if not self.refused(code, error):
				return True
		return False

	def raced(self, statement, seen):
		"""A violation has run. What the guard looked at may have been changed by others while the statement waited for its lock.
		Then it does not run a second time. Where it is about to build an index the guard looks again (late_build); what is
		only attached it does not see."""
		built = any(row[2] == 'i' and row[3] and row[1] in seen['evidence'] for row in seen['indexes new or changed'].values())
		if built and statement.op in ('create_index', 'attach_partition'):
			return False
		what = f'ran: {"partitions or indexes" if seen["changed by others"] else "something else"} changed while it waited'
		script = list(self.script)
		for _ in range(3):
			if self.execute('ROLLBACK TO own')[1] is not None:
				break
			row, code, error = self.observed(statement)
			if code is not None:
				what += '' if self.refused(code, error) else f', then {code}'
				break
			violation, invalid, _ = judge(statement, row[0])
			if self.warned() or not (violation or invalid):
				break
		else:
			self.script = script
			return False
		self.tally[what] += 1
		return True

	def replay(self, statement, refusal):
		"""What was refused, again with mode off. True if the transaction can go on."""
		keep = zlib.crc32(statement.sql.encode()) & 1
		for attempt in range(4):
			row, code, error = self.observed(statement, settings='SET LOCAL pg_safe_index.mode = off; SET LOCAL lock_timeout = 400; ')
			if code not in ('55P03', '40P01') or attempt == 3 or self.execute('ROLLBACK TO own')[1] is not None:
				break
			time.sleep(0.01)
		hint = refusal.diag.message_hint or ''
		self.judge_replay(statement, refusal, hint, row, code, error)
		if code is not None or not keep:
			return self.back(True, code)
		# The override, as README has it: what it did stays.
		return self.execute(f'SET LOCAL pg_safe_index.mode = {self.mode}')[1] is None

	def judge_replay(self, statement, refusal, hint, row, code, error):
		self.tally['replayed'] += 1
		message = refusal.diag.message_primary
		if code is None:
			violation, invalid, seen = judge(statement, row[0])
			expected = 'would skip' if invalid else 'would block' if violation else None
			got = 'would skip' if 'would skip' in message else 'would block'
			self.tally['judged'] += 1
			self.tally['judged violations'] += expected is not None
			if expected == got or 'is building at this moment' in message:
				return
			if statement.op == 'attach_partition' and 'could not be' in hint:
				self.tally['attach: indexes could not be compared'] += 1
				return
			if seen['had already']:
				self.tally['corner: the index was there already'] += 1
				return
			if not self.alone and (seen['changed by others'] or self.moved_on(statement, seen)):
				self.tally['inconclusive: changed by others'] += 1
				return
			if self.passes_again(statement):
				self.tally['not again: refused for no reason'] += 1
				return
			self.fail(f'refused, but the oracle says: {expected}', statement.sql, {'refusal': message, **seen})
		elif code in BY_OTHERS:
			self.tally['inconclusive: ' + code] += 1
		elif self.alone:
			message = error.diag.message_primary or ''
			# Of several names each is locked before the next one is looked up; one alone has to be PostgreSQL's own error.
			drop = statement.op == 'drop_index'
			one = drop and len(statement.names) == 1 and ('because constraint' in message or code == '42704')
			after_lock = (code in AFTER_LOCK or code == '3F000' and drop and len(statement.names) > 1 or self.built(statement, code)) and not one
			if after_lock and not self.refused_at_once(statement, code, error):
				words = re.sub(r'(index|constraint|table|relation) (on|of|or)\b', r'\1_\2', re.sub(r'"([^"]|"")*"', '_', message))
				words = re.sub(r'\b(index|constraint|table|relation) .*?(?= (because|on|requires|are|is|does|already|would)\b|$)', r'\1 _', words)
				self.tally[f'after the lock: {code} {words}'] += 1
			else:
				self.fail('refused, where PostgreSQL has an error of its own', statement.sql, {'refusal': message, 'error': str(error)})
		elif code in AFTER_LOCK:
			self.tally['after the lock: ' + code] += 1
		elif code in GONE:
			self.tally['inconclusive: ' + code] += 1
		elif self.passes_again(statement):
			self.tally['not again: refused, and an error of PostgreSQL'] += 1
		else:
			self.fail('refused, where PostgreSQL has an error of its own', statement.sql, {'refusal': message, 'error': str(error)})

	@staticmethod
	def moved_on(statement, seen):
		"""Between the refusal and the replay another session may have dropped what was named, and IF EXISTS passed it over; or
		have made what was to be made."""
		sql = statement.sql.upper()
		return ' IF EXISTS ' in sql or ' IF NOT EXISTS ' in sql or statement.op in ('attach_partition',) \
			or statement.op == 'add_constraint' or not statement.names or any(row[2] == 'p' for row in seen['locks'])

	def block(self):
		begin = 'BEGIN READ ONLY' if self.rng.random() < 0.04 else 'BEGIN'
		self.script = [f'-- mode {self.mode}', begin]
		timeout = self.rng.choice((5, 20, 60, 150))
		code = self.control(f'{begin}; SET LOCAL lock_timeout = {timeout}')
		points = []
		# What the last look showed does now and then: some of it is gone.
		for table in self.generator.tables:
			table.new = False
		if code is not None or (self.rng.random() < 0.5 or not self.generator.tables) and not self.refresh():
			self.control('ROLLBACK')
			return
		for _ in range(self.rng.randrange(1, 9)):
			roll = self.rng.random()
			if roll < 0.07:
				points.append(f'point{len(points)}')
				going = self.control(f'SAVEPOINT {points[-1]}') is None
				self.sent += 1
				self.table['savepoint', 'executed'] += 1
			elif roll < 0.12 and points:
				at = self.rng.randrange(len(points))
				word = self.rng.choice(('ROLLBACK TO', 'RELEASE'))
				going = self.control(f'{word} {points[at]}') is None
				points = points[:at + (word != 'RELEASE')]
				self.sent += 1
				self.table[word.lower(), 'executed'] += 1
				going = going and self.refresh()
			else:
				statement = self.generator.in_block() if begin == 'BEGIN' else self.generator.in_read_only_block()
				going = self.inside(statement)
				if going and self.rng.random() < 0.15:
					going = self.refresh()
			if not going:
				break
		self.control('COMMIT' if self.rng.random() < 0.75 else 'ROLLBACK')

	def refresh(self):
		"""What is there? Tables that this transaction has made are not told from others; those it has just made are."""
		row, code, _ = self.execute(CATALOG)
		self.script.pop()
		if code is not None:
			return False
		new = {(t.schema, t.name) for t in self.generator.tables if t.new}
		self.generator.load(json.loads(row[0]))
		if self.script[1:] and self.script[1].startswith('BEGIN'):
			for table in self.generator.tables:
				table.new = (table.schema, table.name) in new or table.persistence == 't'
		return True

	# Outside of a block

	def outside(self):
		self.script = [f'-- mode {self.mode}']
		if not self.refresh():
			return
		# What is left depends on when the other session lets go: not where one client is to repeat itself.
		if self.rng.random() < 0.04 and not self.chaos and not getattr(self.options, 'repeating', False):
			self.unfinished_reindex()
		for _ in range(self.rng.randrange(1, 5)):
			statement = self.generator.outside()
			self.outside_one(statement)

	def unfinished_reindex(self):
		"""REINDEX CONCURRENTLY gives up while it waits for another session: its new indexes stay, invalid, that of the TOAST table, too."""
		table = self.generator.table('r')
		other = psycopg2.connect(dbname=self.options.database, options='-c lock_timeout=20')
		try:
			other.cursor().execute(f'LOCK TABLE {table.ref()} IN ROW EXCLUSIVE MODE')
			self.outside_one(Statement('reindex unfinished', f'REINDEX TABLE CONCURRENTLY {table.ref()}', 'reindex', [table.ref()], alone=True))
		except psycopg2.Error:
			self.tally['no table to leave a REINDEX unfinished on'] += 1
		finally:
			other.rollback()  # closed without it, it may still hold its lock when the next statement comes
			other.close()

	def outside_one(self, statement):
		self.sent += 1
		self.write_trace(statement.as_dict() | {'new': None, 'where': 'outside'})
		timeout = self.rng.choice((20, 60, 200))
		if self.rng.random() < 0.3:
			self.execute(f'SET lock_timeout = {timeout}')
		before = self.count_indexes(statement)
		_, code, error = self.execute(statement.sql)
		self.check_silence(statement, code, error)
		warned, rewritten = self.warned(), self.rewritten()
		refused = code is not None and self.refused(code, error)
		if code is not None and before is not None:
			self.check_nothing_more(statement, before, error)
		if statement.op is None and (warned or refused or rewritten):
			self.fail('none of the six operations, and the guard spoke', statement.sql, {'notices': list(self.conn.notices)})
		if 'CONCURRENTLY' in statement.sql and statement.alone and not statement.if_not_exists and (refused or rewritten):
			self.fail('CONCURRENTLY, and the guard refused', statement.sql, {'error': str(error)})
		self.count(statement, 'refused' if refused else ('rewritten' if rewritten else 'executed') + (', failed' if code else '')
				   if rewritten else 'failed' if code else 'warned' if warned else 'executed')
		if refused and not statement.alone and self.mode in ('error', 'rewrite'):
			self.outside_replay(statement, error)
		own = f'"{statement.index}"' in statement.sql and (statement.index or '').startswith('own ')
		if own and code is None and self.mode == 'rewrite' and rewritten:
			self.check_rewritten(statement)
		elif own and code is not None and rewritten:
			self.check_nothing_left(statement, code, error)

	def outside_replay(self, statement, refusal):
		if self.execute('BEGIN; SAVEPOINT own')[1] is not None:
			return
		row, code, error = self.observed(statement, settings='SET LOCAL pg_safe_index.mode = off; SET LOCAL lock_timeout = 1500; ')
		if code == '25001' or code is not None and self.refused(code, error):
			self.tally['inconclusive: not inside a block'] += 1
		else:
			self.judge_replay(statement, refusal, refusal.diag.message_hint or '', row, code, error)
		self.execute('ROLLBACK')

	def check_rewritten(self, statement):
		# Other clients change the tree meanwhile. What cannot be made valid then is told in a WARNING.
		told = any(n.startswith('WARNING') and 'invalid' in n for n in self.conn.notices)
		row, code, _ = self.execute(f"""SELECT i.indisvalid, i.xmin <> c.xmin, c.relkind,
			EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid)
			FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid WHERE c.relname = '{statement.index}'""")
		if code is not None or row is None:
			self.tally['rewritten: gone when looked at'] += 1
			return
		valid, concurrent, kind, constraint = row
		self.tally['rewritten: looked at'] += 1
		if not valid and told:
			self.tally['rewritten: told to be invalid'] += 1
			return
		if not valid or (kind == 'i' and not concurrent):
			self.fail('rewritten, but not valid or not built concurrently', statement.sql, {'valid, later, kind, constraint': row})

	def count_indexes(self, statement):
		"""Mode rewrite, and nobody else is there: the indexes of the plain table that it names."""
		if not self.alone or self.mode != 'rewrite' or statement.op not in BUILDS or statement.alone or not statement.names:
			return None
		name = self.cursor.mogrify('%s', (statement.names[0],)).decode()
		row, _, _ = self.execute(f"""SELECT count(i.indexrelid) FROM pg_class c LEFT JOIN pg_index i ON i.indrelid = c.oid
			WHERE c.oid = to_regclass({name}) AND c.relkind = 'r' GROUP BY c.oid""")
		return row and row[0]

	def check_nothing_more(self, statement, before, error):
		"""README: when it fails on a table, nothing is left. What is left by a command that is more than one build, it tells, and goes
		on from there when it is sent again."""
		hint = error.diag.message_hint or ''
		after = self.count_indexes(statement)
		if after is None or after <= before or 'could not be dropped' in hint:
			return
		if 'and stays' in hint:
			self.execute(statement.sql)
			if self.count_indexes(statement) == after:
				return
		self.fail('it failed in mode rewrite, and has left an index', statement.sql, {'error': str(error), 'indexes': [before, after]})

	def check_nothing_left(self, statement, code, error):
		"""README: when it fails on a table, nothing is left. The drop can fail, too, by a lock timeout for one; then the hint says so."""
		if self.chaos or code in BY_OTHERS or 'could not be dropped' in (error.diag.message_hint or ''):
			return
		row, look, _ = self.execute(f"""SELECT i.indisvalid, t.relkind FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
			JOIN pg_class t ON t.oid = i.indrelid WHERE c.relname = '{statement.index}'""")
		self.tally['rewritten, failed: looked at'] += 1
		if look is None and row is not None and row[1] == 'r':
			self.fail('a rewritten command failed and has left its index', statement.sql, {'valid, kind': row, 'code': code})

	# The run

	def run(self):
		self.connect()
		dropped = 0
		while self.sent < self.budget and time.time() < self.options.until and len(self.failures) < self.options.most_failures:
			if self.rng.random() < 0.8:
				self.block()
			else:
				self.outside()
			if self.sent - dropped > 400:
				dropped = self.sent
				self.drop_own()
				if self.alone:
					self.execute('VACUUM pg_class, pg_attribute, pg_index, pg_depend, pg_type, pg_constraint')
		return self.result()

	def result(self):
		return {'client': self.number, 'sent': self.sent, 'table': self.table, 'tally': self.tally, 'internal': self.internal,
				'digest': self.digest.hexdigest(), 'failures': self.failures}

	def drop_own(self):
		"""Own indexes, of which nobody else thinks, and what failed builds have left: dropped now and then, or there would be ever more."""
		self.execute('SET lock_timeout = 500')
		row, code, _ = self.execute(f"""SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname, t.relname, tn.nspname, k.conname)
			ORDER BY c.relname), '[]')::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_class t ON t.oid = i.indrelid
			JOIN pg_namespace tn ON tn.oid = t.relnamespace LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u')
			WHERE (c.relname LIKE 'own {self.number} %' OR c.relname ~ '_cc(new|old)[0-9]*$' AND NOT i.indisvalid)
			AND NOT c.relispartition AND c.relnamespace <> 99""")
		if code is not None:
			return
		for schema, name, table, table_schema, constraint in json.loads(row[0]):
			sql = (f'ALTER TABLE {q(table_schema)}.{q(table)} DROP CONSTRAINT {q(constraint)} CASCADE' if constraint else
				   f'DROP INDEX {q(schema)}.{q(name)} CASCADE')
			self.control(f'BEGIN; SET LOCAL pg_safe_index.mode = off; {sql}; COMMIT')
			self.control('ROLLBACK')
