"""The app on FastAPI: middleware and verify_session of the official SDK. Nothing in here knows that Doorward answers."""

import os
from typing import Any

import uvicorn
from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from supertokens_python import InputAppInfo, SupertokensConfig, init
from supertokens_python.framework.fastapi import get_middleware
from supertokens_python.recipe import multitenancy, session
from supertokens_python.recipe.multitenancy.asyncio import create_or_update_tenant
from supertokens_python.recipe.session import SessionContainer
from supertokens_python.recipe.session import asyncio as sessions
from supertokens_python.recipe.session.claims import PrimitiveClaim
from supertokens_python.recipe.session.framework.fastapi import verify_session
from supertokens_python.types import RecipeUserId

PORT = int(os.environ["PORT"])
ORIGIN = f"http://localhost:{PORT}"

# Who is an admin, as an application's own database would say.
roles: dict[str, str] = {}


async def fetch_role(user_id: str, *_: Any) -> str:
    return roles.get(user_id, "user")


role_claim = PrimitiveClaim("role", fetch_role)


async def on_theft(
    _: Any, handle: str, user: str, __: RecipeUserId, response: Any
) -> Any:
    """In place of the SDK's own answer to theft: it says whose session it was."""
    await sessions.revoke_session(handle)
    response.set_status_code(401)
    response.set_json_content(
        {"message": "token theft detected", "handle": handle, "user": user}
    )
    return response


own_handlers = (
    session.InputErrorHandlers(on_token_theft_detected=on_theft)
    if "OWN_HANDLERS" in os.environ
    else None
)

init(
    framework="fastapi",
    mode="asgi",
    telemetry=False,
    supertokens_config=SupertokensConfig(
        connection_uri=os.environ["CORE_URI"], api_key=os.environ.get("API_KEY")
    ),
    app_info=InputAppInfo(app_name="compat", api_domain=ORIGIN, website_domain=ORIGIN),
    recipe_list=[
        session.init(
            anti_csrf=os.environ.get("ANTI_CSRF", "NONE"),  # type: ignore[arg-type]
            error_handlers=own_handlers,
        ),
        multitenancy.init(),
    ],
)

app = FastAPI()
app.add_middleware(get_middleware())


# Not an exception handler: uvicorn cuts a connection whose exception came through to it, answered or not.
@app.middleware("http")
async def internal_error(request: Request, call_next: Any) -> Any:
    try:
        return await call_next(request)
    except Exception as error:
        return JSONResponse({"error": str(error)}, status_code=500)


def describe(container: SessionContainer) -> dict[str, Any]:
    return {
        "handle": container.get_handle(),
        "user": container.get_user_id(),
        "tenant": container.get_tenant_id(),
        "payload": container.get_access_token_payload(),
    }


async def only_admins(global_validators: list[Any], *_: Any) -> list[Any]:
    return [*global_validators, role_claim.validators.has_value("admin")]


Verified = Depends(verify_session())
Input = Body(default={})


@app.post("/login")
async def login(request: Request, body: dict[str, Any] = Input) -> dict[str, Any]:
    return describe(
        await sessions.create_new_session(
            request,
            body.get("tenant", "public"),
            RecipeUserId(body["user"]),
            body.get("payload", {}),
            body.get("data", {}),
        )
    )


@app.api_route("/session", methods=["GET", "POST"])
async def read_session(container: SessionContainer = Verified) -> dict[str, Any]:
    return describe(container)


@app.get("/checked")
async def checked(
    container: SessionContainer = Depends(verify_session(check_database=True)),
) -> dict[str, Any]:
    return describe(container)


@app.get("/optional")
async def optional(
    container: SessionContainer | None = Depends(
        verify_session(session_required=False)
    ),
) -> dict[str, Any]:
    return {"user": container.get_user_id() if container else None}


@app.post("/logout")
async def logout(container: SessionContainer = Verified) -> dict[str, Any]:
    await container.revoke_session()
    return {}


@app.post("/payload")
async def merge_payload(
    body: dict[str, Any] = Input, container: SessionContainer = Verified
) -> dict[str, Any]:
    await container.merge_into_access_token_payload(body["update"])
    return describe(container)


@app.get("/data")
async def read_data(container: SessionContainer = Verified) -> dict[str, Any]:
    return {"data": await container.get_session_data_from_database()}


@app.post("/data")
async def write_data(
    body: dict[str, Any] = Input, container: SessionContainer = Verified
) -> dict[str, Any]:
    await container.update_session_data_in_database(body["data"])
    return {}


@app.get("/role")
async def role(
    container: SessionContainer = Depends(
        verify_session(override_global_claim_validators=only_admins)
    ),
) -> dict[str, Any]:
    return describe(container)


@app.post("/role/refetch")
async def refetch_role(container: SessionContainer = Verified) -> dict[str, Any]:
    await container.fetch_and_set_claim(role_claim)
    return {}


@app.get("/admin/sessions")
async def list_sessions(user: str, tenant: str | None = None) -> dict[str, Any]:
    return {
        "handles": await sessions.get_all_session_handles_for_user(user, True, tenant)
    }


@app.get("/admin/session")
async def session_information(handle: str) -> dict[str, Any]:
    info = await sessions.get_session_information(handle)
    if info is None:
        return {"found": False}
    return {
        "found": True,
        "handle": info.session_handle,
        "user": info.user_id,
        "tenant": info.tenant_id,
        "created": info.time_created,
        "expires": info.expiry,
        "payload": info.custom_claims_in_access_token_payload,
        "data": info.session_data_in_database,
    }


@app.post("/admin/revoke")
async def revoke(body: dict[str, Any] = Input) -> dict[str, Any]:
    return {"revoked": await sessions.revoke_session(body["handle"])}


@app.post("/admin/revoke-many")
async def revoke_many(body: dict[str, Any] = Input) -> dict[str, Any]:
    return {"handles": await sessions.revoke_multiple_sessions(body["handles"])}


@app.post("/admin/revoke-all")
async def revoke_all(body: dict[str, Any] = Input) -> dict[str, Any]:
    tenant = body.get("tenant")
    return {
        "handles": await sessions.revoke_all_sessions_for_user(
            body["user"], True, tenant
        )
    }


@app.post("/admin/payload")
async def merge_payload_of(body: dict[str, Any] = Input) -> dict[str, Any]:
    updated = await sessions.merge_into_access_token_payload(
        body["handle"], body["update"]
    )
    return {"updated": updated}


@app.post("/admin/data")
async def write_data_of(body: dict[str, Any] = Input) -> dict[str, Any]:
    updated = await sessions.update_session_data_in_database(
        body["handle"], body["data"]
    )
    return {"updated": updated}


@app.post("/admin/role")
async def set_role(body: dict[str, Any] = Input) -> dict[str, Any]:
    roles[body["user"]] = body["role"]
    return {}


@app.post("/admin/tenant")
async def put_tenant(body: dict[str, Any] = Input) -> dict[str, Any]:
    made = await create_or_update_tenant(body["tenant"], None)
    return {"created": made.created_new}


@app.post("/jwt")
async def make_jwt(body: dict[str, Any] = Input) -> dict[str, Any]:
    made = await sessions.create_jwt(
        body["payload"], body.get("validity"), body.get("useStatic")
    )
    return {"jwt": made.jwt}  # type: ignore[union-attr]


if __name__ == "__main__":
    print(f"starting on {PORT}", flush=True)
    uvicorn.run(app, host="localhost", port=PORT, log_level="warning")
