-- Proves: the command in the hint is the user's own text with CONCURRENTLY in the right place, whatever
-- comments, quotes and line ends it holds; detail and error fields name what is concerned.
LOAD 'pg_safe_index';
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SCHEMA psi_hint;
CREATE SCHEMA "Hidden Schema";
SET search_path = psi_hint;
CREATE TABLE "Mixed Case" ("A b" text, c int, d text[]);
CREATE TABLE "Hidden Schema"."T" (a int);
CREATE TABLE "on" ("index" int, "using" int);
CREATE TABLE concurrently_t (a int);

CREATE INDEX ON "Mixed Case" ("A b");
create unique index if not exists "I ""x""" on "Mixed Case" ("A b" collate "C" text_pattern_ops desc nulls last);
CREATE/**/INDEX/* CONCURRENTLY */i/* ( */ON"Mixed Case"(c);
/* before */ CREATE -- not here: INDEX
  UNIQUE
  INDEX -- here
    i -- the name
  ON ONLY ("Mixed Case") -- the table
    USING btree (c) -- the column
  -- after
;
CREATE INDEX i ON "Mixed Case" ((replace("A b", 'x; -- y', $q$;/* $q$))) WHERE "A b" <> E'it\'s';
CREATE INDEX U&"d\0061t\+000061" ON "Mixed Case" (c);
CREATE INDEX U&"d!0061ta" UESCAPE '!' ON psi_hint.U&"Mixed!0020Case" UESCAPE '!' (c);
CREATE INDEX i ON "Mixed Case" * (c);
CREATE INDEX "where" ON "on" ("index", "using");
CREATE INDEX "where" ON psi_hint."on" USING hash ("using");
CREATE INDEX ON concurrently_t (a);
CREATE INDEX i ON "Mixed Case" USING gin (d) WITH (fastupdate = off);
CREATE UNIQUE INDEX i ON "Mixed Case" (c) INCLUDE ("A b") NULLS NOT DISTINCT WITH (fillfactor = 70)
  TABLESPACE pg_default WHERE c > 0 AND d <> '{}';
CREATE INDEX i ON "Hidden Schema"."T" (a);
SELECT 1 AS one\; /* two */ CREATE INDEX i ON "Mixed Case" (c) /* end */\; SELECT 3 AS three;
DO $do$ BEGIN /* in */ CREATE INDEX i ON "Mixed Case" (c); END $do$;

-- a setting that the scanner goes by has changed since the text was parsed: the hint comes from the tree
SET backslash_quote = off\; CREATE INDEX i ON "Mixed Case" (("A b" || E'x\'y'));
SHOW backslash_quote;

CREATE INDEX CONCURRENTLY "I 1" ON "Mixed Case" (c);
CREATE INDEX CONCURRENTLY "I 1" ON "Hidden Schema"."T" (a);
CREATE INDEX CONCURRENTLY "I 2" ON "Mixed Case" (c);
DROP INDEX "I 1";
drop /* this */ index -- one
  if exists "I 1" restrict -- please
;
DROP INDEX "Hidden Schema"."I 1";
DROP INDEX "I 1", "I 2", "Hidden Schema"."I 1";
DROP INDEX "I 1" CASCADE;

-- a keyword is a name after a dot, and by itself it is not
CREATE TABLE k (a int, "user" text, "true" boolean) PARTITION BY LIST (a);
CREATE TABLE k_1 PARTITION OF k FOR VALUES IN (1);
CREATE INDEX k_user ON k (lower(k.user)) WHERE k.true;

-- the fields that drivers read
DO $$
DECLARE state text; s text; t text; i text;
BEGIN
  CREATE INDEX "I 3" ON "Hidden Schema"."T" (a);
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, s = SCHEMA_NAME, t = TABLE_NAME, i = CONSTRAINT_NAME;
  RAISE WARNING '%: "%", "%", "%"', state, s, t, i;
END $$;
DO $$
DECLARE state text; s text; t text; i text;
BEGIN
  DROP INDEX "I 1";
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, s = SCHEMA_NAME, t = TABLE_NAME, i = CONSTRAINT_NAME;
  RAISE WARNING '%: "%", "%", "%"', state, s, t, i;
END $$;

-- mode warn says the same, and the command runs
SET pg_safe_index.mode = warn;
CREATE INDEX "I 3" ON "Mixed Case" (c);
DROP INDEX "I 3";
RESET pg_safe_index.mode;
DROP SCHEMA psi_hint, "Hidden Schema" CASCADE;
