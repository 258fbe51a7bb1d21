"""Who may read where a host asks for sign-in: a TOML file in the form of Streamlit's secrets."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from prh_core.warehouse.errors import SignInError

SIGN_IN_DEMANDED = "PRH_SIGN_IN"
"""The environment variable that closes the app where its sign-in cannot be read."""
_CALLBACK = "/oauth2callback"
_HERE = ("localhost", "127.0.0.1", "[::1]")


def _domain(text: str) -> str:
    if "@" in text or not text.strip("."):
        raise ValueError("expected a domain like example.org")
    return text.lower()


def _address(text: str) -> str:
    name, at, domain = text.rpartition("@")
    if not (name and at and domain):
        raise ValueError("expected an address like ada@example.org")
    return text.lower()


def _protected(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and f"{parts.hostname}" not in _HERE:
        raise ValueError("expected an address that begins with https://")
    return url


def _leads_back(url: str) -> str:
    if not url.endswith(_CALLBACK):
        raise ValueError(f"expected the app's address and {_CALLBACK} at its end")
    return _protected(url)


class Readers(BaseModel):
    """Whom a host shows its results to: the file's table [sign_in]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ()
    """Domains of addresses; one below a domain is another."""
    addresses: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    """Single addresses beside them."""
    trust_unverified: bool = False
    """Whether an address counts of which the provider does not say that it is verified."""

    @model_validator(mode="after")
    def _somebody(self) -> "Readers":
        if not (self.domains or self.addresses):
            raise ValueError("expected domains or addresses: nobody could read")
        return self

    def admit(self, user: Mapping[str, Any]) -> bool:
        """Say whether somebody may read.

        Args:
            user: claims of the identity token: email and email_verified.
        """
        email = str(user.get("email") or "").lower()
        verified = user.get("email_verified")
        if verified is not True and not (self.trust_unverified and verified is None):
            return False
        name, at, domain = email.rpartition("@")
        return bool(name and at) and (email in self.addresses or domain in self.domains)

    def describe(self) -> str:
        """Return whom, in words."""
        told = [f"people of {' and '.join(self.domains)}"] if self.domains else []
        return " and ".join([*told, *(["people whom its host names"] if self.addresses else [])])


class _Provider(BaseModel):
    """What Streamlit needs of an OpenID Connect provider: the table [auth]."""

    model_config = ConfigDict(extra="allow")

    redirect_uri: Annotated[str, AfterValidator(_leads_back)]
    cookie_secret: Annotated[str, Field(min_length=32)]
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[str, Field(min_length=1)]
    server_metadata_url: Annotated[str, AfterValidator(_protected)]


class _SignIn(BaseModel):
    auth: _Provider
    sign_in: Readers


def read_sign_in(file: Path) -> Readers:
    """Read a file of sign-in and return whom it admits.

    Raises:
        SignInError: it cannot be read, or lacks something; the message says what was expected.
    """
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SignInError(
            f"the sign-in file {file} cannot be read: {error.strerror or error}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SignInError(f"the sign-in file {file} is not TOML: {error}") from error
    return readers_of(settings)


def readers_of(settings: Mapping[str, Any]) -> Readers:
    """Return whom settings admit: the tables [auth] and [sign_in].

    Raises:
        SignInError: they lack something; the message says what was expected.
    """
    try:
        return _SignIn.model_validate(dict(settings)).sign_in
    except ValidationError as error:
        wrong = "; ".join(_told(one["loc"], one["msg"]) for one in error.errors())
        raise SignInError(f"the settings of sign-in will not do: {wrong}") from error


def _told(place: tuple[int | str, ...], message: str) -> str:
    """Say where something is wrong, never with its value: it may be a secret."""
    return f"{'.'.join(map(str, place))}: {message.removeprefix('Value error, ')}"
