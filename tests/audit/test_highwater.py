"""The high-water file: read back as written, replaced whole, never silently ignored."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from audit.sealing import highwater
from audit.sealing.highwater import HighWater

MARK = HighWater("portal.example/log/1", 7, bytes(32), datetime(2026, 11, 20, 9, 31, 7, 123456, tzinfo=UTC))


def test_a_mark_reads_back(tmp_path):
    highwater.replace(tmp_path / "mark", MARK)

    assert highwater.read(tmp_path / "mark") == MARK


def test_no_file_is_no_mark(tmp_path):
    assert highwater.read(tmp_path / "mark") is None


def test_only_its_owner_may_read_or_write_it(tmp_path):
    highwater.replace(tmp_path / "keys" / "mark", MARK)

    assert (tmp_path / "keys" / "mark").stat().st_mode & 0o777 == 0o600


def test_replacing_leaves_nothing_beside_it(tmp_path):
    highwater.replace(tmp_path / "mark", MARK)

    highwater.replace(tmp_path / "mark", HighWater(MARK.origin, 8, bytes(32), MARK.signed_at))

    assert [each.name for each in tmp_path.iterdir()] == ["mark"]
    assert highwater.read(tmp_path / "mark").size == 8


def test_a_crash_before_the_rename_leaves_the_old_mark(tmp_path, monkeypatch):
    highwater.replace(tmp_path / "mark", MARK)
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(OSError("no power")))

    with pytest.raises(OSError, match="no power"):
        highwater.replace(tmp_path / "mark", HighWater(MARK.origin, 8, bytes(32), MARK.signed_at))

    assert highwater.read(tmp_path / "mark") == MARK


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"origin": "a", "size": 1, "root": "zz", "signed_at": "x"}'])
def test_a_damaged_file_is_an_error_and_not_the_absence_of_one(tmp_path, text):
    (tmp_path / "mark").write_text(text)

    with pytest.raises(ValueError, match="cannot be read"):
        highwater.read(tmp_path / "mark")
