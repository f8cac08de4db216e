"""Services elsewhere: building, names, mail, search, brokers, watching, backups, money, switches, gateways."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

GREEN = r"""
vault status
vault list secret/
op item list
heroku ps -a x
heroku logs --tail
fly status
vercel ls
vercel env ls
netlify status
railway status
render services
supabase status
wrangler kv namespace list
wrangler whoami
shopify theme list
firebase projects:list
stripe customers list
square payments list
kafka-topics --list --bootstrap-server b
kafka-topics.sh --describe --topic t --bootstrap-server b:9092
kafka-consumer-groups --bootstrap-server b --list
kafka-console-consumer --topic t --bootstrap-server b
rabbitmqctl list_queues
rabbitmqadmin list queues
nats stream ls
nats kv get b k
nats server ping
algolia search x --query a
fastly service list
dnscontrol preview
certbot certificates
ldcli flags list --project p
flipt validate
nginx -t
haproxy -c -f x
caddy validate
apachectl configtest
deck gateway diff
apigeecli apis list -o org
newrelic entity search --name x
pd service list
promtool check config p.yml
amtool alert query
grafana-cli plugins ls
splunk search x
sentry-cli releases list
restic snapshots
restic cache
rclone ls r:
rclone sync -n a r:b
kopia snapshot list
mc ls x
mc admin info x
s3cmd ls
circleci context list
circleci config validate
gitlab-runner list
travis history
auth0 apps list
auth0 users search --query x
auth0 api get users -q x
okta apps
ollama list
claude mcp list
openclaw status
jira issue list
gog gmail search x
gam print users
bd ready
tailscale status
certbot renew --dry-run
pm2 list
dbt ls
airflow dags list
prisma migrate status
alembic current
flyway info
etcdctl get a
temporal workflow list
databricks clusters list
short search foo
plesk version
gh api graphql -f query='{viewer{login}}'
restic check
timeshift --list
snapper list
pdnsutil list-all-zones
rndc status
postqueue -p
elasticsearch-plugin list
elasticsearch-users list
pulsar-admin topics list a/b
rabbitmqctl status
nats stream info s
rpk topic consume t
promtool query instant http://localhost:9090 up
stripe charges list --limit 3
stripe get /v1/balance
bitcoin-cli getbalance
ldcli environments list --project p
plesk bin subscription --list
sf org list
tailscale serve status
pm2 logs
wp plugin list
supabase migration list
fly logs
tilt doctor
tilt get uiresources
"""

YELLOW = r"""
fly deploy
railway up
wrangler deploy
firebase deploy
stripe products create
deck dump
restic backup ~/x
borg create repo::a .
jenkins-cli build x
dbt run
prisma db push
restic restore latest --target /tmp/x
kopia policy set --global
keycloak start
hf download a/b
ollama pull a
etcdctl snapshot save x
heroku run bash
"""

EXTERNAL = r"""
vercel
vercel --prod
netlify deploy --prod
stripe listen
nats pub a b
rclone copy a r:b
mc cp a b/c
auth0 domains verify x
gog gmail send --to a
sendgrid send a
kafka-console-producer --topic t --bootstrap-server b
shopify app deploy
"""

RED = r"""
vault read secret/x
vault kv get secret/x
vault delete secret/x
vault kv destroy -versions=1 secret/x
vault secrets disable kv
vault token revoke x
op item delete x
doppler secrets delete X
doppler secrets
heroku config
railway down
wrangler kv:key delete x
wrangler d1 execute db --command 'drop table x'
wrangler rollback
wrangler r2 object delete a/b
shopify theme push --live
stripe refunds create --charge=x
stripe customers delete cus_1
stripe payouts create
square catalog delete x
square customers delete --id x
braintree refund x
kafka-consumer-groups --reset-offsets --to-earliest --execute --group g --topic t
kafka-configs --alter --delete-config x
kafka-acls --remove --topic x
rabbitmqctl stop_app
nats consumer rm s c
algolia objects delete x
fastly backend delete --name x
fastly service-version activate --version 3
nsupdate -k key file
dnscontrol push
certbot delete --cert-name x
ldcli flags delete --flag x
ldcli flags toggle-off --flag x
flipt flag delete x
nginx -s stop
nginx -s reload
haproxy -f x -sf 123
apachectl stop
deck gateway sync
apigeecli apis delete -n x
prometheus --config.file=x
grafana-cli plugins remove x
splunk delete user x
datadog-ci monitors delete x
sentry-cli releases delete x
restic unlock --remove-all
borg break-lock repo
rclone sync a r:b
mc mirror --remove a b
mc admin user remove x
s3cmd del s3://b/x
s3cmd rb s3://b
s3cmd sync --delete-removed a s3://b
circleci context delete x
auth0 apps delete x
auth0 api delete clients/x
ollama rm x
gam delete user x
tailscale up
pm2 delete all
airflow dags delete x
alembic downgrade -1
temporal workflow terminate -w x
databricks clusters delete x
snow sql -q 'drop table x'
plesk bin domain --remove x
borg key export repo k
borg check --repair repo
timeshift --delete --snapshot s
s3cmd setacl --acl-public s3://b/k
mc ilm rule rm x
mc alias set a http://b k s
b2 sync --delete a b2://c
gitlab-runner register
circleci orb unlist a/b
jenkins-cli delete-builds job 1-5
jenkins-cli safe-restart
drone secret add x
pdnsutil delete-zone shop.example
rndc flush
akamai purge delete x
mailgun domains delete x
kafka-topics --alter --topic t --partitions 3 --bootstrap-server b
rabbitmqctl add_user a b
influx bucket delete -n b
stripe subscriptions cancel sub_1
paypal refund x
bitcoin-cli sendtoaddress a 1
unleash features archive x
varnishadm ban req.url '~' /
auth0 users delete x
aider --yes-always
wg-quick up wg0
tailscale funnel 80
fly secrets set A=b
heroku addons:destroy x
tilt down
"""

CRITICAL = r"""
vault operator seal
heroku apps:destroy -a x
heroku pg:reset
fly apps destroy x
vercel rm x --yes
netlify sites:delete x
supabase db reset --linked
shopify theme delete
firebase firestore:delete --all-collections
kafka-topics --delete --topic x --bootstrap-server b
kafka-delete-records --bootstrap-server b --offset-json-file f
rabbitmqctl delete_vhost x
rabbitmqctl purge_queue q
rabbitmqadmin delete queue name=x
rabbitmqadmin purge queue name=x
nats stream rm ORDERS -f
nats kv del b k
algolia indices delete x -y
fastly purge --all
fastly service delete
flipt import --drop f.yml
deck gateway reset
kong migrations reset
newrelic apm application delete --applicationId 1
pd service delete -i x
pd schedule delete x
amtool silence add x
splunk clean eventdata
splunk remove index main
restic prune
restic key remove x
borg delete repo::a
borg prune -v --list repo
borg compact repo
rclone delete r:b
rclone purge r:b
duplicity remove-all-but-n-full 2 x
duplicity cleanup --force x
kopia snapshot delete x
mc rm --recursive --force x
mc rb x --force
gitlab-runner unregister --all-runners
claude -p hi --dangerously-skip-permissions
prisma migrate reset
flyway clean
etcdctl del --prefix a
restic rewrite --forget
snapper delete 1
postsuper -d ALL
doveadm expunge mailbox INBOX all
kafka-streams-application-reset --application-id a
pulsar-admin namespaces delete a/b
confluent kafka topic delete t
ldcli projects delete --project p
sf data delete bulk --sobject A --file x.csv
hf repo delete a/b
wp db drop --yes
drush sql:drop
vercel domains rm a.example
"""


@pytest.mark.parametrize(("level", "command"), by_level(GREEN, YELLOW, EXTERNAL, RED, CRITICAL))
def test_level(judging: Judging, level: Level, command: str) -> None:
    verdict = judging.verdict(judging.shell(command))
    assert verdict.level is level, verdict.hits
