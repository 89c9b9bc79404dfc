//! A core that doesn't answer, or not as it should.

use bytes::Bytes;
use http::Request;
use tokio::net::TcpListener;

use super::stand_in::{ANSWER, Answers, StandIn};
use crate::cdi::world::World;

const TEXT: &str = "text/html;charset=UTF-8";

/// What a caller is told, with how many bytes of a body it may be.
async fn told(answers: Answers) -> (u16, String) {
    let core = StandIn::start(answers).await;
    let world = World::new(&format!("{}upstream_core_timeout_ms: 200\n", core.yaml())).await;
    let answer = world.get("/users").await;
    if answer.status != 207 {
        assert_eq!(answer.headers["content-type"], TEXT, "an SDK reads it as a message");
        assert!(!answer.body.contains("status"), "{answer:?}");
    }
    (answer.status, answer.body)
}

#[tokio::test]
async fn one_that_is_not_there() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let world = World::new(&format!("upstream_core: http://127.0.0.1:{port}\n")).await;
    assert_eq!(world.get("/users").await.line(), "502 the upstream core can't be reached");
    assert_eq!(world.get("/hello").await.line(), "200 Hello", "which says nothing about this server");
}

#[tokio::test]
async fn one_that_hangs() {
    assert_eq!(told(Answers::Never).await, (504, "the upstream core doesn't answer in time".into()));
}

#[tokio::test]
async fn one_that_speaks_no_http() {
    for words in ["", "what?\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "HTTP/1.1 2000 OK\r\n\r\n"] {
        let told = told(Answers::Raw(words)).await;
        assert_eq!(told, (502, "the upstream core doesn't answer as it should".into()), "{words:?}");
    }
}

#[tokio::test]
async fn one_that_says_too_much() {
    let told = told(Answers::Long((16 << 20) + 1)).await;
    assert_eq!(told, (502, "the upstream core answers with more than is let through".into()));
}

#[tokio::test]
async fn many_that_say_much() {
    const LONGEST: usize = 16 << 20;
    let core = StandIn::start(Answers::Long(LONGEST)).await;
    let world = World::new(&core.yaml()).await;
    let ask = async || {
        let request = Request::get("/users").body(Bytes::new()).unwrap();
        world.cdi.answer(request, [127, 0, 0, 1].into()).await
    };
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(ask().await);
    }
    assert!(held.iter().all(|answer| answer.body().len() == LONGEST));
    for _ in 0..2 {
        let answer = ask().await;
        assert_eq!(answer.body(), "the upstream core has answers that are too long for now\n");
        assert_eq!(answer.status(), 503);
    }
    // Who signs in isn't kept from it.
    assert_eq!(world.get("/recipe/signin").await.status, 207);
    // A caller that has read his, or is gone, makes room.
    held.pop();
    assert_eq!(ask().await.status(), 207);
}

#[tokio::test]
async fn one_that_comes_back() {
    let core = StandIn::start(Answers::Well).await;
    let world = World::new(&core.yaml()).await;
    for _ in 0..3 {
        assert_eq!(world.get("/users").await.body, ANSWER.trim_end());
    }
}
