\echo Use "CREATE EXTENSION psi_probe" to load this file. \quit

CREATE FUNCTION psi_probe_execute(command text, query text) RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C STRICT;

-- The table is the test's, and older than this transaction.
CREATE INDEX psi_probe_a ON public.psi_probe_target (a);
