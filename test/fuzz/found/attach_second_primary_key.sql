-- The partition has a primary key on another column than the parent's. PostgreSQL refuses to attach it, with "multiple primary keys for
-- table are not allowed", after it has built what comes before the primary key. Mode rewrite cannot know it, builds a unique index
-- for the primary key, which then fails, and leaves one more with every try: t_pkey1, t_pkey2. It tells them in the hint.
CREATE TABLE p (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b)) PARTITION BY RANGE (a);
CREATE TABLE t (a int NOT NULL PRIMARY KEY, b int NOT NULL);
SET pg_safe_index.mode = rewrite;
ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (0) TO (10);
ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (0) TO (10);
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 't'::regclass;
