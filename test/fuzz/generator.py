"""generator: random statements over what the catalogs have at this moment.

All choices come from one random.Random, and what is chosen from is sorted by name: the same seed on the same database
gives the same statement. A name is wrong on purpose now and then.

Left out, since PostgreSQL itself would refuse them only after the lock (docs/limits.md): unknown access methods, operator
classes and storage options.
"""

SCHEMAS = ['s0', 's1', 'S "two"']
TABLE_NAMES = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 'T 8', 'naïve "9"', "o'clock", 'select', 'a.b', '日本']
INDEX_NAMES = ['i%d' % n for n in range(16)] + ['I "x"', 'ünder', 'index', 'x;y']
INTS = ('a', 'b', 'B ß', 'D d', 'd', 'f1', 'f2', 'f3')
RENAMES = {'b': 'B ß', 'B ß': 'b', 'D d': 'd', 'd': 'D d'}
MANY = 36  # tables; more than these, and they are dropped


# After ALTER, where it is a table or an index.
OTHER_WORDS = ['VIEW', 'MATERIALIZED VIEW', 'SEQUENCE', 'FOREIGN TABLE']
HALF = 'CREATE FUNCTION fuzz.half(int) RETURNS int IMMUTABLE RETURN $1 / 2'


def q(name):
	return '"' + name.replace('"', '""') + '"'


class Statement:
	"""One statement, and what the oracle has to know of it.

	op: one of the six operations, or None for what the guard has no say in. names: the relations that it names.
	only, if_not_exists: the words. index: the name that a CREATE INDEX gives. kind: the row of the final table.
	"""

	def __init__(self, kind, sql, op=None, names=(), only=False, index=None, if_not_exists=False, new=None, alone=False,
				 wrapped=False):
		self.kind, self.sql, self.op, self.names = kind, sql, op, list(names)
		self.only, self.index, self.if_not_exists, self.new, self.alone = only, index, if_not_exists, new, alone
		self.wrapped = wrapped

	def as_dict(self):
		return dict(self.__dict__)

	@staticmethod
	def from_dict(values):
		statement = Statement(values['kind'], values['sql'])
		statement.__dict__.update(values)
		return statement


class Relation:
	"""toast: of a table, [its TOAST table, [index, is it valid]...]. usable: of an index, ADD CONSTRAINT ... USING INDEX takes it."""

	def __init__(self, schema, name, kind, persistence='p', partition=False, columns=(), strategy=None, parent=None,
				 table=None, toast=None, usable=False, new=False):
		self.schema, self.name, self.kind, self.persistence = schema, name, kind, persistence
		self.partition, self.columns, self.strategy, self.parent = partition, list(columns), strategy, parent
		self.table, self.toast, self.usable, self.new = table, toast, usable, new

	def ref(self):
		return q(self.schema) + '.' + q(self.name)


# Names of clients' own, which the others leave alone, begin with "own ".
# A function, so that it is planned once.
CATALOG = 'SELECT fuzz.catalog()'
CATALOG_FUNCTION = """
CREATE FUNCTION fuzz.catalog() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
RETURN (SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname, c.relkind, c.relpersistence, c.relispartition,
	(SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
	 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'm')),
	(SELECT partstrat FROM pg_partitioned_table p WHERE p.partrelid = c.oid),
	(SELECT json_build_array(pn.nspname, pc.relname) FROM pg_inherits h JOIN pg_class pc ON pc.oid = h.inhparent
	 JOIN pg_namespace pn ON pn.oid = pc.relnamespace WHERE h.inhrelid = c.oid LIMIT 1),
	(SELECT json_build_array(tn.nspname, t.relname) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
	 JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE i.indexrelid = c.oid),
	(SELECT json_agg(json_build_array(h.relname, i.relname, x.indisvalid) ORDER BY i.relname) FROM pg_class h
	 JOIN pg_index x ON x.indrelid = h.oid JOIN pg_class i ON i.oid = x.indexrelid
	 WHERE h.oid = c.reltoastrelid AND h.relnamespace = 'pg_toast'::regnamespace),
	coalesce((SELECT indisunique AND indexprs IS NULL AND indpred IS NULL FROM pg_index i WHERE i.indexrelid = c.oid), false))
	ORDER BY n.nspname, c.relname COLLATE "C"), '[]')::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I') AND c.relname NOT LIKE 'own %'
  AND (n.nspname IN ('s0', 's1', 'S "two"', 's1 away') OR n.oid = pg_my_temp_schema()));
END $$;
"""


class Generator:
	def __init__(self, rng, client):
		self.rng, self.client = rng, client
		self.tables, self.indexes = [], []
		self.count = 0
		self.unlogged = True
		self.version = 15
		self.makers = [
			(9, self.create_table), (4, self.create_partition), (1, self.create_foreign_partition), (2, self.create_as), (2, self.drop_table),
			(2, self.rename), (1, self.rename_schema), (22, self.dml), (1, self.truncate), (2, self.alter_other),
			(1, self.detach), (1, self.drop_schema_part), (14, self.create_index), (7, self.drop_index), (8, self.reindex),
			(8, self.add_constraint), (3, self.using_index), (6, self.attach), (5, self.move_index), (1, self.move_all),
			(1, self.analyze), (1, self.foreign_key), (1, self.search_path), (2, self.drop_cascade)]
		self.weights = [weight for weight, _ in self.makers]

	def load(self, rows):
		self.tables, self.indexes = [], []
		for schema, name, kind, persistence, partition, columns, strategy, parent, table, toast, usable in rows:
			relation = Relation(schema, name, kind, persistence, partition, columns, strategy,
								tuple(parent) if parent else None, tuple(table) if table else None, toast, usable)
			(self.indexes if kind in 'iI' else self.tables).append(relation)

	def note_new(self, statement):
		"""A table that the transaction has just made."""
		if statement.new is not None:
			self.tables = [t for t in self.tables if (t.schema, t.name) != (statement.new.schema, statement.new.name)]
			self.tables.append(statement.new)

	def chance(self, percent):
		return self.rng.random() * 100 < percent

	def pick(self, items):
		return items[self.rng.randrange(len(items))]

	# Which table or index

	def table(self, kinds='rrrpm', new=25):
		if not self.tables or self.chance(3):
			return Relation(self.pick(SCHEMAS), self.pick(TABLE_NAMES), 'r', columns=['a', 'b', 'c', 'D d', 'r', 'e'])
		candidates = [t for t in self.tables if t.kind in kinds]
		fresh = [t for t in candidates if t.new]
		if fresh and self.chance(new):
			candidates = fresh
		return self.pick(candidates or self.tables)

	def index_of(self, kinds='iI', new=25):
		if not self.indexes or self.chance(4):
			return Relation(self.pick(SCHEMAS), self.pick(INDEX_NAMES), 'i')
		candidates = [i for i in self.indexes if i.kind in kinds]
		return self.pick(candidates or self.indexes)

	def ref(self, relation):
		"""Mostly qualified; else the search path decides."""
		if relation.schema.startswith('pg_temp'):
			return q(relation.name)
		return q(relation.name) if self.chance(12) else relation.ref()

	def ints(self, table):
		return [c for c in table.columns if c in INTS] or ['a']

	def column(self, table):
		if self.chance(2):
			return q('no such')
		return q(self.pick(table.columns)) if table.columns else 'a'

	def key(self, table):
		columns = [q(c) for c in self.ints(table)]
		self.rng.shuffle(columns)
		return columns[:1 + self.rng.randrange(2)]

	def unique_key(self, table):
		"""On a partitioned table the partition key has to be part of it, or PostgreSQL refuses; a and b are that everywhere."""
		if table.kind == 'p' and self.chance(90) or self.chance(25):
			return ['a'] + [q(c) for c in self.ints(table) if c in ('b', 'B ß')]
		return ['a'] if self.chance(60) else self.key(table)

	# None of ours

	def new_name(self):
		return self.pick(SCHEMAS[:2] if self.chance(80) else SCHEMAS), self.pick(TABLE_NAMES)

	def create_table(self):
		if len([t for t in self.tables if not t.new]) > MANY and self.chance(75):
			return self.drop_table()
		schema, name = self.new_name()
		columns = ['a', 'b', 'c', 'D d', 'r', 'e']
		body = '(a int NOT NULL, b int, c text, "D d" int DEFAULT 4, r int4range, e int[]'
		if self.chance(20):
			# Without a TOAST table.
			columns, body = ['a', 'b'], '(a int NOT NULL, b int'
		elif self.chance(30):
			body += ', ' + self.pick(['PRIMARY KEY (a, b)', 'UNIQUE (a, b)']
									 + ['EXCLUDE (a WITH =, b WITH =)'] * (self.version >= 17)
									 + ['UNIQUE (a, b, r WITHOUT OVERLAPS)'] * (self.version >= 18))
		roll = self.rng.randrange(100)
		exists = 'IF NOT EXISTS ' if self.chance(10) else ''
		if roll < 10:
			return Statement('create temp table', f'CREATE TEMP TABLE {exists}{q(name)} {body})'
							 + self.pick(['', '', ' ON COMMIT DROP']),
							 new=Relation('pg_temp', name, 'r', 't', columns=columns, new=True))
		if roll < 18 and self.unlogged:
			return Statement('create unlogged table', f'CREATE UNLOGGED TABLE {exists}{q(schema)}.{q(name)} {body})',
							 new=Relation(schema, name, 'r', 'u', columns=columns, new=True))
		if roll < 24 and self.tables:
			parent = self.table('r')
			return Statement('create inherited table', f'CREATE TABLE {exists}{q(schema)}.{q(name)} () INHERITS ({self.ref(parent)})',
							 new=Relation(schema, name, 'r', columns=parent.columns, new=True))
		if roll < 50:
			strategy = self.pick(['RANGE (a)', 'LIST (b)', 'HASH (a)', 'RANGE (a)'])
			return Statement('create partitioned table', f'CREATE TABLE {exists}{q(schema)}.{q(name)} {body}) PARTITION BY {strategy}',
							 new=Relation(schema, name, 'p', columns=columns, strategy=strategy[0].lower(), new=True))
		return Statement('create table', f'CREATE TABLE {exists}{q(schema)}.{q(name)} {body})',
						 new=Relation(schema, name, 'r', columns=columns, new=True))

	def bound(self, strategy):
		k = self.rng.randrange(5)
		if strategy != 'h' and self.chance(12):
			return 'DEFAULT'
		if strategy == 'r':
			return f'FOR VALUES FROM ({k * 20}) TO ({k * 20 + 20})'
		if strategy == 'l':
			return f'FOR VALUES IN ({k})'
		return f'FOR VALUES WITH (MODULUS 4, REMAINDER {k % 4})'

	def create_partition(self):
		parents = [t for t in self.tables if t.kind == 'p' and not (t.partition and t.parent and self.depth(t) > 2)]
		if not parents or len(self.tables) > MANY + 12:
			return self.create_table()
		parent = self.pick(parents)
		schema, name = self.new_name()
		sub, strategy = '', None
		if self.chance(25):
			strategy = self.pick(['RANGE (a)', 'LIST (b)', 'HASH (a)'])
			sub = ' PARTITION BY ' + strategy
		return Statement('create partition', f'CREATE TABLE {q(schema)}.{q(name)} PARTITION OF {self.ref(parent)} '
						 f'{self.bound(parent.strategy)}{sub}',
						 new=Relation(schema, name, 'p' if sub else 'r', partition=True, columns=parent.columns,
									  strategy=strategy[0].lower() if strategy else None,
									  parent=(parent.schema, parent.name), new=True))

	def create_foreign_partition(self):
		"""Behind the others: what goes from leaf to leaf comes to it at last. PostgreSQL wants a parent without unique indexes."""
		unique = {i.table for i in self.indexes if i.usable}
		parents = [t for t in self.tables if t.kind == 'p' and t.strategy in ('r', 'l') and (t.schema, t.name) not in unique]
		there = {(t.schema, t.name) for t in self.tables}
		names = [(schema, name) for schema in SCHEMAS[:2] for name in TABLE_NAMES if (schema, name) not in there]
		if not parents or not names:
			return self.drop_table()
		parent, (schema, name) = self.pick(parents), self.pick(names)
		bound = 'FROM (100) TO (120)' if parent.strategy == 'r' else 'IN (5)'
		return Statement('create foreign partition', f'CREATE FOREIGN TABLE {q(schema)}.{q(name)} PARTITION OF {self.ref(parent)} '
						 f'FOR VALUES {bound} SERVER nowhere',
						 new=Relation(schema, name, 'f', partition=True, columns=parent.columns, parent=(parent.schema, parent.name), new=True))

	def depth(self, table):
		depth = 1
		by_name = {(t.schema, t.name): t for t in self.tables}
		while table is not None and table.parent and depth < 5:
			table = by_name.get(table.parent)
			depth += 1
		return depth

	def create_as(self):
		if len(self.tables) > MANY + 8:
			return self.drop_table()
		schema, name = self.new_name()
		source = self.table('rp')
		target = q(schema) + '.' + q(name)
		kind, sql = self.pick([
			('create table as', f'CREATE TABLE {target} AS SELECT * FROM {self.ref(source)}'),
			('create table like', f'CREATE TABLE {target} (LIKE {self.ref(source)} INCLUDING ALL)'),
			('select into', f'SELECT * INTO {target} FROM {self.ref(source)}'),
			('create matview', f'CREATE MATERIALIZED VIEW {target} AS SELECT * FROM {self.ref(source)}')])
		return Statement(kind, sql, new=Relation(schema, name, 'm' if 'matview' in kind else 'r', columns=source.columns, new=True))

	def drop_table(self):
		table = self.table('rpmf', new=5)
		word = {'m': 'MATERIALIZED VIEW', 'f': 'FOREIGN TABLE'}.get(table.kind, 'TABLE')
		return Statement('drop table', f'DROP {word} {"IF EXISTS " if self.chance(50) else ""}{self.ref(table)}'
						 + (' CASCADE' if self.chance(70) else ''))

	def drop_schema_part(self):
		if self.chance(70):
			return self.analyze()
		return Statement('drop schema', 'DROP SCHEMA IF EXISTS "S ""two""" CASCADE; CREATE SCHEMA "S ""two"""')

	def rename(self):
		roll = self.rng.randrange(4)
		table = self.table('rp')
		if roll == 0:
			return Statement('rename table', f'ALTER TABLE {self.ref(table)} RENAME TO {q(self.pick(TABLE_NAMES))}')
		if roll == 1:
			columns = [c for c in table.columns if c in RENAMES] or ['b']
			column = self.pick(columns)
			return Statement('rename column', f'ALTER TABLE {self.ref(table)} RENAME {q(column)} TO {q(RENAMES.get(column, "b"))}')
		if roll == 2:
			return Statement('set schema', f'ALTER TABLE {self.ref(table)} SET SCHEMA {q(self.pick(SCHEMAS))}')
		return Statement('rename index', f'ALTER INDEX {self.ref(self.index_of())} RENAME TO {q(self.pick(INDEX_NAMES))}')

	def rename_schema(self):
		return Statement('rename schema', self.pick(['ALTER SCHEMA s1 RENAME TO "s1 away"', 'ALTER SCHEMA "s1 away" RENAME TO s1',
													 'ALTER SCHEMA "s1 away" RENAME TO s1']))

	def dml(self):
		table = self.table('rp')
		b = q(next((c for c in table.columns if c in ('b', 'B ß')), 'b'))
		low = self.rng.randrange(90)
		rows = 400 if self.chance(3) else self.rng.randrange(1, 12)
		kind, sql = self.pick([
			('insert', f'INSERT INTO {self.ref(table)} (a, {b}) '
			 f'SELECT g % 100, g % 5 FROM generate_series({low}, {low + rows}) g ON CONFLICT DO NOTHING'),
			('insert', f'INSERT INTO {self.ref(table)} (a, {b}) VALUES ({low}, {low % 5})'),
			('update', f'UPDATE {self.ref(table)} SET c = \'x\' WHERE a = {low}'),
			('delete', f'DELETE FROM {self.ref(table)} WHERE a > {low}'),
			('select', f'SELECT count(*) FROM {self.ref(table)} WHERE a = {low}')])
		return Statement(kind, sql)

	def truncate(self):
		return Statement('truncate', f'TRUNCATE {self.ref(self.table("r"))}')

	def analyze(self):
		return Statement('analyze', f'ANALYZE {self.ref(self.table("rm"))}')

	def alter_other(self):
		table = self.table('rp')
		return Statement('alter table, none of ours', f'ALTER TABLE {self.ref(table)} ' + self.pick([
			f'ADD CHECK (a >= 0) NOT VALID', f'ALTER COLUMN a SET DEFAULT 1', 'ALTER COLUMN c SET STATISTICS 50',
			'ADD COLUMN IF NOT EXISTS f1 int DEFAULT 1', 'DROP COLUMN IF EXISTS f1', 'ALTER COLUMN a TYPE bigint',
			'ALTER COLUMN a TYPE int', 'SET (fillfactor = 70)', 'SET TABLESPACE ts1', 'SET TABLESPACE pg_default',
			'SET UNLOGGED' if self.unlogged else 'SET LOGGED', 'SET LOGGED', 'ALTER COLUMN b SET NOT NULL, ALTER COLUMN b DROP NOT NULL', 'NO INHERIT s0.t0',
			'ADD CHECK (b IS NOT NULL)'] + (self.version >= 18) * [
			'ADD COLUMN IF NOT EXISTS f1 int GENERATED ALWAYS AS (a * 3) VIRTUAL', *['ADD NOT NULL b NOT VALID', 'ADD NOT NULL b NO INHERIT'] * 3]))

	def foreign_key(self):
		return Statement('add foreign key', f'ALTER TABLE {self.ref(self.table("r"))} '
						 f'ADD FOREIGN KEY (a, b) REFERENCES {self.ref(self.table("r"))} (a, b)')

	def detach(self):
		parts = [t for t in self.tables if t.partition and t.parent]
		if not parts:
			return self.dml()
		part = self.pick(parts)
		concurrently = self.chance(20)
		return Statement('detach concurrently' if concurrently else 'detach',
						 f'ALTER TABLE {q(part.parent[0])}.{q(part.parent[1])} DETACH PARTITION {self.ref(part)}'
						 + (' CONCURRENTLY' if concurrently else ''), alone=concurrently)

	def search_path(self):
		return Statement('search_path', 'SET LOCAL search_path = ' + self.pick(['s0', 's1, s0', '"S ""two""", s0', 's1, pg_temp']))

	# The six operations

	def create_index(self, concurrently=None, name=None, table=None):
		table = table or self.table('rrrrppm')
		concurrently = self.chance(6) if concurrently is None else concurrently
		unique = self.chance(20)
		only = table.kind == 'p' and self.chance(30) or self.chance(2)
		if name is None and self.chance(65):
			name = self.pick(INDEX_NAMES)
		exists = name is not None and self.chance(25)
		using, where, include, nulls = '', '', '', ''
		if unique:
			columns = self.unique_key(table)
			nulls = ' NULLS NOT DISTINCT' if self.chance(20) else ''
		else:
			using, columns = self.pick([
				('', self.key(table)), ('', self.key(table)), ('', [self.column(table)]), ('', [f'lower({q("c")})']),
				('', [f'(abs(a) + 1) DESC']), (' USING brin', ['a']), (' USING hash', ['a']), (' USING gin', ['e']),
				(' USING gist', ['r']), (' USING btree', ['c COLLATE "C" text_pattern_ops', 'a NULLS FIRST']),
				('', ['fuzz.half(a)']), (' USING gin', ['c fuzz.gin_trgm_ops'])])
			if self.chance(12):
				where = ' WHERE a > 5'
		if using in ('', ' USING btree') and self.chance(10):
			include = ' INCLUDE (c)'
		tail = self.pick(['', '', '', '', ' TABLESPACE ts1', ' WITH (fillfactor = 80)' if using == '' else ''])
		tails = (' WITH (fillfactor = 80)', '') if 'WITH' in tail else ('', tail)
		sql = (f'CREATE {"UNIQUE " if unique else ""}INDEX {"CONCURRENTLY " if concurrently else ""}'
			   f'{"IF NOT EXISTS " if exists else ""}{q(name) + " " if name else ""}ON {"ONLY " if only else ""}{self.ref(table)}'
			   f'{using} ({", ".join(columns)}){include}{nulls}{tails[0]}{tails[1]}{where}')
		kind = 'create index' + (' concurrently' if concurrently else ' if not exists' if exists else '') + \
			(' only' if only and table.kind == 'p' else ' partitioned' if table.kind == 'p' else '')
		return Statement(kind, sql, 'create_index', self.named(sql, table), only=only, index=name, if_not_exists=exists,
						 alone=concurrently)

	def named(self, sql, *relations):
		"""The names as the statement has them: qualified or not."""
		return [r.ref() if r.ref() in sql else q(r.name) for r in relations]

	def drop_index(self, concurrently=None):
		concurrently = self.chance(6) if concurrently is None else concurrently
		count = 1 if concurrently or self.chance(75) else 2 + self.rng.randrange(2)
		names = []
		invalid = [q('pg_toast') + '.' + q(index) for t in self.tables for _, index, valid in t.toast or () if not valid]
		if invalid and not concurrently and self.chance(25):
			names, count = [self.pick(invalid)], max(count, 1)
		for _ in range(count):
			name = self.ref(self.index_of('iiI'))
			if name not in names:
				names.append(name)
		sql = (f'DROP INDEX {"CONCURRENTLY " if concurrently else ""}{"IF EXISTS " if self.chance(40) else ""}{", ".join(names)}'
			   + (' CASCADE' if not concurrently and self.chance(15) else ''))
		kind = ' concurrently' if concurrently else ' behind a TOAST index' if 'pg_toast' in sql else ' several' if len(names) > 1 else ''
		return Statement('drop index' + kind, sql, 'drop_index', names, alone=concurrently)

	def drop_cascade(self):
		"""Takes the indexes along that use it; it is there again at once."""
		kind, sql = self.pick([
			('drop function cascade', 'DROP FUNCTION fuzz.half CASCADE; ' + HALF),
			('drop extension cascade', 'DROP EXTENSION pg_trgm CASCADE; CREATE EXTENSION pg_trgm SCHEMA fuzz')])
		return Statement(kind, sql, 'drop_index')

	def reindex(self, concurrently=None, everything=False):
		concurrently = self.chance(6) if concurrently is None else concurrently
		options = self.pick(['', '', '', '(VERBOSE) ', '(TABLESPACE ts1) ', '(CONCURRENTLY false) '])
		if concurrently and 'CONC' in options:
			options = ''
		word = ' CONCURRENTLY' if concurrently else ''
		suffix = ' concurrently' if concurrently else ''
		if everything:
			return Statement('reindex schema' + suffix, f'REINDEX SCHEMA{word} {q(self.pick(SCHEMAS))}', 'reindex', alone=True)
		if self.chance(60):
			index = self.index_of('iiiiI')
			sql = f'REINDEX {options}INDEX{word} {self.ref(index)}'
			return Statement('reindex index' + suffix, sql, 'reindex', self.named(sql, index), alone=concurrently)
		toasted = [t for t in self.tables if t.toast]
		if toasted and self.chance(20):
			name, index, _ = self.pick(self.pick(toasted).toast)
			what, name = self.pick([('TABLE', name), ('INDEX', index)])
			name = q('pg_toast') + '.' + q(name)
			return Statement('reindex toast' + suffix, f'REINDEX {options}{what}{word} {name}', 'reindex', [name], alone=concurrently)
		table = self.table('rrrrmp')
		sql = f'REINDEX {options}TABLE{word} {self.ref(table)}'
		return Statement('reindex table' + suffix, sql, 'reindex', self.named(sql, table), alone=concurrently)

	def add_constraint(self, name=None, table=None, simple=False):
		foreign = {t.parent for t in self.tables if t.kind == 'f'}
		above = [t for t in self.tables if (t.schema, t.name) in foreign and not t.partition]
		table = table or (self.pick(above) if above and self.chance(12) else self.table('rrrp'))
		only = self.chance(12 if table.kind == 'p' else 4)
		word = self.pick(OTHER_WORDS) if not name and self.chance(4) else 'TABLE'
		head = f'ALTER {word} {"IF EXISTS " if self.chance(8) else ""}{"ONLY " if only and word == "TABLE" else ""}{self.ref(table)} '
		taken = q(self.pick([i.name for i in self.indexes if i.schema == table.schema] or INDEX_NAMES))
		constraints = [i.name for i in self.indexes if i.table == (table.schema, table.name) and i.name.endswith('key')]
		used = q(self.pick(constraints or [table.name + '_pkey']))
		label = f'CONSTRAINT {q(name)} ' if name else f'CONSTRAINT {q(self.pick(INDEX_NAMES))} ' if self.chance(40) else ''
		key = ', '.join(self.unique_key(table))
		fresh = self.pick(['f2', 'f3'])
		b = q(next((c for c in table.columns if c in ('b', 'B ß')), 'b'))
		forms = [
			('add unique', f'ADD {label}UNIQUE ({key})'), ('add unique', f'ADD {label}UNIQUE ({key}) DEFERRABLE'),
			('add unique', f'ADD {label}UNIQUE NULLS NOT DISTINCT ({key})'),
			('add primary key', f'ADD {label}PRIMARY KEY ({key})'), ('add primary key', f'ADD {label}PRIMARY KEY (a)')]
		if not simple:
			forms += [
				('add unique', f'ADD {label}UNIQUE ({key}) USING INDEX TABLESPACE ts1'),
				('add exclude', f'ADD {label}EXCLUDE USING gist (r WITH &&)'), ('add exclude', f'ADD {label}EXCLUDE (a WITH =)'),
				('add column unique', f'ADD COLUMN {fresh} int UNIQUE'), ('add column unique', f'ADD COLUMN {fresh} serial UNIQUE'),
				('add column unique', f'ADD COLUMN IF NOT EXISTS {fresh} int UNIQUE'),
				('add column unique', f'ADD COLUMN IF NOT EXISTS {b} int UNIQUE'),
				('add several', f'ADD UNIQUE ({key}), ALTER COLUMN a SET DEFAULT 3'),
				('add several', f'ALTER COLUMN {b} SET NOT NULL, ADD PRIMARY KEY (a, {b})'),
				('add several', f'ADD COLUMN {fresh} int, ADD {label}UNIQUE (a, {fresh})'),
				('add several', f'ADD UNIQUE ({key}), ADD EXCLUDE USING hash (a WITH =)'),
				('add several', f'DROP CONSTRAINT {q(table.name + "_pkey")}, ADD PRIMARY KEY (a)'),
				('add column dropped before', f'DROP COLUMN {b}, ADD COLUMN {b} int UNIQUE'),
				('add column dropped before', f'DROP COLUMN {b}, ADD COLUMN IF NOT EXISTS {b} int UNIQUE'),
				('add several', f'DROP COLUMN {b}, ADD UNIQUE ({b})'),
				('add beside a column', f'ADD UNIQUE ({key}), ADD COLUMN {fresh} int'),
				*[('add beside a column', f'ADD {one} ({key}), ADD COLUMN {fresh} int UNIQUE')
				  for one in (f'CONSTRAINT {taken} UNIQUE', f'CONSTRAINT {used} UNIQUE', f'CONSTRAINT {used} UNIQUE', 'PRIMARY KEY')],
				('add unique', 'ADD UNIQUE (a, a)'), ('add unique', f'ADD CONSTRAINT {taken} UNIQUE ({key})'),
				('add exclude', 'ADD EXCLUDE USING gist (e WITH =)'),
				('drop constraint', f'DROP CONSTRAINT IF EXISTS {q(table.name + "_pkey")}'),
				('drop constraint', f'DROP CONSTRAINT IF EXISTS {q(table.name + "_a_b_key")}')]
			if self.version >= 18:
				forms += [
					('add column unique', f'ADD COLUMN {fresh} int GENERATED ALWAYS AS (a * 3) VIRTUAL UNIQUE'),
					('add exclude', f'ADD {label}UNIQUE (a, r WITHOUT OVERLAPS)')]
		if table in above and not simple and self.chance(50):
			forms = [form for form in forms if form[1].endswith((f'{fresh} int', f', {fresh})'))]
		kind, tail = self.pick(forms)
		return Statement(kind, head + tail, None if kind == 'drop constraint' else 'add_constraint',
						 self.named(head, table), only=only, index=name)

	def using_index(self):
		candidates = [i for i in self.indexes if i.kind == 'i' and i.table]
		if not candidates:
			return self.create_index()
		index = self.pick([i for i in candidates if i.usable and self.chance(90)] or candidates)
		table = Relation(index.table[0], index.table[1], 'r')
		head = f'ALTER TABLE {self.ref(table)} '
		return Statement('add using index', f'{head}ADD CONSTRAINT {q(self.pick(INDEX_NAMES))} '
						 f'{self.pick(["UNIQUE", "PRIMARY KEY"])} USING INDEX {q(index.name)}', 'add_constraint', self.named(head, table))

	def attach(self):
		parents = [t for t in self.tables if t.kind == 'p']
		free = [t for t in self.tables if t.kind in 'rp' and not t.partition]
		if not parents or not free:
			return self.create_table()
		parent = self.pick(parents)
		same = [t for t in free if t is not parent and sorted(t.columns) == sorted(parent.columns)] or free
		fresh = [t for t in same if t.new]
		part = self.pick(fresh if fresh and self.chance(35) else same)
		sql = f'ALTER TABLE {self.ref(parent)} ATTACH PARTITION {self.ref(part)} {self.bound(parent.strategy or "r")}'
		part_name = part.ref() if f'PARTITION {part.ref()}' in sql else q(part.name)
		return Statement('attach partition', sql, 'attach_partition', [part_name])

	def move_index(self):
		index = self.index_of('iiiI')
		word = 'TABLE' if self.chance(15) else self.pick(OTHER_WORDS) if self.chance(6) else 'INDEX'
		sql = f'ALTER {word} {"IF EXISTS " if self.chance(15) else ""}{self.ref(index)} SET TABLESPACE {self.pick(["ts1", "pg_default"])}'
		return Statement('alter index set tablespace', sql, 'move_index', self.named(sql, index))

	def move_all(self):
		there = self.pick(['pg_default', 'pg_default', 'ts1', 'ts2'])
		return Statement('alter index all in tablespace', f'ALTER INDEX ALL IN TABLESPACE {self.pick(["ts1", "ts2"])} SET TABLESPACE {there}'
						 + (' NOWAIT' if self.chance(30) else ''), 'move_index')

	# What a client sends

	def in_block(self):
		statement = self.rng.choices(self.makers, self.weights)[0][1]()
		if statement.op and not statement.alone and self.chance(10):
			body = statement.sql.replace("'", "''")
			handler = 'EXCEPTION WHEN division_by_zero THEN NULL; ' if self.chance(40) else ''
			kind, wrapped = self.pick([
				('DO', f"DO $fuzz$ BEGIN EXECUTE '{body}'; {handler}END $fuzz$"),
				('DO', f'DO $fuzz$ BEGIN {statement.sql}; {handler}END $fuzz$'),
				('function', f"SELECT fuzz.run('{body}')")])
			statement.sql, statement.wrapped = wrapped, True
			statement.kind += f' ({kind})'
		return statement

	def in_read_only_block(self):
		statement = self.reindex(False) if self.chance(70) else self.in_block()
		statement.kind += ', read only'
		return statement

	def outside(self):
		roll = self.rng.randrange(100)
		if roll < 18:
			return self.create_index(concurrently=True)
		if roll < 26:
			return self.drop_index(concurrently=True)
		if roll < 34:
			return self.reindex(concurrently=True)
		if roll < 36:
			return self.reindex(concurrently=self.chance(60), everything=True)
		if roll < 48:
			return self.own_index()
		if roll < 54:
			return self.attach()
		return self.in_block()

	def own_index(self):
		"""An index whose name only this client knows: nobody else drops or renames it."""
		self.count += 1
		name = f'own {self.client} {self.count}'
		table = self.table('rrrp', new=0)
		statement = self.add_constraint(name, table, True) if self.chance(30) else self.create_index(False, name, table)
		if not statement.wrapped and f'"{name}"' in statement.sql:
			statement.kind = 'own: ' + statement.kind
		return statement
