"""docs/security.md says what the tests show."""

from tests.security import rows


def test_every_row_has_a_test():
    found = rows.tests_of_rows()
    assert [number for number in rows.ROWS if not found[number]] == []


def test_every_test_of_a_row_belongs_to_a_known_row():
    assert set(rows.tests_of_rows()) - set(rows.ROWS) <= set(range(55, 78))


def test_the_table_is_the_one_that_the_tests_give():
    assert rows.page() == rows.PAGE.read_text(), "python -m tests.security.rows"
