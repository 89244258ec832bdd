-- Extensions. The files of this folder run at the first start, as the administrator, and in each setup, as the owner.
-- The job db-credentials also creates pg_cron, which needs its library.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS partman;
CREATE EXTENSION IF NOT EXISTS pg_partman SCHEMA partman;
