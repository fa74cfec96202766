-- The database that is dumped and restored: each kind of index, constraint and table that pg_dump writes commands for
-- which the guard looks at.
CREATE TABLE account (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	email text CONSTRAINT account_email_key UNIQUE,
	active bool DEFAULT true
);
CREATE INDEX account_lower_name ON account (lower(name));
CREATE INDEX account_active ON account (id) WHERE active;
INSERT INTO account (name, email) SELECT 'Name ' || i, 'e' || i || '@example.org' FROM generate_series(1, 500) i;

CREATE TABLE booking (
	id int PRIMARY KEY,
	account_id bigint REFERENCES account,
	during int4range,
	CONSTRAINT booking_no_overlap EXCLUDE USING gist (during WITH &&)
);
CREATE INDEX booking_account ON booking (account_id);
INSERT INTO booking SELECT i, i, int4range(10 * i, 10 * i + 5) FROM generate_series(1, 100) i;

CREATE TABLE event (id bigint, year int, kind int, account_id bigint REFERENCES account, PRIMARY KEY (id, year, kind))
	PARTITION BY LIST (year);
CREATE TABLE event_2026 PARTITION OF event FOR VALUES IN (2026) PARTITION BY RANGE (kind);
CREATE TABLE event_2026_low PARTITION OF event_2026 FOR VALUES FROM (0) TO (10);
CREATE TABLE event_2026_high PARTITION OF event_2026 FOR VALUES FROM (10) TO (20);
CREATE TABLE event_2027 PARTITION OF event FOR VALUES IN (2027);
CREATE INDEX event_account ON event (account_id);
ALTER TABLE event ADD CONSTRAINT event_unique UNIQUE (account_id, year, kind, id);
INSERT INTO event SELECT i, 2026 + i % 2, i % 20, 1 + i % 500 FROM generate_series(1, 2000) i;

CREATE TABLE booked_event (event_id bigint, year int, kind int, FOREIGN KEY (event_id, year, kind) REFERENCES event);

CREATE MATERIALIZED VIEW events_by_kind AS SELECT kind, count(*) FROM event GROUP BY kind;
CREATE UNIQUE INDEX events_by_kind_kind ON events_by_kind (kind);

-- Partitioned, without a constraint.
CREATE TABLE visit (id bigint, day int, page text) PARTITION BY LIST (day);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES IN (1) PARTITION BY HASH (id);
CREATE TABLE visit_1_even PARTITION OF visit_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE visit_1_odd PARTITION OF visit_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX visit_page ON visit (page);
INSERT INTO visit SELECT i, 1, 'page ' || i FROM generate_series(1, 100) i;
