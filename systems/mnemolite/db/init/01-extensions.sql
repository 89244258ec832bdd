-- Extensions. Everything in this folder may run again and again: at the first start, and in each setup.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS partman;
CREATE EXTENSION IF NOT EXISTS pg_partman SCHEMA partman;

-- Only where its library is loaded, which it need not be while a new cluster is being made.
-- The setup, on the running server, then insists.
DO $$
BEGIN
    IF current_setting('shared_preload_libraries') LIKE '%pg_cron%'
        AND current_setting('cron.database_name', true) = current_database()
    THEN
        CREATE EXTENSION IF NOT EXISTS pg_cron;
    END IF;
END $$;
