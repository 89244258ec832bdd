-- The recurring jobs. They need the running server. A job of the same name is replaced.
CREATE EXTENSION IF NOT EXISTS pg_cron;

-- pg_cron runs the maintenance and not the background worker of pg_partman. In pg_partman 5.2.4 on PostgreSQL 17 every
-- run of the worker ends with "cannot drop portal … while it is being set up" once a table is registered. Without
-- pg_partman_bgw.dbname the worker stays idle.
SELECT cron.schedule('partition-maintenance', '7 * * * *', 'SELECT partman.run_maintenance()');
SELECT cron.schedule(
    'queue-cleanup', '* * * * *',
    $$DELETE FROM public.queue WHERE state = 'done' AND updated_at < now() - interval '1 day'$$
);
-- pg_cron never deletes the record of a run.
SELECT cron.schedule(
    'job-history-cleanup', '23 3 * * *',
    $$DELETE FROM cron.job_run_details WHERE end_time < now() - interval '7 days'$$
);

SELECT partman.run_maintenance();
