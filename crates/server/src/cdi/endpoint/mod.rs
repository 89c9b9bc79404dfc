//! The endpoints, a file each, and the one table that says which methods they have.

mod hello;

use doorward_wire::cdi::answer::{Answer, Refusal};
use doorward_wire::cdi::route::Endpoint;
use http::Method;

use crate::cdi::call::Call;
use crate::cdi::fault::Fault;

/// Answers a request that was let in.
pub(crate) async fn dispatch(call: &Call<'_>) -> Result<Answer, Fault> {
    const GET: &Method = &Method::GET;
    const POST: &Method = &Method::POST;
    const PUT: &Method = &Method::PUT;
    const DELETE: &Method = &Method::DELETE;
    const HEAD: &Method = &Method::HEAD;

    match (call.route.endpoint, call.method) {
        (Endpoint::Unknown, _) => Err(Refusal::NOT_FOUND.into()),
        (Endpoint::Hello, GET | POST | PUT | DELETE | HEAD) => hello::handle(call).await,
        (Endpoint::Root, GET | POST | PUT | DELETE) => hello::handle_root(call).await,
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
