"""users.watch and users.stop."""

import re

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
    behaviour = str(body.get("labelFilterBehavior") or body.get("labelFilterAction") or "include").lower()
    expires = visit.now + WEEK
    visit.change("watch", topic=topic, labels=list(body.get("labelIds") or ()), behaviour=behaviour, expires=expires)
    return {"historyId": str(visit.box.history.current), "expiration": str(int(expires * 1000))}


def stop(visit: Visit) -> None:
    """users.stop."""
    visit.change("stop")
