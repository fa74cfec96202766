"""known: which faults of version 1.1 do random statements and the oracle find? test/fuzz/run --known runs them against 1.1, which
has them all, and then, with the same seeds, against what is here, which has none.
"""
import re

# Failures of the oracle: something is blocked and nothing was said; PostgreSQL would refuse it at once, or nothing is blocked.
MISS = '(it ran, and is a violation|oracle: would block, guard: None|the guard said nothing).*'
ALARM = '(refused, where PostgreSQL has an error|warned about, where PostgreSQL|the oracle says: None|oracle: None, guard).*'
# Fault, the versions of PostgreSQL on which it can be seen, and what the failure says: "what: BEGIN; statement; error".
FAULTS = (
	('ADD PRIMARY KEY USING INDEX on a column that may be null', 15, 99, MISS + 'PRIMARY KEY USING INDEX'),
	('REINDEX in a read-only transaction', 15, 99, MISS + 'BEGIN READ ONLY; .*REINDEX'),
	('ADD COLUMN ... UNIQUE after DROP COLUMN of that name', 15, 99, MISS + 'DROP COLUMN.*ADD COLUMN.*UNIQUE'),
	('REINDEX of a TOAST table or its index', 15, 99, MISS + 'REINDEX .*(TABLE|INDEX) "pg_toast"'),
	('DROP INDEX of an invalid TOAST index and others', 15, 99, MISS + 'DROP INDEX [^;]*"pg_toast".*,'),
	('ADD UNIQUE above a foreign table, beside ADD COLUMN', 15, 99, MISS + 'ADD COLUMN.*cannot create unique index on partitioned'),
	('a name that is taken, before ADD COLUMN ... UNIQUE', 15, 99, MISS + 'ADD CONSTRAINT.*ADD COLUMN.*already exists'),
	('a second PRIMARY KEY, before ADD COLUMN ... UNIQUE', 15, 99, MISS + 'ADD PRIMARY KEY.*ADD COLUMN.*multiple primary keys'),
	('DROP FUNCTION ... CASCADE takes an index', 15, 99, MISS + 'DROP FUNCTION'),
	('DROP EXTENSION ... CASCADE takes an index', 15, 99, MISS + 'DROP EXTENSION'),
	('the partition key is not included', 15, 99, ALARM + 'must include all partitioning columns'),
	('ALTER VIEW and the like ... ADD UNIQUE', 15, 99, ALARM + 'ADD .*is not an? '),
	('ALTER VIEW and the like ... SET TABLESPACE', 15, 99, ALARM + 'SET TABLESPACE.*is not an? '),
	('UNIQUE (a, a)', 15, 99, ALARM + 'appears twice'),
	('a constraint with the name of an index', 15, 99, ALARM + 'ADD CONSTRAINT.*already exists'),
	('UNIQUE on a column that is dropped before', 15, 99, ALARM + 'DROP COLUMN.*ADD UNIQUE.*does not exist'),
	('EXCLUDE on a partitioned table', 15, 16, ALARM + 'EXCLUDE.*not supported on partitioned'),
	('EXCLUDE without a default operator class', 15, 99, ALARM + 'EXCLUDE.*no default operator class'),
	('DROP INDEX on a partitioned table without leaves', 15, 99, ALARM + 'DROP INDEX'),
	('REINDEX TABLE of a table that has no index', 15, 99, ALARM + 'REINDEX .*TABLE'),
	('ATTACH PARTITION, where a column of the key may be null', 15, 99, ALARM + 'ATTACH.*must be marked NOT NULL'),
	('ATTACH PARTITION, where the parent has an EXCLUDE constraint', 17, 99, 'left an index.*ATTACH.*is not a unique index'),
	('PRIMARY KEY over NOT NULL ... NOT VALID or NO INHERIT', 18, 99, ALARM + 'cannot create primary key on column'),
	('an index on a virtual generated column', 18, 99, ALARM + 'virtual generated'),
)


def describe(failure):
	"""One line, which the patterns above are matched with."""
	error = str(failure['seen'].get('error', '')).split('\n')[0]
	begin = [line + '; ' for line in failure['script'][1:2] if line.startswith('BEGIN')]
	return f'{failure["what"]}: {"".join(begin)}{failure["statement"]}; {error}'


def match(failures, version):
	"""[fault, the failures that show it] for each that this version of PostgreSQL can have, and the failures that show none."""
	texts = [(describe(failure), failure) for failure in failures]
	faults = [(fault, pattern) for fault, first, last, pattern in FAULTS if first <= version <= last]
	found = [(fault, [failure for text, failure in texts if re.search(pattern, text)]) for fault, pattern in faults]
	return found, [text for text, _ in texts if not any(re.search(pattern, text) for _, pattern in faults)]
