"""What a server notes in its data folder."""

from compozy.testing.postgres_data import Notes, parse_notes, read_notes

BEGUN = "4711\n/data\n1795446095\n5432\n"
COMPLETE = BEGUN + "/sockets\n\n  2311674         8\n"


def test_empty_file_says_nothing_yet():
    assert parse_notes("") is None


def test_notes_of_a_server_that_has_only_begun():
    assert parse_notes(BEGUN) == Notes(4711, None, "")


def test_status_is_told_without_the_blanks_that_fill_it_up():
    assert parse_notes(COMPLETE + "ready   \n") == Notes(4711, 8, "ready")


def test_missing_file_means_that_no_server_works_there(tmp_path):
    assert read_notes(tmp_path) is None
