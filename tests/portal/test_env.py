"""The environment is read loudly."""

import pytest

from portal import env


def test_a_missing_variable_stops_with_its_name(monkeypatch):
    monkeypatch.delenv("PORTAL_URL", raising=False)

    with pytest.raises(env.Misconfigured, match="PORTAL_URL is not set"):
        env.required("PORTAL_URL")


def test_an_empty_variable_counts_as_missing(monkeypatch):
    monkeypatch.setenv("PORTAL_URL", "  ")

    with pytest.raises(env.Misconfigured):
        env.required("PORTAL_URL")
    assert env.text("PORTAL_URL", "http://localhost") == "http://localhost"


@pytest.mark.parametrize(("written", "meant"), [("yes", True), ("1", True), ("Off", False), ("false", False)])
def test_flags_are_read_from_plain_words(monkeypatch, written, meant):
    monkeypatch.setenv("DEBUG", written)

    assert env.flag("DEBUG", default=not meant) is meant


def test_a_flag_that_is_neither_yes_nor_no_stops(monkeypatch):
    monkeypatch.setenv("DEBUG", "maybe")

    with pytest.raises(env.Misconfigured, match="DEBUG must be yes or no, not 'maybe'"):
        env.flag("DEBUG", default=False)


def test_a_number_must_be_whole(monkeypatch):
    monkeypatch.setenv("WORKERS", "2.5")

    with pytest.raises(env.Misconfigured, match="WORKERS must be a whole number"):
        env.number("WORKERS", 4)


def test_what_is_not_set_takes_its_default(monkeypatch):
    monkeypatch.delenv("ANYTHING", raising=False)

    assert env.flag("ANYTHING", default=True) is True
    assert env.number("ANYTHING", 4) == 4
    assert env.words("ANYTHING", "localhost, ::1") == ["localhost", "::1"]


def test_words_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("ALLOWED_HOSTS", "a.example, b.example,,")

    assert env.words("ALLOWED_HOSTS") == ["a.example", "b.example"]


def test_a_short_secret_is_refused_without_being_repeated(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hunter2")

    with pytest.raises(env.Misconfigured, match="SECRET_KEY is too short") as refusal:
        env.secret("SECRET_KEY")

    assert "hunter2" not in str(refusal.value)
