import json

from hypothesis import given
from hypothesis import strategies as st

from mailsync.sync.checkpoint import Position, Stage

positions = st.builds(
    Position,
    st.sampled_from(Stage),
    st.none() | st.text(),
    st.integers(0),
    st.lists(st.text()).map(tuple),
    st.integers(0, 3),
)


@given(positions)
def test_a_position_survives_the_database(position: Position) -> None:
    assert Position.from_json(json.loads(json.dumps(position.to_json()))) == position


def test_between_two_passes_there_is_no_position() -> None:
    assert Position.from_json({}) is None


def test_another_stage_begins_at_its_beginning() -> None:
    assert Position(Stage.LARGE, "token", 7).at(Stage.LISTING) == Position(Stage.LISTING, None, 7)
