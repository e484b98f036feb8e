"""A provider of OpenID Connect of another make, on a free port, which it prints.

Whoever posts `sub` to the authorization endpoint is let in as that subject. The subjects below get an ID token with a fault;
`POST /rotate` gives the provider another key, as providers do from time to time. Clients register, and must prove by PKCE
(RFC 7636) that they asked for the code.
"""

import base64
import hashlib
import json
import logging
import os

import werkzeug.serving
from authlib import jose
from authlib._joserfc_helpers import import_any_key
from authlib.oauth2.rfc6749.errors import InvalidGrantError
from joserfc import jwt
from oidc_provider_mock import _app

CHANGES = {
    "wrong-nonce": {"nonce": "another"},
    "no-nonce": {"nonce": None},
    "wrong-audience": {"aud": ["another"]},
    "second-audience": {},
    "wrong-issuer": {"iss": "http://127.0.0.1:1"},
    "expired": {"exp": 1_700_000_000},
    "wrong-key": {},
    "unsigned": {},
}

sound = _app.OpenIDCode.encode_id_token
save_code = _app.AuthorizationCodeGrant.save_authorization_code
validate_request = _app.AuthorizationCodeGrant.validate_token_request
challenges = {}
another_key = jose.RSAKey.generate_key(is_private=True)


def part(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def encode_id_token(self, token, request):
    encoded = sound(self, token, request)
    subject = request.user.sub
    if subject not in CHANGES:
        return encoded
    header, claims = (part(text) for text in encoded.split(".")[:2])
    claims = {name: value for name, value in {**claims, **CHANGES[subject]}.items() if value is not None}
    if subject == "second-audience":
        claims["aud"] = [*claims["aud"], "another"]
    if subject == "unsigned":
        texts = (json.dumps(one).encode() for one in ({"alg": "none"}, claims))
        return ".".join([*(base64.urlsafe_b64encode(text).decode().rstrip("=") for text in texts), ""])
    key = another_key if subject == "wrong-key" else _app.storage.jwk
    return jwt.encode(header, claims, import_any_key(key.as_dict(is_private=True)), ["RS256"])


def save_authorization_code(self, code, request):
    asked = request.payload.data
    assert asked["code_challenge_method"] == "S256"
    challenges[code] = asked["code_challenge"]
    save_code(self, code, request)


def validate_token_request(self):
    told = self.request.form
    hashed = hashlib.sha256(told["code_verifier"].encode()).digest()
    if base64.urlsafe_b64encode(hashed).decode().rstrip("=") != challenges.get(told["code"]):
        raise InvalidGrantError("another one asked for the code")
    validate_request(self)


def rotate():
    _app.storage.jwk = jose.RSAKey.generate_key(is_private=True)
    return "", 204


def main():
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    _app.OpenIDCode.encode_id_token = encode_id_token
    _app.AuthorizationCodeGrant.save_authorization_code = save_authorization_code
    _app.AuthorizationCodeGrant.validate_token_request = validate_token_request
    provider = _app.app(require_client_registration=True, require_nonce=True)
    provider.add_url_rule("/rotate", view_func=rotate, methods=["POST"])
    server = werkzeug.serving.make_server("127.0.0.1", 0, provider, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
