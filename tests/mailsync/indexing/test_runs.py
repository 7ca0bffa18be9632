"""Runs of letters that no blanks part."""

from mailsync.indexing import runs
from mailsync.indexing.runs import IN_NAMES, IN_SUBJECT, MOST_PAIRS, has_run, is_exact, pairs, tsquery, without_runs


def test_a_run_is_its_pairs_and_its_last_letter() -> None:
    assert sorted(pairs("年会 a 会议室b")) == sorted(["年会", "会", "会议", "议室", "室"])


def test_every_script_without_blanks_has_runs() -> None:
    for letter in ["议", "の", "ー", "々", "〇", "회", "ㄅ", "𠮷", "﨑"]:
        assert has_run(letter), letter


def test_other_scripts_and_signs_have_none() -> None:
    assert not has_run("Zoë, Привет! บท 1２３ 🙂 。、・「」 \u3000")


def test_what_is_left_are_the_other_words() -> None:
    assert without_runs("我的iPhone手机,2024年会").split() == ["iPhone", ",2024"]


def test_one_letter_is_asked_for_by_prefix_a_word_by_its_pairs() -> None:
    assert tsquery("议") == "'议':*"
    assert tsquery("会议室") == "'会议' & '议室'"
    assert tsquery("2024年 会议") == "'会议' & '年':*"


def test_what_stands_in_a_subject_is_told_from_what_stands_in_mail() -> None:
    assert set(pairs("会议室", IN_SUBJECT)) == {"s会议", "s议室", "s室"}
    assert tsquery("会议室", IN_SUBJECT) == "'s会议' & 's议室'"
    assert tsquery("会", IN_NAMES) == "'n会':*"


def test_only_two_letters_of_one_run_are_told_by_pairs_alone() -> None:
    assert is_exact("会") and is_exact("会议")
    assert not any(map(is_exact, ["会议室", "会a", "会 议", "会 "]))


def test_a_book_of_letters_stays_within_what_postgres_takes() -> None:
    letters = [chr(0x4E00 + number) for number in range(400)]
    found = pairs("".join(one + other for one in letters for other in letters))
    assert len(found) == MOST_PAIRS
    assert sum(len(pair.encode()) for pair in found) < 1 << 19


def test_no_letter_of_a_run_means_anything_to_postgres() -> None:
    assert not set("'\\:*&|!<>() ") & set(filter(runs.RUN.match, map(chr, range(0xD800))))
