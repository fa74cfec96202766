-- The time in which a command is refused, in milliseconds. The clock is read in the server around the command and the
-- block that catches its error.
CREATE FUNCTION refusal_ms(statement text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
	ended timestamptz;
BEGIN
	started := clock_timestamp();
	BEGIN
		EXECUTE statement;
	EXCEPTION WHEN object_not_in_prerequisite_state THEN
		ended := clock_timestamp();
		IF SQLERRM LIKE '% without CONCURRENTLY would block %' THEN
			RETURN 1000 * extract(epoch FROM ended - started);
		END IF;
	END;
	RAISE EXCEPTION 'not refused by the library: %', statement;
END $$;
