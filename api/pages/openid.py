"""Signing in by OpenID Connect: authorization code with PKCE, through Authlib.

Discovery, keys, signature, issuer, audience, expiry, state and nonce are Authlib's, issuer and audience looked at
here once more; which account a user of the
provider is, is ours: an operator registers it under the user's verified e-mail, and the first sign-in binds it to the
provider's subject for good.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from fastapi import APIRouter
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import RunningService, Service
from api.pages.render import texts_of
from api.pages.session import begin_session
from api.pages.sign_in import HOME, sign_in_page
from idqc.settings import Settings
from idqc.surfaces.sign_in import SignInRefused, sign_in_by_openid

router = APIRouter(prefix="/console/openid", include_in_schema=False)

log = logging.getLogger("idqc.api")

COOKIE = "idqc-openid"
COOKIE_LIFE_S = 600
PROVIDER_TIMEOUT_S = 10.0


def open_provider(settings: Settings) -> Any | None:
    """The client of the identity provider that the settings name, or None; asks the provider nothing yet."""
    if not settings.openid_issuer or not settings.openid_client_id:
        return None
    secret = settings.openid_client_secret
    registry = OAuth()
    return registry.register(
        "provider",
        client_id=settings.openid_client_id,
        client_secret=secret.get_secret_value() if secret is not None else None,
        server_metadata_url=f"{settings.openid_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
            "timeout": PROVIDER_TIMEOUT_S,
            "token_endpoint_auth_method": "client_secret_basic" if secret is not None else "none",
        },
    )


@router.get("")
async def begin(request: Request, service: RunningService) -> Response:
    """Sends the browser to the provider."""
    if service.openid is None:
        return RedirectResponse(HOME, 303)
    try:
        answer: Response = await service.openid.authorize_redirect(request, _callback(request, service))
    except Exception as unreachable:  # whatever the provider's metadata or network may raise
        return await _refuse(request, service, unreachable)
    return answer


@router.get("/callback")
async def come_back(request: Request, service: RunningService) -> Response:
    """Takes the provider's answer, and opens a session for the account that it belongs to."""
    if service.openid is None:
        return RedirectResponse(HOME, 303)
    try:
        token = await service.openid.authorize_access_token(request, claims_options=_expected(service.settings))
        claims = token["userinfo"]
        _check_is_ours(claims, service.settings)
        # Only a verified address says who somebody is; a subject that is bound already needs none.
        name = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
        subject = f"{claims['iss']}|{claims['sub']}"
        signed_in = await run_in_threadpool(sign_in_by_openid, service.house.store, subject, name)
    except (OAuthError, JoseError, SignInRefused, KeyError) as refused:
        return await _refuse(request, service, refused)
    except Exception as unreachable:  # the provider's network
        return await _refuse(request, service, unreachable)
    answer = RedirectResponse(HOME, 303)
    begin_session(request, service, answer, signed_in)
    return answer


def _expected(settings: Settings) -> dict[str, Any]:
    # Said out loud, whatever the defaults of a later Authlib are.
    return {
        "iss": {"essential": True, "values": [settings.openid_issuer]},
        "aud": {"essential": True, "values": [settings.openid_client_id]},
        "sub": {"essential": True},
        "exp": {"essential": True},
    }


def _check_is_ours(claims: Mapping[str, Any], settings: Settings) -> None:
    """Looks at issuer and audience once more, with nothing of the library's: a token for another of the provider's
    clients would otherwise open this console, should a later version leave out what it is asked to check.

    Raises:
        SignInRefused: the token is another issuer's, or was made for another client.
    """
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims["iss"] != settings.openid_issuer or settings.openid_client_id not in audiences:
        raise SignInRefused("The token was not made for this console.", "Check IDQC_OPENID_CLIENT_ID.")


def _callback(request: Request, service: Service) -> str:
    base = service.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{HOME}/openid/callback"


async def _refuse(request: Request, service: Service, why: Exception) -> Response:
    service.metrics.count_error("access.openid")
    log.warning("openid refused", extra={"error": type(why).__name__})
    return sign_in_page(request, service, 401, error=texts_of(request)("sign_in.openid_failed"))
