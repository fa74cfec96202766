-- A partitioned table below another one has the constraint that is added above: it is attached, nothing is built, and the
-- leaf is not locked at all. By README's rule ("for something that PostgreSQL can do without that lock", "nothing is built")
-- this is none, or Limits should name it: it is refused, DETAIL says that the leaf would be locked in ACCESS EXCLUSIVE mode,
-- and the commands in the hint build a second index on the leaf. The same with ATTACH PARTITION of h to a table with that constraint.
SET pg_safe_index.mode = off;
CREATE TABLE h (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE h1 PARTITION OF h FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (a);
CREATE TABLE h11 PARTITION OF h1 FOR VALUES FROM (0) TO (10);
ALTER TABLE h1 ADD UNIQUE (a, b);
SET pg_safe_index.mode = warn;
BEGIN;
ALTER TABLE h ADD UNIQUE (a, b);
SELECT relation::regclass, mode FROM pg_locks WHERE pid = pg_backend_pid() AND mode IN ('ShareLock', 'AccessExclusiveLock');
ROLLBACK;
