from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from syncjobs import keys
from syncjobs.clock import in_
from syncjobs.models import IdempotencyKey
from tests.committed import at_once
from tests.syncjobs.conftest import Turn


def test_a_new_key_is_the_callers_and_its_answer_is_kept(owner: User) -> None:
    row = keys.claim(owner.pk, "key", "f")
    assert row.status is None
    keys.answer(row, 202, '{"b": 1, "a": 2}')
    again = keys.claim(owner.pk, "key", "f")
    assert (again.status, again.body) == (202, '{"b": 1, "a": 2}')


def test_a_key_is_its_owners_alone(owner: User) -> None:
    keys.answer(keys.claim(owner.pk, "key", "f"), 202, "{}")
    assert keys.claim(User.objects.create_user("bob").pk, "key", "other").status is None


def test_another_request_may_not_use_the_key_answered_or_not(owner: User) -> None:
    row = keys.claim(owner.pk, "key", "f")
    with pytest.raises(keys.OtherRequest):
        keys.claim(owner.pk, "key", "g")
    keys.answer(row, 202, "{}")
    with pytest.raises(keys.OtherRequest):
        keys.claim(owner.pk, "key", "g")


def test_while_the_first_is_being_answered_the_second_is_told_so(owner: User) -> None:
    row = keys.claim(owner.pk, "key", "f")
    with pytest.raises(keys.StillAnswering):
        keys.claim(owner.pk, "key", "f")
    keys.release(row)
    assert keys.claim(owner.pk, "key", "f").status is None


def test_an_abandoned_key_is_taken_over_by_one_of_many(owner: User, turn: Turn) -> None:
    dead = keys.claim(owner.pk, "key", "f")
    turn(timedelta(seconds=59))
    with pytest.raises(keys.StillAnswering):
        keys.claim(owner.pk, "key", "f")
    IdempotencyKey.objects.update(claimed_at=in_(-timedelta(seconds=121)))
    found = at_once([lambda: keys.claim(owner.pk, "key", "f")] * 8)
    (taken,) = [each for each in found if isinstance(each, IdempotencyKey)]
    assert taken.status is None
    keys.answer(dead, 200, '"late"')  # the one that was thought dead
    keys.release(dead)
    assert IdempotencyKey.objects.get().status is None
    keys.answer(taken, 202, '"own"')
    keys.release(taken)  # an answer that was given is not forgotten
    assert IdempotencyKey.objects.get().body == '"own"'


def test_of_many_at_once_one_owns_the_key(owner: User) -> None:
    found = at_once([lambda: keys.claim(owner.pk, "key", "f")] * 20)
    kinds = sorted(type(each).__name__ for each in found)
    assert kinds == ["IdempotencyKey"] + ["StillAnswering"] * 19


def test_keys_are_forgotten_after_a_day_in_bounded_chunks(
    owner: User, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        keys.claim(owner.pk, f"key {number}", "f")
    turn(timedelta(hours=23))
    keys.claim(owner.pk, "young", "f")
    assert keys.prune() == 0
    turn(timedelta(hours=24, seconds=1))
    monkeypatch.setattr(keys, "CHUNK", 2)
    monkeypatch.setattr(keys, "MOST_CHUNKS", 2)
    assert (keys.prune(), keys.prune(), keys.prune()) == (4, 1, 0)
    assert IdempotencyKey.objects.get().key == "young"
