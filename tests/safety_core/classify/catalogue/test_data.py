"""Databases: reading, changing, emptying, deleting, and what their clients start."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

GREEN = r"""
psql -c 'select 1'
psql -d shop -tAc "select count(*) from orders"
psql -c '\dt+'
psql -l
psql shop <<< 'select 1;'
mysql -u root -e 'show databases'
mysql -Nse 'select 1\G' shop
sqlite3 a.db .tables
sqlite3 -readonly -json a.db 'select * from a'
duckdb -c "select * from 'a.csv' limit 5"
duckdb a.db 'explain select 1'
clickhouse-client -q 'select 1 format JSON'
sqlcmd -S a -Q 'select top 5 * from b'
cqlsh -e 'describe keyspaces'
redis-cli GET a
redis-cli -n 2 --raw hgetall a
redis-cli CONFIG GET dir
redis-cli --bigkeys
mongosh --quiet shop --eval 'db.orders.find({paid: true}).limit(5)'
etcdctl get --prefix a
influx query 'from(bucket: "a")'
cypher-shell 'MATCH (n) RETURN n LIMIT 5'
pg_isready -h a
mysqladmin status
nodetool status
prisma migrate status
alembic history -v
flyway info
knex migrate:list
supabase projects list
rails db:migrate:status
"""

YELLOW = r"""
psql shop
psql -f a.sql
psql -c 'select 1' -o a.txt
psql -c "update a set b = 1 where c = 2"
psql -c 'insert into a values (1)'
psql -c 'vacuum'
psql -c 'analyze a'
psql -c 'select my_function(1)'
psql --no-such-option -c 'select 1'
mysql shop < a.sql
mysql -e "load data infile 'a' into table b"
sqlite3 a.db
duckdb -init a.sql -c 'select 1'
psql -c '\\copy a to b.csv'
psql -c 'select 1 \\gexec'
sqlite3 a.db '.import a.csv b'
sqlite3 a.db '.read a.sql'
duckdb -c "copy a to 'a.csv'"
duckdb -c 'install httpfs'
redis-cli set a 1
redis-cli eval 'return 1' 0
redis-cli
mongosh --eval 'db.orders.insertOne({a: 1})'
mongosh --eval 'while (1) {}'
pg_dump shop -f a.sql
createdb shop
etcdctl put a b
alembic upgrade head
prisma generate
python manage.py migrate
python a.py flush
php artisan route:list
"""

EXTERNAL = r"""
psql -c "select dblink('host=a', 'select 1')"
clickhouse-client -q "select * from url('http://a/b', 'CSV')"
duckdb -c "copy a to 's3://a/b.parquet'"
"""

RED = r"""
psql -c 'delete from orders'
psql -c 'delete from orders where id = 1'
psql -c 'update orders set paid = true'
psql -c 'drop table orders'
psql -c 'truncate orders'
psql -c 'alter table a drop column b'
psql -c 'grant all on a to b'
psql -c "alter user a with password 'b'"
psql -c 'select pg_terminate_backend(1)'
psql -c "copy a to program 'ls'"
psql -c "select pg_read_file('/etc/shadow')"
psql -c 'select * from pg_authid'
psql -c 'select 1; drop table orders'
echo 'drop table orders' | psql shop
psql -c 'do $$ begin delete from orders; end $$'
mysql -e 'set global x = 1'
mysql -e 'select * from mysql.user'
sqlite3 a.db 'delete from b'
sqlite3 ~/.ssh/a.db 'select 1'
duckdb -c "select * from read_text('/etc/shadow')"
sqlite3 a.db '.restore b.db'
sqlcmd -Q "exec xp_cmdshell 'dir'"
redis-cli del a
redis-cli config set dir /tmp
redis-cli shutdown nosave
redis-cli DEBUG SEGFAULT
redis-cli acl setuser a
mongosh --eval 'db.orders.deleteMany({})'
mongosh --eval 'db.orders.drop()'
mongosh --eval 'db.createUser({})'
pg_restore --clean -d shop a.dump
mongorestore --drop a
etcdctl del a
influx bucket delete -n a
alembic downgrade -1
knex migrate:rollback
supabase secrets set A=b
rails db:drop
php artisan migrate:fresh
bundle exec rake db:drop
pg_ctl stop
mysqladmin shutdown
createuser a
"""

CRITICAL = r"""
psql -c 'drop database shop'
psql -c 'drop schema public cascade'
psql -c '\! rm -rf ~'
psql -c "copy a to program 'rm -rf ~'"
mysql -e 'system rm -rf ~'
mysql -e 'drop database shop'
mysqladmin drop shop
sqlite3 a.db '.shell rm -rf ~'
dropdb shop
python3 manage.py flush --no-input
prisma migrate reset
flyway clean
redis-cli FLUSHALL
redis-cli -n 2 flushdb
mongosh --eval 'db.dropDatabase()'
etcdctl del '' --prefix
cypher-shell 'MATCH (n) DETACH DELETE n'
"""


@pytest.mark.parametrize(("level", "line"), by_level(GREEN, YELLOW, EXTERNAL, RED, CRITICAL))
def test_databases(judging: Judging, level: Level, line: str) -> None:
    assert judging.level(line.replace("\\n", "\n")) is level
