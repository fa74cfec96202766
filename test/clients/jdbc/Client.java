// pgjdbc in its ways to run a command: what each does with a plain CREATE INDEX and DROP INDEX, and with the concurrent
// ones. The methods page...() are the page's code blocks, put in by `run`.
import java.sql.*;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

public class Client {
    static String url;

    interface Step { void run() throws SQLException; }

    static void check(String what, boolean good) { System.out.println((good ? "ok - " : "not ok - ") + what); }

    static void is(String what, Object got, Object expected) {
        check(what, expected.equals(got));
        if (!expected.equals(got)) System.out.println("    got: " + got + "\n    expected: " + expected);
    }

    static void show(String text) { System.out.println("    " + text.replace("\n", "\n    ")); }

    static Connection open(String url) throws SQLException { return DriverManager.getConnection(url, "app", null); }

    static Connection connect(String... parameters) throws SQLException {
        return open(url + (parameters.length > 0 ? "?" + String.join("&", parameters) : ""));
    }

    static void execute(Connection connection, String command) throws SQLException {
        try (Statement statement = connection.createStatement()) { statement.execute(command); }
    }

    // valid, invalid or none, as a connection of its own sees it.
    static String index(String name) throws SQLException {
        try (Connection c = connect(); Statement s = c.createStatement(); ResultSet r = s.executeQuery(
                "SELECT CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_index "
                + "WHERE indexrelid = to_regclass('" + name + "')")) {
            return r.next() ? r.getString(1) : "none";
        }
    }

    static void passes(String what, Step step) {
        try { step.run(); check(what, true); }
        catch (SQLException e) { check(what, false); show(e.getMessage()); }
    }

    // The step fails with our message and with `use` in the hint: in getMessage(), which is what a stack trace shows.
    static SQLException refused(String what, String message, String use, Step step) {
        try { step.run(); check(what, false); show("it ran"); return null; }
        catch (SQLException e) {
            String text = e.getMessage();
            check(what, "55000".equals(e.getSQLState()) && text.contains(message) && text.contains(use)
                    && text.contains("To run it "));
            show(text);
            return e;
        }
    }

    static final String NO_INDEX = "CREATE INDEX without CONCURRENTLY would block writes to table \"account\"";
    static final String NO_DROP = "DROP INDEX without CONCURRENTLY would block reads and writes of table \"account\"";
    static final String PLAIN = "CREATE INDEX plain ON account (email)";
    static final String USE = "Use: CREATE INDEX CONCURRENTLY plain ON account (email);";

    static void pageConcurrently(Connection connection) throws SQLException {
        //PAGE concurrently
    }

    static String pageOverrideUrl(String url) {
        //PAGE override_url
        return override;
    }

    static void pageOverrideTransaction(Connection connection) throws SQLException {
        //PAGE override_transaction
    }

    static void pageWarnings(Statement statement) throws SQLException {
        //PAGE warnings
    }

    static void batch(Connection c, String... commands) throws SQLException {
        try (Statement s = c.createStatement()) {
            for (String command : commands) s.addBatch(command);
            s.executeBatch();
        }
    }

    // All ways to run a plain command, under one setting of preferQueryMode.
    static void refusals(String mode) throws SQLException {
        String in = ", preferQueryMode=" + mode;
        try (Connection c = connect("preferQueryMode=" + mode)) {
            refused("Statement, autocommit" + in, NO_INDEX, USE, () -> execute(c, PLAIN));
            refused("PreparedStatement, autocommit" + in, NO_INDEX, USE, () -> {
                try (PreparedStatement p = c.prepareStatement(PLAIN)) { p.execute(); }
            });
            refused("executeBatch, autocommit" + in, NO_INDEX, USE,
                    () -> batch(c, "INSERT INTO account VALUES (7)", PLAIN));
            refused("a string of two commands" + in, NO_INDEX, USE, () -> execute(c, "SELECT 1; " + PLAIN));
            refused("DROP INDEX" + in, NO_DROP, "Use: DROP INDEX CONCURRENTLY account_old;",
                    () -> execute(c, "DROP INDEX account_old"));
            c.setAutoCommit(false);
            refused("Statement in a transaction" + in, NO_INDEX, USE, () -> execute(c, PLAIN));
            c.rollback();
            passes("a new table with its indexes in one transaction" + in, () -> {
                execute(c, "CREATE TABLE visit_" + mode + " (id bigint PRIMARY KEY, at timestamptz UNIQUE)");
                execute(c, "CREATE INDEX visit_at_" + mode + " ON visit_" + mode + " (at, id)");
                c.commit();
            });
        }
        is("nothing was built or dropped" + in, index("plain") + ", " + index("account_old"), "none, valid");
        is("the new table's index is valid" + in, index("visit_at_" + mode), "valid");
    }

    static void fields() throws SQLException {
        try (Connection c = connect()) {
            PSQLException e = (PSQLException) refused("for its fields", NO_INDEX, USE, () -> execute(c, PLAIN));
            if (e == null) return;
            ServerErrorMessage m = e.getServerErrorMessage();
            is("getServerErrorMessage(): SQLState", m.getSQLState(), "55000");
            is("... message", m.getMessage(), NO_INDEX);
            check("... detail", m.getDetail() != null && m.getDetail().contains("(SHARE lock)"));
            check("... hint", m.getHint() != null && m.getHint().startsWith(USE));
            is("... schema, table, constraint",
                    m.getSchema() + " " + m.getTable() + " " + m.getConstraint(), "public account plain");
        }
    }

    static void concurrently() throws SQLException {
        try (Connection c = connect()) {
            passes("page: CREATE INDEX CONCURRENTLY", () -> pageConcurrently(c));
            is("page: the index is valid", index("account_email"), "valid");
            passes("DROP INDEX CONCURRENTLY", () -> execute(c, "DROP INDEX CONCURRENTLY account_email"));
            is("DROP INDEX CONCURRENTLY: no index", index("account_email"), "none");
            passes("PreparedStatement: CREATE INDEX CONCURRENTLY", () -> {
                try (PreparedStatement p = c.prepareStatement("CREATE INDEX CONCURRENTLY account_email ON account (email)")) {
                    p.execute();
                }
            });
            is("PreparedStatement: the index is valid", index("account_email"), "valid");
        }
    }

    static void overrides() throws SQLException {
        try (Connection c = open(pageOverrideUrl(url))) {
            passes("page: the URL's options", () -> execute(c, PLAIN));
            is("page: the URL's options: the index is valid", index("plain"), "valid");
            passes("page: the URL's options: DROP INDEX", () -> execute(c, "DROP INDEX plain"));
        }
        try (Connection c = connect()) {
            passes("page: SET LOCAL", () -> pageOverrideTransaction(c));
            is("page: SET LOCAL: the index is valid", index("account_name"), "valid");
            refused("SET LOCAL is over with its transaction", NO_INDEX, USE, () -> execute(c, PLAIN));
            c.rollback();
            c.setAutoCommit(true);
            execute(c, "SET pg_safe_index.mode = off");
            passes("SET", () -> execute(c, PLAIN));
            is("SET: the index is valid", index("plain"), "valid");
            execute(c, "DROP INDEX plain");
        }
    }

    // The first warning of a command that runs. Its detail and hint are not in getMessage(), unlike those of an error.
    static String warning(Connection c, String command) throws SQLException {
        try (Statement s = c.createStatement()) {
            s.execute(command);
            SQLWarning w = s.getWarnings();
            if (w == null) return "no warning";
            ServerErrorMessage m = ((PSQLWarning) w).getServerErrorMessage();
            pageWarnings(s);
            String text = w.getSQLState() + " " + w.getMessage() + "\n" + m.getDetail() + "\n" + m.getHint();
            show(text);
            return text;
        }
    }

    static void warn() throws SQLException {
        try (Connection c = connect("options=-c%20pg_safe_index.mode=warn")) {
            String text = warning(c, PLAIN);
            check("mode warn: the SQLWarning", text.startsWith("01000 ") && text.contains(NO_INDEX) && text.contains(USE));
            is("mode warn: the index is valid", index("plain"), "valid");
            execute(c, "SET pg_safe_index.mode = off");
            execute(c, "DROP INDEX plain");
        }
    }

    static void rewrite(String mode) throws SQLException {
        String in = ", preferQueryMode=" + mode;
        try (Connection c = connect("preferQueryMode=" + mode, "options=-c%20pg_safe_index.mode=rewrite")) {
            check("mode rewrite: the SQLWarning" + in,
                    warning(c, PLAIN).contains("Running: CREATE INDEX CONCURRENTLY plain ON account (email);"));
            is("mode rewrite: the index is valid" + in, index("plain"), "valid");
            check("mode rewrite: DROP INDEX" + in,
                    warning(c, "DROP INDEX plain").contains("Running: DROP INDEX CONCURRENTLY plain;"));
            is("mode rewrite: no index" + in, index("plain"), "none");
            Step batch = () -> batch(c, "INSERT INTO account VALUES (7)", PLAIN);
            if (mode.equals("extended")) {
                refused("mode rewrite: executeBatch" + in, NO_INDEX, USE, batch);
            } else {
                // The driver sends each command of the batch by itself.
                passes("mode rewrite: executeBatch" + in, batch);
                is("mode rewrite: executeBatch: the index is valid" + in, index("plain"), "valid");
                execute(c, "DROP INDEX plain");
            }
            refused("mode rewrite: a string of two commands" + in, NO_INDEX, USE, () -> execute(c, "SELECT 1; " + PLAIN));
            c.setAutoCommit(false);
            refused("mode rewrite: in a transaction" + in, NO_INDEX, USE, () -> execute(c, PLAIN));
            c.rollback();
            is("mode rewrite: what was refused built nothing" + in, index("plain"), "none");
        }
    }

    static final String POSTPONE = "options=-c%20pg_safe_index.mode=rewrite%20-c%20pg_safe_index.in_transaction=postpone";
    static final String COMMITTED_BUT
            = "ERROR: transaction is committed, but this postponed command failed: CREATE INDEX CONCURRENTLY ";

    // Commands in a transaction, which the server runs after its COMMIT. With autosave=always the driver's savepoints are open
    // at the COMMIT, unless cleanupSavepoints releases them. As often as it takes until COMMIT is a prepared statement.
    static void postponed(String mode, String autosave) throws SQLException {
        String in = ", preferQueryMode=" + mode + ", " + autosave;
        try (Connection c = connect("preferQueryMode=" + mode, autosave, POSTPONE)) {
            c.setAutoCommit(false);
            StringBuilder seen = new StringBuilder();
            passes("postpone: commit(), ten times" + in, () -> {
                for (int i = 1; i <= 10; ++i) {
                    execute(c, "INSERT INTO account VALUES (" + i + ")");
                    execute(c, PLAIN);
                    c.commit();
                    seen.append(index("plain") + " ");
                    execute(c, "DROP INDEX plain");
                    c.commit();
                    seen.append(index("plain") + " ");
                }
            });
            is("postpone: commit(), ten times: built and dropped" + in, seen.toString(), "valid none ".repeat(10));
            passes("postpone: executeBatch" + in, () -> {
                batch(c, "INSERT INTO account VALUES (7)", PLAIN);
                c.commit();
            });
            is("postpone: executeBatch: the index is valid" + in, index("plain"), "valid");
            // The driver loses the application's savepoints with cleanupSavepoints: it releases its own around them.
            if (!autosave.contains("cleanupSavepoints")) {
                passes("postpone: rollback to a savepoint" + in, () -> {
                    Savepoint savepoint = c.setSavepoint();
                    execute(c, "DROP INDEX plain");
                    c.rollback(savepoint);
                    c.commit();
                });
                is("postpone: rollback to a savepoint: the index is there" + in, index("plain"), "valid");
            }
            passes("postpone: setAutoCommit(true) commits" + in, () -> {
                execute(c, "DROP INDEX plain");
                c.setAutoCommit(true);
            });
            is("postpone: setAutoCommit(true): no index" + in, index("plain"), "none");
            c.setAutoCommit(false);
            postponedAndFailed(c, in);
        }
    }

    static void postponedAndFailed(Connection c, String in) throws SQLException {
        String row = "INSERT INTO account VALUES (-5)";
        for (int i = 1; i <= 2; ++i) {
            try {
                execute(c, row);
                execute(c, "CREATE INDEX plain ON account ((1 / (id + 5)))");
                c.commit();
                check("postpone: a build that fails" + in, false);
            } catch (SQLException e) {
                check("postpone: a build that fails" + in, "55000".equals(e.getSQLState())
                        && e.getMessage().startsWith(COMMITTED_BUT) && e.getMessage().contains("(SQLSTATE 22012)")
                        && e.getMessage().contains("Do not repeat the transaction"));
                show(e.getMessage());
            }
            is("postpone: a build that fails: no index" + in, index("plain"), "none");
            // As the application goes on: rollback() or not.
            if (i == 1) c.rollback();
            try (Statement s = c.createStatement()) {
                is("postpone: a build that fails: the row is there" + in, s.executeUpdate("DELETE FROM account WHERE id = -5"), 1);
            }
            c.commit();
        }
    }

    // What Flyway does with a script: all of it in one call, in a transaction or without one.
    static void flyway(String index, String override) throws SQLException {
        try (Connection c = connect()) {
            execute(c, "DROP INDEX CONCURRENTLY account_email");
            passes("page on Flyway: CREATE INDEX CONCURRENTLY, without a transaction", () -> execute(c, index));
            is("page on Flyway: the index is valid", index("account_email"), "valid");
            execute(c, "DROP INDEX CONCURRENTLY account_name");
            c.setAutoCommit(false);
            passes("page on Flyway: SET LOCAL in a transaction", () -> execute(c, override));
            c.commit();
            is("page on Flyway: SET LOCAL: the index is valid", index("account_name"), "valid");
        }
    }

    public static void main(String[] arguments) throws SQLException, java.io.IOException {
        url = arguments[0];
        try (Connection c = connect()) {
            System.out.println(c.getMetaData().getDriverName() + " " + c.getMetaData().getDriverVersion()
                    + ", Java " + System.getProperty("java.version"));
            c.setAutoCommit(false);
            execute(c, "CREATE TABLE account (id bigint, email text, name text)");
            execute(c, "CREATE INDEX account_old ON account (id)");
            c.commit();
        }
        for (String mode : new String[] {"extended", "simple"}) refusals(mode);
        fields();
        concurrently();
        overrides();
        warn();
        for (String mode : new String[] {"extended", "simple"}) rewrite(mode);
        for (String mode : new String[] {"extended", "simple"}) {
            postponed(mode, "autosave=never");
            postponed(mode, "autosave=always");
            postponed(mode, "autosave=always&cleanupSavepoints=true");
        }
        flyway(java.nio.file.Files.readString(java.nio.file.Path.of(arguments[1])),
                java.nio.file.Files.readString(java.nio.file.Path.of(arguments[2])));
    }
}
