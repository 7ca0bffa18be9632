"""Runs of letters that no blanks part."""

from mailsync.indexing import runs
from mailsync.indexing.runs import IN_NAMES, IN_SUBJECT, has_run, terms


def test_every_script_without_blanks_has_runs() -> None:
    for letter in ["议", "の", "ー", "々", "〇", "회", "ㄅ", "𠮷", "﨑", "ท", "ິ", "ក", "မ"]:
        assert has_run(letter), letter


def test_other_scripts_and_signs_have_none() -> None:
    assert not has_run("Zoë, Привет! हिन्दी ๑ ฿ ქ 1２３ 🙂 。、・「」 \u3000")


def test_one_letter_is_asked_for_by_prefix_a_word_by_its_pairs() -> None:
    assert terms("议") == {"'议':*"}
    assert terms("会议室") == {"'会议'", "'议室'"}


def test_what_stands_in_a_subject_is_told_from_what_stands_in_mail() -> None:
    assert terms("会议室", IN_SUBJECT) == {"'s会议'", "'s议室'"}
    assert terms("会", IN_NAMES) == {"'n会':*"}


def test_no_letter_of_a_run_means_anything_to_postgres() -> None:
    assert not set("'\\:*&|!<>() ") & set(filter(runs.RUN.match, map(chr, range(0xD800))))
