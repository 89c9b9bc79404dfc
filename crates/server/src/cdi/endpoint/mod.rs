//! The endpoints, a file each, and the one table that says which methods they have.

mod api_version;
mod app;
mod config;
mod feature_flag;
mod handshake;
mod hello;
mod jwks;
mod jwt;
mod jwt_data;
mod license;
mod request_stats;
mod session;
mod session_create;
mod session_data;
mod session_get;
mod session_refresh;
mod session_regenerate;
mod session_remove;
mod session_user;
mod session_verify;
mod telemetry;
mod tenant;
mod user;

use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::route::Endpoint;
use http::Method;

pub(crate) use self::user::sign_out;
use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Answers a request that was let in.
pub(crate) async fn dispatch(call: &Call<'_>) -> Result<Answer, Fault> {
    const GET: &Method = &Method::GET;
    const POST: &Method = &Method::POST;
    const PUT: &Method = &Method::PUT;
    const DELETE: &Method = &Method::DELETE;
    const HEAD: &Method = &Method::HEAD;

    // Those that write or sign are in a box, so that the futures of all other requests stay small.
    match (call.route.endpoint, call.method) {
        (Endpoint::Unknown | Endpoint::Elsewhere, _) => Err(Refusal::NOT_FOUND.into()),
        (Endpoint::Hello, GET | POST | PUT | DELETE | HEAD) => hello::handle(call).await,
        (Endpoint::Root, GET | POST | PUT | DELETE) => hello::handle_root(call).await,
        (Endpoint::Session, GET) => session_get::handle(call).await,
        (Endpoint::Session, POST) => Box::pin(session_create::handle(call)).await,
        (Endpoint::SessionVerify, POST) => session_verify::handle(call).await,
        (Endpoint::SessionRefresh, POST) => Box::pin(session_refresh::handle(call)).await,
        (Endpoint::SessionRegenerate, POST) => Box::pin(session_regenerate::handle(call)).await,
        (Endpoint::SessionRemove, POST) => session_remove::handle(call).await,
        (Endpoint::SessionUser, GET) => session_user::handle(call).await,
        (Endpoint::SessionData, GET) => session_data::get(call).await,
        (Endpoint::SessionData, PUT) => Box::pin(session_data::put(call)).await,
        (Endpoint::JwtData, GET) => jwt_data::get(call).await,
        (Endpoint::JwtData, PUT) => Box::pin(jwt_data::put(call)).await,
        (Endpoint::Handshake, POST) => handshake::handle(call).await,
        (Endpoint::ApiVersion, GET) => api_version::handle(call).await,
        (Endpoint::Config, GET) => config::handle(call),
        (Endpoint::Telemetry, GET) => telemetry::handle(call),
        (Endpoint::FeatureFlag, GET) => feature_flag::handle(call),
        (Endpoint::License, GET) => license::get(call),
        (Endpoint::License, PUT) => license::put(call),
        (Endpoint::License, DELETE) => license::delete(call),
        (Endpoint::RequestStats, GET) => request_stats::handle(call),
        (Endpoint::UserById, GET) => user::by_id(call),
        (Endpoint::UserRemove, POST) => user::remove(call).await,
        (Endpoint::UserCount, GET) => user::count(call),
        (Endpoint::ActiveUserCount, GET) => user::count_active(call).await,
        (Endpoint::Jwt, POST) => jwt::handle(call).await,
        (Endpoint::Jwks, GET) => jwks::handle(call).await,
        (Endpoint::PublicJwks, GET) => jwks::handle_public(call).await,
        (Endpoint::Tenant(generation), GET) => tenant::get(call, generation),
        (Endpoint::Tenant(generation), PUT) => tenant::put(call, generation).await,
        (Endpoint::TenantRemove, POST) => tenant::remove(call).await,
        (Endpoint::TenantList(generation), GET) => tenant::list(call, generation),
        (Endpoint::App(generation), PUT) => app::put(call, generation).await,
        (Endpoint::AppRemove, POST) => app::remove(call).await,
        (Endpoint::AppList(generation), GET) => app::list(call, generation),
        (_, method) if is_known(method) => Err(Refusal::METHOD.into()),
        _ => Err(Refusal::UNKNOWN_METHOD.into()),
    }
}

fn is_known(method: &Method) -> bool {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
    ]
    .contains(method)
}
