"""Services that are administered over HTTP: by port, by host and by path."""

from __future__ import annotations

import pytest

from safety_core.model.level import Level
from tests.simulators.commands import by_level
from tests.simulators.judging import Judging

GREEN = r"""
curl -s localhost:9200/_search -d '{"query":{}}'
curl -XPOST 'http://localhost:9200/idx/_search?pretty' -H 'Accept: */*' -d '{"query":{"match_all":{}}}'
curl https://api.stripe.com/v1/charges -u x:
curl http://127.0.0.1:8200/v1/sys/health
curl localhost:8001/services
http localhost:9200/_cat/indices
curl localhost:9200/_cat/health?v
curl -X POST 'localhost:7700/indexes/movies/search' --data-binary '{"q":"x"}'
curl http://localhost:9200/shop/_mapping
curl -X DELETE http://localhost:9200/_search/scroll -d '{}'
curl -X POST https://shop-dsn.algolia.net/1/indexes/a/query -d '{"query":"x"}'
http GET localhost:9200/shop/_search q==x
wget -qO- http://localhost:9200/_cat/indices
"""

YELLOW = r"""
curl -X POST -H 'content-type: application/json' localhost:3000/api/users -d '{"name":"a"}'
curl -X POST http://localhost:8080/api/items -d '{}'
curl -X POST http://localhost:9200/shop/_doc -d '{"a":1}'
"""

EXTERNAL = r"""
curl -X POST https://api.sendgrid.com/v3/mail/send -d @mail.json
curl -X POST https://api.github.com/graphql -d '{"query":"mutation{x}"}'
curl -G https://api.example.com/search -d q=x
curl -X POST https://api.telegram.org/bot1/sendMessage -d text=x
curl https://api.telegram.org/bot1/sendMessage?text=hi
curl -X POST http://ci.example/job/shop/build
curl -X POST https://slack.com/api/chat.postMessage -d text=x
"""

RED = r"""
curl -X DELETE "https://search.example.com:9200/logs-2024"
curl -X POST http://jenkins.local/job/deploy/doDelete
curl -X POST https://api.stripe.com/v1/refunds -u sk: -d charge=ch_1
curl -X DELETE https://api.stripe.com/v1/customers/cus_1
curl -X DELETE https://api.cloudflare.com/client/v4/zones/abc/dns_records/def
curl -X PATCH https://app.launchdarkly.com/api/v2/flags/default/x -d '[]'
curl --unix-socket /var/run/docker.sock -X POST http://localhost/containers/create -d '{}'
curl http://127.0.0.1:8200/v1/secret/data/app
curl -X POST localhost:8001/services -d name=a
curl -X DELETE localhost:8001/services/a
wget --method=DELETE http://localhost:9200/a
xh DELETE localhost:9200/a
curl -X DELETE 'localhost:7700/indexes/movies'
curl -X POST http://localhost:9200/_reindex -d '{}'
curl -X PUT http://localhost:9200/_aliases -d '{}'
curl -X POST http://localhost:9090/-/quit
curl -X POST http://ci.example/scriptText -d script=x
curl -X PUT http://localhost:8500/v1/agent/leave
curl -X POST https://api.cloudflare.com/client/v4/zones/z/purge_cache -d '{}'
curl -X PUT https://api.cloudflare.com/client/v4/zones/z/dns_records/r -d '{}'
curl -X POST https://connect.squareup.com/v2/payments -d '{}'
"""

CRITICAL = r"""
curl -XDELETE localhost:9200/_all
curl -X POST localhost:9090/api/v1/admin/tsdb/delete_series?match[]=up
curl -X PUT http://127.0.0.1:8200/v1/sys/seal
curl -X DELETE localhost:15672/api/queues/%2F/q/contents
curl -XPOST localhost:3100/loki/api/v1/delete
curl -X POST http://localhost:9200/shop/_delete_by_query -d '{}'
curl -X POST http://localhost:9093/api/v2/silences -d '{}'
curl -X DELETE https://api.pagerduty.com/services/P1
curl -X POST https://shop.algolia.net/1/indexes/a/clear
curl -X DELETE https://api.github.com/repos/a/b
curl -X POST https://connect.squareup.com/v2/catalog/batch-delete -d '{}'
"""


@pytest.mark.parametrize(("level", "command"), by_level(GREEN, YELLOW, EXTERNAL, RED, CRITICAL))
def test_level(judging: Judging, level: Level, command: str) -> None:
    verdict = judging.verdict(judging.shell(command))
    assert verdict.level is level, verdict.hits


def test_tools_that_make_requests_are_judged_by_the_service_they_reach(judging: Judging) -> None:
    facts = judging.facts("http_request", method="POST", url="http://localhost:9200/shop/_close", body="{}")
    assert judging.verdict(facts).level is Level.RED
    facts = judging.facts("http_request", method="GET", url="http://localhost:9200/shop/_search")
    assert judging.verdict(facts).level is Level.GREEN


def test_a_graver_request_says_what_it_does(judging: Judging) -> None:
    facts = judging.shell("curl -X POST https://api.stripe.com/v1/payouts -d amount=5")
    assert "changes payments" in [action.words for action in facts.actions]
