-- The administrator runs this at each new generation of the passwords. Repeating it changes nothing.
-- psql variables: admin, owner, client, monitor, and extensions (a list with spaces).

-- Another owner has objects here, which the clients of a new one could not use.
SELECT pg_get_userbyid(datdba) NOT IN (:'admin', :'owner') AS is_owned, pg_get_userbyid(datdba) AS owned_by
FROM pg_database WHERE datname = current_database() \gset
\if :is_owned
    \warn The database belongs to the role :owned_by, and not to :owner. Nothing was changed.
    \warn Set ragdock:postgres.user to :owned_by.
    DO $$ BEGIN RAISE EXCEPTION 'the database has another owner'; END $$;
\endif

SELECT format('CREATE ROLE %I', role) FROM unnest(ARRAY[:'owner', :'client', :'monitor']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

-- pg_cron runs jobs as the owner, which needs LOGIN. pg_hba.conf refuses it on the network.
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD NULL;
ALTER ROLE :"client" LOGIN;
ALTER ROLE :"client" SET role = :'owner';
ALTER ROLE :"monitor" LOGIN;
GRANT :"owner" TO :"client";
GRANT pg_monitor TO :"monitor";
SELECT format('ALTER DATABASE %I OWNER TO %I', current_database(), :'owner') \gexec

-- In a cluster of version 0.2 or older, clients were members of the administrator's role.
SELECT format('REVOKE %I FROM %I', :'admin', pg_get_userbyid(member))
FROM pg_auth_members WHERE roleid = :'admin'::regrole \gexec

-- Only a superuser can create some extensions, so the administrator creates all. Some need a
-- schema.
SELECT format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', schema, :'owner')
FROM (SELECT split_part(word, ':', 2) AS schema FROM regexp_split_to_table(:'extensions', ' +') AS word) AS words
WHERE schema <> '' \gexec
SELECT format('CREATE EXTENSION IF NOT EXISTS %I', split_part(word, ':', 1))
    || CASE split_part(word, ':', 2) WHEN '' THEN '' ELSE format(' SCHEMA %I', split_part(word, ':', 2)) END
FROM regexp_split_to_table(:'extensions', ' +') AS word WHERE word <> '' \gexec

-- The owner may use what the extensions have created in their own schemas.
SELECT format('GRANT USAGE, CREATE ON SCHEMA %1$I TO %2$I', nspname, :'owner'),
    format('GRANT ALL ON ALL TABLES IN SCHEMA %1$I TO %2$I', nspname, :'owner'),
    format('GRANT ALL ON ALL SEQUENCES IN SCHEMA %1$I TO %2$I', nspname, :'owner')
FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace
WHERE nspname NOT IN ('public', 'pg_catalog') \gexec
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', nspname, :'owner') FROM pg_namespace WHERE nspname = 'cron' \gexec

-- The owner gets the objects of the administrator, who ran the init files of a new cluster. The
-- objects of PostgreSQL and of the extensions stay the administrator's.
CREATE FUNCTION pg_temp.moves(catalog regclass, object oid, schema name) RETURNS boolean LANGUAGE sql AS $$
  SELECT schema !~ '^pg_' AND schema <> 'information_schema' AND NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = catalog AND objid = object AND deptype = 'e')
$$;
SELECT format('ALTER SCHEMA %I OWNER TO %I', nspname, :'owner') FROM pg_namespace
WHERE nspowner = :'admin'::regrole AND pg_temp.moves('pg_namespace', oid, nspname) \gexec
SELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, :'owner')
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relowner = :'admin'::regrole AND pg_temp.moves('pg_class', c.oid, nspname)
  AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  -- The sequence of a column gets a new owner together with its table.
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
                  AND relkind = 'S' AND deptype IN ('a', 'i')) \gexec
SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, :'owner')
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
WHERE proowner = :'admin'::regrole AND pg_temp.moves('pg_proc', p.oid, nspname) \gexec
SELECT format('ALTER TYPE %s OWNER TO %I', t.oid::regtype, :'owner')
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace LEFT JOIN pg_class c ON c.oid = typrelid
WHERE typowner = :'admin'::regrole AND pg_temp.moves('pg_type', t.oid, nspname)
  AND (typtype IN ('d', 'e', 'r') OR (typtype = 'c' AND relkind = 'c')) \gexec
