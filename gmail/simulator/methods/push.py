"""users.watch and users.stop."""

import re
from collections.abc import Mapping

from gmail.simulator import refusals
from gmail.simulator.call import Visit
from gmail.simulator.wire import Json

WEEK = 7 * 86_400
TOPIC = re.compile(r"projects/[\w.:-]+/topics/[\w.~+%-]+")


def watch(visit: Visit) -> Json:
    """users.watch: notifications for a week, the first one at once."""
    body = visit.call.json()
    topic = str(body.get("topicName") or "")
    if not TOPIC.fullmatch(topic):
        raise refusals.invalid("Invalid topicName does not match projects/simulator/topics/*")
    _check(topic, visit.world.topics)
    behaviour = str(body.get("labelFilterBehavior") or body.get("labelFilterAction") or "include").lower()
    expires = visit.now + WEEK
    visit.change("watch", topic=topic, labels=list(body.get("labelIds") or ()), behaviour=behaviour, expires=expires)
    return {"historyId": str(visit.box.history.current), "expiration": str(int(expires * 1000))}


def _check(topic: str, topics: Mapping[str, bool] | None) -> None:
    """Gmail sends a test message before it grants a watch; None for `topics` lets every topic pass."""
    if topics is None:
        return
    projects = sorted({known.split("/")[1] for known in topics})
    if topic.split("/")[1] not in projects:
        raise refusals.invalid(f"Invalid topicName does not match projects/{(projects or ['simulator'])[0]}/topics/*")
    if topic not in topics:
        raise refusals.topic_missing(topic)
    if not topics[topic]:
        raise refusals.topic_forbidden(topic)


def stop(visit: Visit) -> None:
    """users.stop."""
    visit.change("stop")
