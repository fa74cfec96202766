\echo Use "ALTER EXTENSION psi_probe UPDATE" to load this file. \quit

DROP INDEX public.psi_probe_a;
CREATE INDEX psi_probe_b ON public.psi_probe_target (a);
