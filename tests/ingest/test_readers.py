"""Who may read: what settings of sign-in are taken, and whom they let in."""

from pathlib import Path

import pytest

from ingest.cli import serve
from ingest.errors import MissingPackageError
from prh_core.warehouse.errors import SignInError
from prh_core.warehouse.readers import Readers, read_sign_in
from tests.oidc import sign_in_file

GOOD = sign_in_file("https://accounts.example.org")


@pytest.mark.parametrize(
    ("email", "verified", "enters"),
    [
        ("ada@example.org", True, True),
        ("ADA@EXAMPLE.ORG", True, True),
        ("guest@elsewhere.net", True, True),
        ("other@elsewhere.net", True, False),
        ("ada@sub.example.org", True, False),
        ("ada@example.org.elsewhere.net", True, False),
        ("ada@example.org@elsewhere.net", True, False),
        ("@example.org", True, False),
        ("example.org", True, False),
        ("", True, False),
        (None, True, False),
        ("ada@example.org", False, False),
        ("ada@example.org", None, False),
        ("ada@example.org", "true", False),
    ],
)
def test_only_verified_addresses_of_those_named_enter(
    email: str | None, verified: object, enters: bool
) -> None:
    readers = Readers(domains=("Example.org",), addresses=("Guest@elsewhere.net",))
    assert readers.admit({"email": email, "email_verified": verified}) == enters
    assert not readers.admit({})


def test_an_address_of_which_nobody_says_that_it_is_verified_enters_where_it_is_trusted() -> None:
    readers = Readers(domains=("example.org",), trust_unverified=True)
    assert readers.admit({"email": "ada@example.org"})
    assert not readers.admit({"email": "ada@example.org", "email_verified": False})


def test_good_settings_are_read(tmp_path: Path) -> None:
    file = tmp_path / "sign-in.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert read_sign_in(file).describe() == "people of example.org"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('domains = ["example.org"]', "", "nobody could read"),
        ('"example.org"', '"ada@example.org"', "expected a domain like example.org"),
        ("domains", "domain", "domain: Extra inputs"),
        ("oauth2callback", "callback", "expected the app's address and /oauth2callback"),
        ("http://localhost:{port}", "http://prh.example.org", "begins with https://"),
        ("https://accounts", "http://accounts", "begins with https://"),
        ("not very secret " * 3, "short", "cookie_secret: String should have at least 32"),
        ('client_secret = "shared"', "", "client_secret: Field required"),
        ("[auth]", "[other]", "auth: Field required"),
        ("[auth]", "[auth", "is not TOML"),
    ],
)
def test_what_will_not_do_is_one_sentence_without_a_secret(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    file = tmp_path / "sign-in.toml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(SignInError) as refused:
        read_sign_in(file)
    assert told in str(refused.value)
    assert "shared" not in str(refused.value) and "very secret" not in str(refused.value)
    with pytest.raises(SignInError, match="cannot be read"):
        read_sign_in(tmp_path / "missing.toml")


def test_a_missing_package_is_named_before_the_app_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sign-in.toml"
    file.write_text(GOOD, encoding="utf-8")
    serve.check_sign_in(file)
    monkeypatch.setattr(serve.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingPackageError, match="prh-explorer.sign-in."):
        serve.check_sign_in(file)
