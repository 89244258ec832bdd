-- The recurring jobs, which need the running server. A job of the same name is replaced.
CREATE EXTENSION IF NOT EXISTS pg_cron;

-- Not left to pg_partman's own background worker: of 5.2.4 on PostgreSQL 17, once a table is registered, every
-- run ends with "cannot drop portal … while it is being set up". Without pg_partman_bgw.dbname it stays idle.
SELECT cron.schedule('partition-maintenance', '7 * * * *', 'SELECT partman.run_maintenance()');
SELECT cron.schedule(
    'queue-cleanup', '* * * * *',
    $$DELETE FROM public.queue WHERE state = 'done' AND updated_at < now() - interval '1 day'$$
);
-- pg_cron itself never forgets a run.
SELECT cron.schedule(
    'job-history-cleanup', '23 3 * * *',
    $$DELETE FROM cron.job_run_details WHERE end_time < now() - interval '7 days'$$
);

SELECT partman.run_maintenance();
