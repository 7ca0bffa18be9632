"""The web process keeps connections to Postgres, and does not mind when they break."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.flows.product import Product

KILL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'mailsync web'"
MOST = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mailsync web'"
CALLERS, CALLS = 40, 120


def test_many_requests_at_once_share_few_connections_and_broken_ones_are_told_from_good_ones(product: Product) -> None:
    with product.database() as database, ThreadPoolExecutor(CALLERS) as threads:

        def answers() -> Counter[int]:
            asked = [threads.submit(product.call, "GET", "/api/sync/status") for _ in range(CALLS)]
            return Counter(each.result().status_code for each in asked)

        assert answers() == {200: CALLS}
        kept = database.execute(MOST).fetchone()
        assert kept is not None
        assert 1 <= kept[0] <= 20 + 1  # the pool, and the one who is just being replaced
        broken = database.execute(KILL).fetchone()
        assert broken == kept
        assert answers() == {200: CALLS}
