"""Settings: where they come from, and that every mistake is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from governance.errors import SettingsInvalid
from governance.settings import load


def test_everything_has_a_default(tmp_path: Path) -> None:
    settings = load({}, home=tmp_path / "home")
    assert settings.database == f"sqlite:///{tmp_path / 'home' / 'answerable.db'}"
    assert settings.highwater == tmp_path / "home-highwater"
    assert not settings.cookies_secure


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "answerable.toml").write_text('threads = 4\npublic_url = "https://a.example"\n')
    settings = load({"ANSWERABLE_HOME": str(tmp_path), "ANSWERABLE_THREADS": "9"})
    assert settings.threads == 9
    assert settings.cookies_secure


def test_all_mistakes_are_told_at_once_with_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "answerable.toml").write_text("thread = 4\nwait_places = -1\n")
    with pytest.raises(SettingsInvalid) as refused:
        load({"ANSWERABLE_HOME": str(tmp_path), "ANSWERABLE_PUBLIC_URL": "example.com"})
    told = str(refused.value)
    assert "thread: there is no such setting" in told
    assert "a whole number from 0 to 512" in told
    assert "https://decisions.example.com" in told
    assert len(refused.value.problems) == 3


def test_a_secret_that_does_not_fit_is_not_repeated() -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load({"ANSWERABLE_DATABASE_URL": "mysql://user:hunter2@db/x"})
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "answerable.toml").write_text("= nonsense")
    with pytest.raises(SettingsInvalid, match=r"answerable\.toml: not TOML"):
        load({}, home=tmp_path)


def test_postgresql_is_reached_by_psycopg(tmp_path: Path) -> None:
    settings = load({"ANSWERABLE_DATABASE_URL": "postgresql://u:p@h/d"}, home=tmp_path)
    assert settings.database == "postgresql+psycopg://u:p@h/d"
