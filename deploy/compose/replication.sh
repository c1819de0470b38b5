#!/bin/sh
# Lets the standby of the Compose file replicate, with the password of the superuser, and makes every commit wait for it. Runs while the database is
# made; a commit would wait in vain if the setting were on the command line already.
echo "host replication all samenet scram-sha-256" >>"$PGDATA/pg_hba.conf"
echo "synchronous_standby_names = 'standby'" >>"$PGDATA/postgresql.conf"
