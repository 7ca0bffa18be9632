"""A new version at noon: everybody is told to end while syncs run, and starts anew."""

import pytest

from tests.benchmarks.scale.deploy import PAGE, measured


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_deploy_amid_syncs_fails_none_and_fetches_no_more_than_a_page_twice() -> None:
    done = measured(syncs=6, messages=500)
    assert (done.failed, done.differ) == (0, 0)
    assert done.again <= PAGE
    assert done.gap > 0  # there was something left to do for the new version
