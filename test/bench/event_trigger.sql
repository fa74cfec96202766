-- What people write where there is no pg_safe_index: an event trigger that forbids plain CREATE INDEX and DROP INDEX. At
-- ddl_command_start a function is told the tag of the command and nothing else; the rest it has to read from the text
-- that the client has sent, in which CONCURRENTLY is looked for as a word.
CREATE FUNCTION forbid_plain_index() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_query() !~* '\mCONCURRENTLY\M' THEN
		RAISE EXCEPTION '% without CONCURRENTLY is forbidden', tg_tag;
	END IF;
END $$;
CREATE EVENT TRIGGER forbid_plain_index ON ddl_command_start
	WHEN TAG IN ('CREATE INDEX', 'DROP INDEX')
	EXECUTE FUNCTION forbid_plain_index();
