# What a program sees through psycopg 3: verdicts in each way of sending a command, fields of the error, notices.
import asyncio
import contextlib

import psycopg
from psycopg import errors

CREATE = "CREATE INDEX account_email ON account (email)"
CREATE_SAFELY = "CREATE INDEX CONCURRENTLY account_email ON account (email)"
DROP = "DROP INDEX account_created"
SAID = 'CREATE INDEX without CONCURRENTLY would block writes to table "account"'

print(f"psycopg {psycopg.__version__} ({psycopg.pq.__impl__}), libpq {psycopg.pq.version()}")
admin = psycopg.connect(autocommit=True)


def check(what, good, *details):
    print("ok" if good else "not ok", "-", what)
    if not good:
        print("   ", *details)


def indexes():
    """The names of the table's valid indexes, of the invalid ones with a mark."""
    return [name for name, in admin.execute("""
        SELECT relname || CASE WHEN indisvalid THEN '' ELSE ' (invalid)' END
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = 'account'::regclass ORDER BY 1""")]


OLD = ["account_created", "account_pkey"]
NEW = ["account_created", "account_email", "account_pkey"]


@contextlib.contextmanager
def connection(**parameters):
    """A connection; afterwards the table has its first indexes again."""
    conn = psycopg.connect(**parameters)
    try:
        yield conn
    finally:
        conn.close()
        admin.execute("DROP INDEX CONCURRENTLY IF EXISTS account_email")
        admin.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS account_created ON account (created)")


def error_of(run):
    try:
        run()
    except psycopg.Error as e:
        return e
    return None


def check_refused(what, run, visible=True):
    """Refused by us, with the hint, and nothing is built or dropped (if that would be visible by now). Gives the error."""
    e = error_of(run)
    good = (isinstance(e, errors.ObjectNotInPrerequisiteState) and "without CONCURRENTLY would block" in e.diag.message_primary
            and "INDEX CONCURRENTLY account_" in e.diag.message_hint and "To run it anyway" in e.diag.message_hint)
    check(f"{what}: refused", good, repr(e))
    if visible:
        check(f"{what}: nothing is done", indexes() == OLD, indexes())
    return e


def check_passes(what, run, after):
    e = error_of(run)
    check(f"{what}: passes", e is None, repr(e))
    check(f"{what}: it is done", indexes() == after, indexes())


def in_pipeline(conn, *commands):
    with conn.pipeline():
        for command in commands:
            conn.execute(command)


def fields():
    with connection(autocommit=True) as conn:
        e = check_refused("CREATE INDEX, autocommit", lambda: conn.execute(CREATE))
        for name, got, expected in (
                ("sqlstate", e.sqlstate, "55000"),
                ("diag.sqlstate", e.diag.sqlstate, "55000"),
                ("diag.severity", e.diag.severity, "ERROR"),
                ("diag.message_primary", e.diag.message_primary, SAID),
                ("diag.message_hint", e.diag.message_hint,
                 f"Use: {CREATE_SAFELY};\nTo run it anyway: BEGIN; SET LOCAL pg_safe_index.mode = off; {CREATE}; COMMIT;"),
                ("diag.schema_name", e.diag.schema_name, "public"),
                ("diag.table_name", e.diag.table_name, "account"),
                ("diag.constraint_name", e.diag.constraint_name, "account_email")):
            check(name, got == expected, got)
        check("diag.message_detail", "until the index is built (SHARE lock)" in e.diag.message_detail, e.diag.message_detail)
        check("str(error): message, DETAIL and HINT", str(e) ==
              f"{SAID}\nDETAIL:  {e.diag.message_detail}\nHINT:  {e.diag.message_hint}", str(e))
        e = check_refused("DROP INDEX, autocommit", lambda: conn.execute(DROP))
        check("DROP INDEX: table and index", (e.diag.table_name, e.diag.constraint_name) == ("account", "account_created"))
        check("the connection is good afterwards", conn.execute("SELECT 1").fetchone() == (1,))


def ways_to_send():
    """Each way reaches the same verdicts."""
    for what, keywords in (("simple protocol", {}), ("extended protocol", {"binary": True}), ("prepared", {"prepare": True})):
        with connection(autocommit=True) as conn:
            check_refused(f"{what}: CREATE INDEX", lambda: conn.execute(CREATE, **keywords))
            check_refused(f"{what}: DROP INDEX", lambda: conn.execute(DROP, **keywords))
            for turn in 1, 2, 3:
                check_passes(f"{what}: CREATE INDEX CONCURRENTLY, time {turn}", lambda: conn.execute(CREATE_SAFELY, **keywords), NEW)
                check_passes(f"{what}: DROP INDEX CONCURRENTLY, time {turn}",
                             lambda: conn.execute("DROP INDEX CONCURRENTLY account_email", **keywords), OLD)
            check_refused(f"{what}: CREATE INDEX, once more", lambda: conn.execute(CREATE, **keywords))
    with connection(autocommit=True) as conn:
        check("prepared: it is a prepared statement", error_of(lambda: conn.execute(DROP, prepare=True)) and
              conn.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", (DROP,)).fetchone() == (1,))
        check_refused("client-side cursor", lambda: psycopg.ClientCursor(conn).execute(CREATE))

    async def asynchronous(command):
        async with await psycopg.AsyncConnection.connect(autocommit=True) as conn:
            await conn.execute(command)
    with connection():
        check_refused("asyncio: CREATE INDEX", lambda: asyncio.run(asynchronous(CREATE)))
        check_passes("asyncio: CREATE INDEX CONCURRENTLY", lambda: asyncio.run(asynchronous(CREATE_SAFELY)), NEW)


def transactions():
    with connection() as conn:
        e = check_refused("not autocommit: CREATE INDEX", lambda: conn.execute(CREATE), visible=False)
        check("... the hint says what is in the way", "cannot run inside a transaction block" in e.diag.message_hint)
        check("... the transaction has failed", isinstance(error_of(lambda: conn.execute("SELECT 1")), errors.InFailedSqlTransaction))
        conn.rollback()
        check("not autocommit: CONCURRENTLY is PostgreSQL's own error",
              isinstance(error_of(lambda: conn.execute(CREATE_SAFELY)), errors.ActiveSqlTransaction))
    with connection(autocommit=True) as conn:
        with conn.transaction():
            conn.execute("SELECT 1")

            def savepoint():
                with conn.transaction():
                    conn.execute(CREATE)
            check_refused("a transaction in a transaction", savepoint, visible=False)
            conn.execute("CREATE TABLE visit (id int)")
        check("... the outer one goes on, and is committed", conn.execute("SELECT count(*) FROM visit").fetchone() == (0,))
        check("... nothing is built", indexes() == OLD, indexes())
        conn.execute("DROP TABLE visit")

        def new_table():
            with conn.transaction():
                conn.execute("CREATE TABLE visit (id int PRIMARY KEY, at date UNIQUE)")
                conn.execute("CREATE INDEX visit_at ON visit (at)")
                conn.execute("DROP INDEX visit_at")
                conn.execute("CREATE INDEX visit_at ON visit (at)")
        e = error_of(new_table)
        check("a new table with its indexes in one transaction: passes", e is None, repr(e))
        conn.execute("DROP TABLE visit")


def several_statements():
    with connection(autocommit=True) as conn:
        e = check_refused("several statements in a string", lambda: conn.execute(f"SELECT 1; {CREATE}"))
        check("... the hint says what is in the way", "a string of several commands" in e.diag.message_hint)
        check_refused("several statements, the index first", lambda: conn.execute(f"{CREATE}; SELECT 1"))
        check("several statements: CONCURRENTLY is PostgreSQL's own error",
              isinstance(error_of(lambda: conn.execute(f"SELECT 1; {CREATE_SAFELY}")), errors.ActiveSqlTransaction))
        e = error_of(lambda: conn.execute(
            "CREATE TABLE visit (id int PRIMARY KEY, at date); CREATE INDEX visit_at ON visit (at); DROP TABLE visit"))
        check("several statements: a new table with its index passes", e is None, repr(e))


def pipelines():
    with connection(autocommit=True) as conn:
        check_refused("pipeline: CREATE INDEX first", lambda: in_pipeline(conn, CREATE))
        check_refused("pipeline: CREATE INDEX after another command", lambda: in_pipeline(conn, "SELECT 1", CREATE))
        check("the connection is good after a pipeline", conn.execute("SELECT 1").fetchone() == (1,))
        check_passes("pipeline: CONCURRENTLY first", lambda: in_pipeline(conn, CREATE_SAFELY, "SELECT 1"), NEW)


def notices():
    seen = []
    with connection(autocommit=True, options="-c pg_safe_index.mode=warn") as conn:
        conn.add_notice_handler(lambda diag: seen.append((diag.severity, diag.sqlstate, diag.message_primary,
                                                         diag.table_name, "CONCURRENTLY account_email" in (diag.message_hint or ""))))
        check_passes("warn: CREATE INDEX", lambda: conn.execute(CREATE), NEW)
        check("warn: the warning", seen == [("WARNING", "01000", SAID, "account", True)], seen)
    for what, keywords in (("simple protocol", {}), ("extended protocol", {"binary": True}), ("prepared", {"prepare": True})):
        seen.clear()
        with connection(autocommit=True, options="-c pg_safe_index.mode=rewrite") as conn:
            conn.add_notice_handler(lambda diag: seen.append((diag.severity, diag.message_primary, diag.message_detail)))
            cursor = conn.cursor()
            check_passes(f"rewrite: {what}: CREATE INDEX", lambda: cursor.execute(CREATE, **keywords), NEW)
            check(f"rewrite: {what}: the tag of what was sent", cursor.statusmessage == "CREATE INDEX", cursor.statusmessage)
            check(f"rewrite: {what}: the notice", seen == [("NOTICE", f"{SAID}: the safe form is run instead",
                                                          f"Running: {CREATE_SAFELY};")], seen)
            check_passes(f"rewrite: {what}: DROP INDEX", lambda: conn.execute("DROP INDEX account_email", **keywords), OLD)
    with connection(options="-c pg_safe_index.mode=rewrite") as conn:
        check_refused("rewrite: not autocommit", lambda: conn.execute(CREATE), visible=False)
    with connection(autocommit=True, options="-c pg_safe_index.mode=rewrite") as conn:
        def transaction():
            with conn.transaction():
                conn.execute(CREATE)
        check_refused("rewrite: in a transaction", transaction)
        check_refused("rewrite: several statements", lambda: conn.execute(f"SELECT 1; {CREATE}"))
        check_refused("rewrite: pipeline, after its first command", lambda: in_pipeline(conn, "SELECT 1", CREATE))
        seen.clear()
        conn.add_notice_handler(lambda diag: seen.append(diag.message_detail))
        check_passes("rewrite: pipeline, first", lambda: in_pipeline(conn, CREATE), NEW)
        check_passes("rewrite: pipeline, first, with more after it",
                     lambda: in_pipeline(conn, "DROP INDEX account_email", "SELECT 1"), OLD)
        check("rewrite: pipeline: the notices", seen == [
            f"Running: {CREATE_SAFELY};", "Running: DROP INDEX CONCURRENTLY account_email;"], seen)


def overrides():
    with connection(autocommit=True, options="-c pg_safe_index.mode=off") as conn:
        check_passes("override: options=", lambda: conn.execute(CREATE), NEW)
    with connection(autocommit=True) as conn:
        conn.execute("SET pg_safe_index.mode = off")
        check_passes("override: SET", lambda: conn.execute(CREATE), NEW)
    with connection(autocommit=True) as conn:
        conn.execute("SELECT set_config('pg_safe_index.mode', %s, false)", ("off",))
        check_passes("override: set_config with a parameter", lambda: in_pipeline(conn, "SELECT 1", CREATE), NEW)
    with connection(autocommit=True) as conn:
        with conn.transaction():
            conn.execute("SET LOCAL pg_safe_index.mode = off")
        check_refused("override: SET LOCAL ends with its transaction", lambda: conn.execute(CREATE))


def postponing(**parameters):
    return connection(options="-c pg_safe_index.mode=rewrite -c pg_safe_index.in_transaction=postpone", **parameters)


def postponed():
    """Commands in a transaction, which the server runs after its COMMIT."""
    def in_with_connection(command):
        with psycopg.connect(options="-c pg_safe_index.mode=rewrite -c pg_safe_index.in_transaction=postpone") as conn:
            conn.execute(command)

    def in_transaction(command, **keywords):
        with conn.transaction():
            conn.execute(command, **keywords)

    def in_inner_transaction(command):
        with conn.transaction():
            with conn.transaction():
                conn.execute(command)

    def in_transaction_in_pipeline(command):
        with conn.pipeline():
            with conn.transaction():
                conn.execute(command)
            conn.execute("SELECT 1")

    def by_prepared_commit(command):
        for each in "BEGIN", command, "COMMIT":
            conn.execute(each, prepare=True)

    with postponing(autocommit=True) as conn:
        seen = []
        conn.add_notice_handler(lambda diag: seen.append(diag.message_primary))
        for what, run in (
                ("with connect()", in_with_connection),
                ("with transaction()", in_transaction),
                ("with transaction(), prepared", lambda command: in_transaction(command, prepare=True)),
                ("with transaction() in another", in_inner_transaction),
                ("BEGIN and COMMIT in a string", lambda command: conn.execute(f"BEGIN; {command}; COMMIT")),
                ("BEGIN and COMMIT, prepared", by_prepared_commit),
                ("BEGIN and COMMIT in a pipeline", lambda command: in_pipeline(conn, "BEGIN", command, "COMMIT", "SELECT 1")),
                ("with transaction() in a pipeline", in_transaction_in_pipeline)):
            for turn in 1, 2:
                check_passes(f"postpone: {what}: CREATE INDEX, time {turn}", lambda: run(CREATE), NEW)
                check_passes(f"postpone: {what}: DROP INDEX, time {turn}", lambda: run("DROP INDEX account_email"), OLD)
        check("postpone: the notices", set(seen) == {"CREATE INDEX CONCURRENTLY is postponed until after COMMIT",
                                                     "DROP INDEX CONCURRENTLY is postponed until after COMMIT"}, seen)
        check_refused("postpone: a pipeline without BEGIN", lambda: in_pipeline(conn, "SELECT 1", CREATE))

        def rolled_back():
            with conn.transaction(force_rollback=True):
                conn.execute(CREATE)
        check_passes("postpone: force_rollback", rolled_back, OLD)
    with postponing() as conn:
        def in_pipeline_until_commit(command):
            in_pipeline(conn, command)
            conn.commit()

        def commit_in_pipeline(command):
            with conn.pipeline():
                conn.execute(command)
                conn.commit()
                conn.execute("SELECT 1")
            conn.rollback()
        for run in in_pipeline_until_commit, commit_in_pipeline:
            check_passes(f"postpone: {run.__name__}: CREATE INDEX", lambda: run(CREATE), NEW)
            check_passes(f"postpone: {run.__name__}: DROP INDEX", lambda: run("DROP INDEX account_email"), OLD)


def postponed_and_failed():
    """A build that fails after the COMMIT."""
    ROW = "INSERT INTO account VALUES (-5, '')"
    FAIL = "CREATE INDEX account_email ON account ((1 / (id + 5)))"

    def by_with_connection():
        with psycopg.connect(options="-c pg_safe_index.mode=rewrite -c pg_safe_index.in_transaction=postpone") as conn:
            conn.execute(ROW)
            conn.execute(FAIL)

    def by_transaction():
        with conn.transaction():
            conn.execute(ROW)
            conn.execute(FAIL)

    def by_string():
        conn.execute(f"BEGIN; {ROW}; {FAIL}; COMMIT; SELECT 1")

    def by_pipeline():
        in_pipeline(conn, "BEGIN", ROW, FAIL, "COMMIT", "SELECT 1")

    def by_transaction_in_pipeline():
        with conn.pipeline():
            by_transaction()
    with postponing(autocommit=True) as conn:
        for run in by_with_connection, by_transaction, by_string, by_pipeline, by_transaction_in_pipeline:
            what = f"postpone: {run.__name__}: a build that fails"
            e = error_of(run)
            check(f"{what}: the error", isinstance(e, errors.ObjectNotInPrerequisiteState) and e.diag.message_primary ==
                  f"transaction is committed, but this postponed command failed: {FAIL.replace('INDEX', 'INDEX CONCURRENTLY')};" and
                  "(SQLSTATE 22012)" in e.diag.message_detail and "Do not repeat the transaction" in e.diag.message_hint, repr(e))
            check(f"{what}: no index, and the row is there", indexes() == OLD and admin.execute(
                "DELETE FROM account WHERE id = -5").rowcount == 1, indexes())
            check(f"{what}: the connection is good", conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE and
                  conn.execute("SELECT 1").fetchone() == (1,))


for part in (fields, ways_to_send, transactions, several_statements, pipelines, notices, overrides, postponed,
             postponed_and_failed):
    part()
admin.close()
