"""An OpenID Connect provider on this machine, whose people sign in by a click on their name."""

import base64
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "prh-explorer"
PEOPLE = {
    "Ada": {"email": "Ada@Example.org", "email_verified": True},
    "Mallory": {"email": "mallory@example.org.elsewhere.net", "email_verified": True},
    "Nobody": {"email": "nobody@example.org", "email_verified": False},
}


class _Provider(BaseHTTPRequestHandler):
    """Answers as OpenID Connect's code flow with PKCE wants it."""

    key: RSAKey
    asked: dict[str, dict[str, str]]
    """By code: what the app asked with."""

    def do_GET(self) -> None:  # noqa: N802
        url = urlsplit(self.path)
        here = f"http://{self.headers['Host']}"
        if url.path == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": here, "authorization_endpoint": f"{here}/authorize",
                    "token_endpoint": f"{here}/token", "jwks_uri": f"{here}/keys",
                    "response_types_supported": ["code"], "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "code_challenge_methods_supported": ["S256"],
                }
            )  # fmt: skip
        elif url.path == "/keys":
            self._json({"keys": [self.key.as_dict(private=False)]})
        elif url.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            links = []
            for name in PEOPLE:
                self.asked[name] = query
                back = urlencode({"code": name, "state": query["state"]})
                links.append(f'<a href="{query["redirect_uri"]}?{back}">{name}</a>')
            self._send(
                '<title>Who are you?</title><link rel="icon" href="data:,">' + " ".join(links),
                "text/html",
            )
        else:
            self.send_error(404)

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.asked[form["code"]]
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == asked["code_challenge"]
        claims = {
            "iss": f"http://{self.headers['Host']}", "aud": CLIENT, "sub": form["code"],
            "iat": int(time.time()), "exp": int(time.time()) + 60, "nonce": asked["nonce"],
            "name": form["code"], **PEOPLE[form["code"]],
        }  # fmt: skip
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        self._json({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _json(self, value: object) -> None:
        self._send(json.dumps(value), "application/json")

    def _send(self, text: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())


@contextlib.contextmanager
def providing() -> Iterator[str]:
    """Run a provider while the block runs; yield its address."""
    key = RSAKey.generate_key(2048, auto_kid=True)
    handler = type("Provider", (_Provider,), {"key": key, "asked": {}})
    server = ThreadingHTTPServer(("localhost", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def sign_in_file(provider: str, domain: str = "example.org") -> str:
    """Return settings of sign-in by a provider, as TOML."""
    return f"""
[sign_in]
domains = ["{domain}"]

[auth]
redirect_uri = "http://localhost:{{port}}/oauth2callback"
cookie_secret = "{"not very secret " * 3}"
client_id = "{CLIENT}"
client_secret = "shared"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""
