//! Requests as they are sent, good and bad.

/// Requests, each with the statuses that it is answered with before the connection closes.
pub(super) const REQUESTS: &[(&str, &str, &[u16])] = &[
    ("plain", "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &[200]),
    ("of a proxy", "GET http://h/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &[200]),
    ("old", "GET /a HTTP/1.0\r\n\r\n", &[200]),
    ("old, with a body", "POST /a HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", &[200]),
    ("old, chunked", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", &[400]),
    ("without a host", "GET /a HTTP/1.1\r\n\r\n", &[400]),
    ("with two hosts", "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &[400]),
    ("old, with two hosts", "GET /a HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", &[400]),
    (
        "two in a row",
        "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        &[200, 200],
    ),
    (
        "two in a row, with bodies",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhiPOST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\
         Connection: close\r\n\r\nx",
        &[200, 200],
    ),
    (
        "a good one and a bad one",
        "GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nbad header\r\n\r\n",
        &[200, 400],
    ),
    (
        "chunked",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nhi\r\n3;x=y\r\nyou\r\n\
         0\r\nTrailer: t\r\n\r\n",
        &[200],
    ),
    ("chunks without a length", "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", &[400]),
    (
        "chunks of a length beyond all",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        &[400],
    ),
    ("another encoding", "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", &[400]),
    (
        "chunks of another encoding",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n",
        &[400],
    ),
    (
        "chunks in another encoding",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    (
        "chunks in chunks",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        &[400],
    ),
    (
        "chunks in capitals",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: CHUNKED \r\nConnection: close\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        &[200],
    ),
    (
        "a length and chunks: the chunks count, and nothing is smuggled behind them",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
         2\r\nhi\r\n0\r\n\r\n",
        &[200],
    ),
    ("two lengths", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi", &[400]),
    (
        "one length twice",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
        &[200],
    ),
    ("a length that is none", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", &[400]),
    ("a length beyond all", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", &[400]),
    ("a body that is too long", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4097\r\n\r\n", &[413]),
    ("an expectation", "POST /a HTTP/1.1\r\nHost: h\r\nExpect: more\r\nContent-Length: 2\r\n\r\nhi", &[417]),
    (
        "an expectation of nothing",
        "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        &[200],
    ),
    (
        "an expectation that is too long",
        "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4097\r\n\r\n",
        &[413],
    ),
    ("no HTTP", "hello\r\n\r\n", &[400]),
    ("a method that is none", "G@T /a HTTP/1.1\r\nHost: h\r\n\r\n", &[400]),
    ("a header with a blank", "GET /a HTTP/1.1\r\nHost : h\r\n\r\n", &[400]),
    ("a folded header", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", &[400]),
    ("a NUL in a header", "GET /a HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", &[400]),
    ("a path with a blank", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", &[400]),
    ("a version that is none", "GET /a HTTP/3.0\r\nHost: h\r\n\r\n", &[400]),
    ("empty lines before", "\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &[200]),
    ("bare line feeds", "GET /a HTTP/1.1\nHost: h\nConnection: close\n\n", &[200]),
    ("HEAD", "HEAD /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &[200]),
];
