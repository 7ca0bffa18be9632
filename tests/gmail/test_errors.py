import pickle

from gmail.errors import RateLimited, Refused


def test_an_error_survives_pickling_with_all_it_knows() -> None:
    limited = pickle.loads(pickle.dumps(RateLimited("slow", retry_at=5.0, scope="project")))
    refused = pickle.loads(pickle.dumps(Refused("no", status=403, reason="domainPolicy")))
    assert (str(limited), limited.retry_at, limited.scope) == ("slow", 5.0, "project")
    assert (str(refused), refused.status, refused.reason) == ("no", 403, "domainPolicy")
