//! A request of a backend: path, query, headers and body. Nothing that a caller sends is a fault of ours. `$ACCESS`,
//! `$REFRESH` and `$HANDLE` stand for those of a session.
#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use doorward_fuzz::{Gullible, Input, NOW};
use doorward_server::cdi::Cdi;
use doorward_server::config::{self, Sources};
use doorward_service::env::World;
use doorward_service::memory::Memory;
use doorward_testkit::fakes::{SeededKeys, SetClock};
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

/// After so many requests the server starts anew, on nothing.
const REQUESTS: u32 = 5000;

struct Server {
    runtime: Runtime,
    cdi: Cdi,
    session: [(&'static str, String); 3],
    left: u32,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let settings = config::load(&Sources::default()).expect("the defaults").settings;
        let world = World {
            clock: Arc::new(SetClock::at(NOW)),
            crypto: Arc::new(Gullible),
            keys: Arc::new(SeededKeys::new(1)),
        };
        let cdi = Cdi::new(Arc::new(Memory::new()), world, Arc::new(settings));
        let cdi = runtime.block_on(cdi).expect("a server");
        let mut server = Self { runtime, cdi, session: Default::default(), left: REQUESTS };
        server.session = server.signed_in();
        server
    }

    fn signed_in(&self) -> [(&'static str, String); 3] {
        let body = r#"{"userId":"u1","userDataInJWT":{},"userDataInDatabase":{},"enableAntiCsrf":false}"#;
        let request = Request::post("/recipe/session").body(Bytes::from_static(body.as_bytes()));
        let answer = self.answer(request.expect("a request"));
        let told: serde_json::Value = serde_json::from_slice(answer.body()).expect("JSON");
        [("$ACCESS", "/accessToken/token"), ("$REFRESH", "/refreshToken/token"), ("$HANDLE", "/session/handle")]
            .map(|(name, place)| (name, told.pointer(place).and_then(|text| text.as_str()).expect("a text").to_owned()))
    }

    fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.runtime.block_on(self.cdi.answer(request, [127, 0, 0, 1].into()))
    }

    fn filled(&self, text: &str) -> String {
        self.session.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

thread_local! {
    static SERVER: RefCell<Option<Server>> = const { RefCell::new(None) };
}

fuzz_target!(|data: &[u8]| {
    let Some(input) = Input::read(data) else { return };
    SERVER.with_borrow_mut(|server| {
        let server = server.get_or_insert_with(Server::start);
        let mut request = Request::builder().method(input.method).uri(server.filled(input.path));
        for (name, value) in input.headers {
            request = request.header(name, value);
        }
        let body = match std::str::from_utf8(input.body) {
            Ok(text) => server.filled(text).into(),
            Err(_) => Bytes::copy_from_slice(input.body),
        };
        let Ok(request) = request.body(body) else { return };
        let answer = server.answer(request);
        let body = String::from_utf8_lossy(answer.body());
        // 501 says that nobody knows the method (`spec/modern-core.md` 1.8).
        let status = answer.status().as_u16();
        assert!(status < 500 || status == 501, "{status} {body}");
        server.left -= 1;
        if server.left == 0 {
            *server = Server::start();
        }
    });
});
