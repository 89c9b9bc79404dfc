//! The two routes that browser kits call. They are ordinary routes, and need the layer around them as others do.

use axum::Router;
use axum::routing::post;
use doorward_wire::fdi::answer::Answer;

use crate::error::{Reply, SessionError};
use crate::exchange::Exchange;
use crate::sessions::Sessions;

impl Sessions {
    /// `POST <base path>/session/refresh` and `POST <base path>/signout`, to be merged into the application's router
    /// below [`Sessions::layer`]. The base path is `/auth` unless set otherwise; the body of a request isn't looked at.
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new().route(self.refresh_route(), post(refresh)).route(self.sign_out_route(), post(sign_out))
    }
}

async fn refresh(exchange: Exchange) -> Result<Reply, SessionError> {
    exchange.refresh_session().await?;
    Ok(exchange.reply(&Answer::Refreshed))
}

async fn sign_out(exchange: Exchange) -> Result<Reply, SessionError> {
    exchange.sign_out().await?;
    Ok(exchange.reply(&Answer::SignedOut))
}
