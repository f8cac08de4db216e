"""What is configured is checked at start, and every refusal names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.settings import Settings, load_settings
from hub.store.engine import open_database
from safety_core.errors import InputError


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('data = "/a"\nport = 1\nname = "one"\nmax_pending = 9\n')
    environment = {"SAFETY_HUB_PORT": "2", "SAFETY_HUB_NAME": "two", "PATH": "/bin"}
    assert load_settings(file, environment, name="three", host=None) == Settings(
        Path("/a"), port=2, name="three", max_pending=9
    )


def test_nothing_given_is_a_hub_for_one_machine(tmp_path: Path) -> None:
    settings = load_settings(None, {})
    assert (settings.host, settings.port) == ("127.0.0.1", 8200)
    assert settings.database_url == f"sqlite:///{Path.home()}/.safety-hub/hub.db"
    assert Settings(tmp_path, "postgresql://x").database_url == "postgresql://x"


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("prot = 1", "prot"),
        ("port = true", "port"),
        ('port = "many"', "port"),
        ("port = 70000", "port"),
        ("max_pending = 0", "max_pending"),
        ('name = "a b"', "name"),
        ('name = ""', "name"),
        ("data = [1]", "data"),
        ("= nonsense", "hub.toml"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, text: str, thing: str) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_settings(file, {})
    assert caught.value.thing.endswith(thing)


def test_a_misspelt_variable_does_not_pass_as_an_absent_one() -> None:
    with pytest.raises(InputError, match="hub setting prot: is not a setting"):
        load_settings(None, {"SAFETY_HUB_PROT": "1", "SAFETY_HUB": "https://hub.example", "SAFETY_HUB_CONFIG": "x"})


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml"):
        load_settings(tmp_path / "none.toml", {})


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", ""])
def test_a_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="database URL"):
        open_database(url)


def test_a_port_that_is_no_number_is_named() -> None:
    with pytest.raises(InputError, match="hub setting port: must be a whole number"):
        load_settings(None, {"SAFETY_HUB_PORT": "abc"})


@pytest.mark.parametrize(
    "url", ["https://hub.example", "http://localhost:8200", "http://one.localhost:8300", "http://a.b.localhost"]
)
def test_passkeys_work_on_https_and_below_localhost(tmp_path: Path, url: str) -> None:
    assert Settings(tmp_path, url=url).origin == url


@pytest.mark.parametrize(
    "url", ["http://hub.example", "http://notlocalhost", "http://localhost.example", "http://.localhost"]
)
def test_and_nowhere_else(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="hub setting url"):
        Settings(tmp_path, url=url)
