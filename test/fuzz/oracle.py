"""oracle: was a statement that has run inside a transaction block a violation? Knows nothing of pg_safe_index but README.

The state before and after it, in its own transaction (fuzz.state()), has
  locks    from pg_locks: the locks of this process on relations of users, from SHARE on
  indexes  from pg_class: each index with its storage, and whether this transaction has written the row
  names    what the names in the statement lead to, with the partitions below

A table is OLD if it is not temporary and not created by this transaction. Whether it is that tells the row of its system
column ctid in pg_attribute, which is written when the table is created and never again: its xmin is in progress. Rolled
back to a savepoint, the row is gone with the table.

The rules, by docs/operations/README.md. T is what the statement names, with its leaf partitions unless it says ONLY:
  create_index      SHARE is held on an OLD table of T (a leaf, where T is partitioned), or on another one that it was not before.
                    What IF NOT EXISTS finds does not matter - but for an invalid index, which is one on any table
  drop_index        an index is gone that this transaction has locked ACCESS EXCLUSIVE, and its table is OLD; if that is
                    partitioned, the locks go down the whole tree, and a leaf of it has to be OLD, a foreign table perhaps
  reindex           as create_index. A table without an index and without a TOAST table is locked all the same, and is none
  add_constraint    an index is there that was not, and a blocking lock is held on an OLD table of T: ACCESS EXCLUSIVE,
                    on the leaves of a partitioned one SHARE
                    USING INDEX builds none: the table has been scanned, for a column that has to become NOT NULL
  attach_partition  likewise; T is the partition. If the guard says that another session's lock kept the indexes from being
                    compared, it may refuse too much (docs/limits.md)
  move_index        ACCESS EXCLUSIVE on an index of an OLD table that has another file afterwards. One that is there
                    already is locked as well, but only for a moment

Of one that PostgreSQL refuses, a table that has been scanned meanwhile tells: fuzz.scans() counts the scans of OLD tables in this
transaction, those of what has been rolled back included. Whoever builds an index scans the table.
  none              PostgreSQL refuses it before it builds anything, and its own error is to come, not the guard's
  some              it has built an index in vain: create_index and add_constraint are violations all the same
"""
import json

SETUP = r'''
CREATE SCHEMA fuzz;
CREATE EXTENSION pg_safe_index;
CREATE EXTENSION amcheck;
CREATE EXTENSION btree_gist SCHEMA fuzz;
CREATE EXTENSION pg_trgm SCHEMA fuzz;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE SCHEMA s0; CREATE SCHEMA s1; CREATE SCHEMA "S ""two""";

CREATE FUNCTION fuzz.run(statement text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; END $$;

-- Has this transaction written the row? What it sees of a transaction that is in progress is its own.
CREATE FUNCTION fuzz.mine(written xid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN written::text::xid8 >= pg_current_xact_id_if_assigned() AND pg_xact_status(written::text::xid8) = 'in progress';
END $$;

CREATE FUNCTION fuzz.is_new(tab oid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce((SELECT fuzz.mine(a.xmin) FROM pg_attribute a WHERE a.attrelid = tab AND a.attnum = -1), false);
END $$;

-- table: how often this transaction has scanned it
CREATE FUNCTION fuzz.scans() RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT coalesce(json_object_agg(oid::text, pg_stat_get_xact_numscans(oid)), '{}') FROM pg_class
			WHERE relkind IN ('r', 'm') AND oid >= 16384 AND relpersistence <> 't' AND pg_stat_get_xact_numscans(oid) > 0
			AND NOT fuzz.is_new(oid));
END $$;

CREATE FUNCTION fuzz.state(names text[], index text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	locks json; indexes json; named json; invalid boolean; self xid8 := pg_current_xact_id_if_assigned();
BEGIN
	-- [relation, bits of its lock modes, kind, the table that it is or is on, the table's kind, persistence, is it new, has it a TOAST table]
	SELECT json_agg(json_build_array(l.relation::bigint, l.bits, c.relkind, t.oid::bigint, t.relkind, t.relpersistence, fuzz.is_new(t.oid),
		t.reltoastrelid <> 0))
	INTO locks
	FROM (SELECT relation, bit_or(CASE mode WHEN 'ShareLock' THEN 1 WHEN 'ShareRowExclusiveLock' THEN 2
								  WHEN 'ExclusiveLock' THEN 4 ELSE 8 END) AS bits
		  FROM pg_lock_status()
		  WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= 16384
			AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
		  GROUP BY relation) l
	LEFT JOIN pg_class c ON c.oid = l.relation
	LEFT JOIN pg_index i ON i.indexrelid = l.relation
	LEFT JOIN pg_class t ON t.oid = coalesce(i.indrelid, l.relation);

	-- index: [storage, table, kind, written by this transaction, partitioned index that it is a part of]
	SELECT json_object_agg(c.oid, json_build_array(c.relfilenode::bigint, i.indrelid::bigint, c.relkind,
		CASE WHEN c.xmin::text::xid8 >= self THEN fuzz.mine(c.xmin) ELSE false END,
		CASE WHEN c.relispartition THEN (SELECT h.inhparent::bigint FROM pg_inherits h WHERE h.inhrelid = c.oid LIMIT 1) END))
	INTO indexes
	FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
	WHERE c.relkind IN ('i', 'I') AND c.oid >= 16384;

	IF names IS NOT NULL THEN
		-- the relations, the tables of those that are indexes, and all partitions
		WITH RECURSIVE roots AS (
			SELECT to_regclass(name)::oid AS oid FROM unnest(names) name
		), trees AS (
			SELECT oid FROM roots WHERE oid IS NOT NULL
			UNION SELECT i.indrelid FROM roots r JOIN pg_index i ON i.indexrelid = r.oid
			UNION SELECT h.inhrelid FROM trees t JOIN pg_class c ON c.oid = t.oid AND c.relkind = 'p'
				JOIN pg_inherits h ON h.inhparent = t.oid)
		SELECT json_build_array((SELECT coalesce(json_agg(oid::bigint), '[]') FROM roots),
			(SELECT coalesce(json_agg(oid::bigint), '[]') FROM trees))
		INTO named;
		IF index IS NOT NULL THEN
			SELECT NOT i.indisvalid INTO invalid
			FROM pg_class t JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relname = index AND c.relkind = 'i'
			JOIN pg_index i ON i.indexrelid = c.oid WHERE t.oid = to_regclass(names[1]);
		END IF;
	END IF;
	RETURN json_build_object('locks', coalesce(locks, '[]'), 'indexes', coalesce(indexes, '{}'), 'named', named, 'invalid', invalid,
		'scans', fuzz.scans());
END $$;

-- A setting takes the state before to where the state after is: one round trip.
CREATE FUNCTION fuzz.remember(names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('fuzz.before', fuzz.state(names, NULL), false);
END $$;
CREATE FUNCTION fuzz.both(names text[], index text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN '[' || current_setting('fuzz.before') || ',' || fuzz.state(names, index) || ']';
END $$;
'''

SHARE, EXCLUSIVE = 1, 8


class Lock:
	def __init__(self, row):
		self.relation, self.bits, self.kind, self.table, self.table_kind, self.persistence, self.new, self.toast = row

	def old(self):
		return self.table_kind is not None and self.persistence != 't' and not self.new


def scanned(before, after):
	return [table for table, scans in after.items() if scans > before.get(table, 0)]


def judge(statement, states):
	"""states: what fuzz.both() returns. (violation, skips an invalid index, what was seen)"""
	before, after = json.loads(states)
	locks = {lock.relation: lock for lock in map(Lock, after['locks'])}
	earlier = {lock.relation: lock.bits for lock in map(Lock, before['locks'])}
	roots, tree = after['named'] if after['named'] else ([], [])
	tree = set(tree)
	if statement.only:
		tree = set(roots)
	invalid = bool(after['invalid']) and statement.if_not_exists

	def tables(bit, in_tree_only=False):
		return [lock.relation for lock in locks.values()
				if lock.bits & bit and (lock.kind in ('r', 'm') or lock.kind == 't' and lock.relation in tree) and lock.old()
				and (lock.relation in tree or not in_tree_only and not earlier.get(lock.relation, 0) & bit)]

	evidence, op = [], statement.op
	if op == 'create_index':
		# IF NOT EXISTS of an index that is there builds nothing. If the transaction has had the lock before, nothing tells whether it took it.
		built = any(mine and index not in before['indexes'] and table in tree for index, (_, table, _, mine, _) in after['indexes'].items())
		evidence = [table for table in tables(SHARE) if built or not earlier.get(table, 0) & SHARE]
	elif op == 'reindex':
		indexed = {row[1] for row in after['indexes'].values()}
		evidence = [table for table in tables(SHARE) if table in indexed or locks[table].toast or locks[table].kind == 't']
	elif op == 'drop_index':
		# What is dropped no name leads to any more.
		named_before = set(before['named'][1]) if before['named'] else set()
		old_leaves = [lock.relation for lock in locks.values()
					  if lock.kind in ('r', 'f') and lock.bits & EXCLUSIVE and lock.old() and lock.relation in named_before]
		for index, (_, table, _, _, _) in before['indexes'].items():
			if index not in after['indexes'] and locks.get(int(index)) and locks[int(index)].bits & EXCLUSIVE \
					and table in locks and locks[table].old() and (locks[table].kind != 'p' or old_leaves):
				evidence.append(int(index))
	elif op in ('add_constraint', 'attach_partition'):
		built = [index for index, (_, table, _, mine, _) in after['indexes'].items()
				 if mine and index not in before['indexes'] and table in tree]
		evidence = tables(SHARE | EXCLUSIVE, True) if built else []
		if statement.kind.startswith('add using index'):
			evidence = [table for table in tables(EXCLUSIVE, True) if str(table) in scanned(before['scans'], after['scans'])]
	elif op == 'move_index':
		evidence = [lock.relation for lock in locks.values()
					if lock.kind == 'i' and lock.bits & EXCLUSIVE and lock.old()
					and before['indexes'].get(str(lock.relation), [0])[0] != after['indexes'].get(str(lock.relation), [0])[0]]
	# On a partitioned table whose partitions have what is wanted already nothing is built and no leaf is locked: see client.py.
	# Likewise with IF NOT EXISTS, under a lock that the transaction has had before.
	had_already = op in ('add_constraint', 'attach_partition') and not evidence and \
		any(row[2] == 'I' and row[3] and i not in before['indexes'] and row[1] in tree for i, row in after['indexes'].items())
	had_already = had_already or op == 'create_index' and not evidence and bool(tables(SHARE))
	# Other sessions have changed the partitions, or the indexes of the partitioned table, while the statement waited for its lock.
	tree_before = set(before['named'][1]) if before['named'] else set()
	parents = {row[4] for i, row in after['indexes'].items() if row[3] and i not in before['indexes'] and row[4]}
	changed = bool(tree ^ tree_before) if not statement.only else False
	changed = changed or any(str(p) not in before['indexes'] and not after['indexes'].get(str(p), [0, 0, 0, True])[3] for p in parents)
	others = any(not row[3] and before['indexes'].get(i, [-1])[0] != row[0] for i, row in after['indexes'].items()) or \
		any(i not in after['indexes'] and not locks.get(int(i)) for i in before['indexes'])
	seen = {'others committed': others, 'changed by others': changed, 'had already': had_already, 'evidence': evidence,
			'locks': after['locks'], 'locks before': before['locks'], 'named': after['named'],
			'indexes new or changed': {i: row for i, row in after['indexes'].items() if before['indexes'].get(i, [-1])[0] != row[0]},
			'indexes gone': [i for i in before['indexes'] if i not in after['indexes']], 'invalid': after['invalid']}
	return bool(evidence), invalid, seen
