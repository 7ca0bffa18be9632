"""Deeds, and the journal that lets them outlive the process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gmail.simulator import control
from gmail.simulator.service import Service
from gmail.simulator.settings import Settings
from gmail.simulator.tokens import READONLY
from gmail.simulator.world import World
from tests.gmail.simulator.visitor import NOW

A = "a@example.com"


def everything(world: World) -> Any:
    return [control.mailbox(world.mailbox(email), hashes=True) for email in world.settings.accounts]


def test_nothing_is_made_before_it_is_asked_for(settings: Settings) -> None:
    world = World(replace(settings, messages=10**9))

    assert world.settings.accounts[0] == A


def test_a_mailbox_is_the_same_after_a_restart(settings: Settings, tmp_path: Path) -> None:
    kept = replace(settings, state=tmp_path / "deep" / "state.json")
    world = World(kept)
    ids = [message.id for message in world.mailbox(A).newest_first()]
    world.perform("deliver", NOW + 5, email=A, count=3)
    world.perform("deliver", NOW + 6, email=A, messages=[{"subject": "Grüße", "text": "…"}])
    world.perform("labels", NOW + 7, email=A, ids=ids[:2], add=["STARRED"], remove=["INBOX"])
    world.perform("delete", NOW + 8, email=A, ids=ids[2:4])
    world.perform("label", NOW + 9, email=A, name="New")
    world.perform("grant", NOW + 9, email=A, token="1//x", scopes=[READONLY])
    world.perform("watch", NOW + 9, email=A, topic="t", labels=[], behaviour="include", expires=NOW + 99)

    again = World(replace(kept, seed=2, now=NOW + 86_400, messages=5))

    assert everything(again) == everything(world)
    assert again.tokens.grants == world.tokens.grants
    assert again.watches == world.watches
    assert (tmp_path / "deep" / "state.json").stat().st_mode & 0o077 == 0


def test_without_a_state_file_nothing_is_kept(settings: Settings) -> None:
    world = World(settings)
    world.perform("deliver", NOW, email=A, count=1)

    assert len(World(settings).mailbox(A).messages) == 60


def test_a_line_that_was_cut_short_is_passed_over(settings: Settings, tmp_path: Path) -> None:
    kept = replace(settings, state=tmp_path / "state.json")
    World(kept).perform("deliver", NOW, email=A, count=1)
    with kept.state.open("ab") as file:  # type: ignore[union-attr]
        file.write(b'{"op": "deliver", "em')

    assert len(World(kept).mailbox(A).messages) == 61


def test_deeds_of_an_account_that_is_gone_are_passed_over(settings: Settings, tmp_path: Path) -> None:
    kept = replace(settings, state=tmp_path / "state.json")
    World(kept).perform("deliver", NOW, email=A, count=1)

    assert World(replace(kept, accounts=("b@example.com",))).mailbox("b@example.com")


def test_a_deed_that_fails_is_not_kept(settings: Settings, tmp_path: Path) -> None:
    kept = replace(settings, state=tmp_path / "state.json")
    world = World(kept)
    with pytest.raises(KeyError):
        world.perform("delete", NOW, email=A, ids=["1"])

    assert everything(World(kept)) == everything(world)


def test_delivered_letters_are_all_different(service: Service) -> None:
    ids = service.world.perform("deliver", NOW, email=A, count=50)
    box = service.world.mailbox(A)
    letters = [box.messages[int(id, 16)] for id in ids]

    assert len({message.origin.raw(message) for message in letters}) == 50
    assert all(len(message.origin.raw(message)) == message.size < 1_000_000 for message in letters)
    assert len(set(ids)) == 50
