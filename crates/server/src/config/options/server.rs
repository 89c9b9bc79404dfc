//! Options of the process itself.

/// Where it listens, and what it takes from a client.
pub(crate) mod listen {
    use crate::config::check;
    use crate::config::option::Initial::{Int, Text, Unset};
    use crate::config::option::{Kind, OptionSpec, options};

    const PORTS: &str = "a port must be between 0 and 65535";
    const TIMES: &str = "it must be between 1 and 3600000 milliseconds";

    options! {
        HOST = OptionSpec::new("host", Kind::Text, Text("localhost"),
            "The host name or address to listen on. `localhost` is every loopback address; `0.0.0.0` and `::` are all \
             addresses of the machine.")
            .environment("SUPERTOKENS_HOST").passes(check::not_empty);
        PORT = OptionSpec::new("port", Kind::Int, Int(3567), "The port; 0 takes a free one.")
            .environment("SUPERTOKENS_PORT").between(0.0, 65_535.0, PORTS);
        BASE_PATH = OptionSpec::new("base_path", Kind::Text, Text(""), "What every path begins with.")
            .environment("BASE_PATH").passes(check::base_path);
        HEADER_LIMIT = OptionSpec::new("request_header_limit_bytes", Kind::Int, Int(16_384),
            "How long the head of a request may be. Longer ones get 431.")
            .environment("DOORWARD_REQUEST_HEADER_LIMIT_BYTES")
            .between(1024.0, 1_048_576.0, "it must be between 1024 and 1048576 bytes");
        BODY_LIMIT = OptionSpec::new("request_body_limit_bytes", Kind::Int, Int(1_048_576),
            "How long the body of a request may be. Longer ones get 413.")
            .environment("DOORWARD_REQUEST_BODY_LIMIT_BYTES")
            .between(4096.0, 67_108_864.0, "it must be between 4096 and 67108864 bytes");
        READ_TIMEOUT = OptionSpec::new("request_read_timeout_ms", Kind::Int, Int(30_000),
            "How long a client may take to send the head of a request, and how long for its body. Slower ones get 408.")
            .environment("DOORWARD_REQUEST_READ_TIMEOUT_MS").between(1.0, 3_600_000.0, TIMES);
        IDLE_TIMEOUT = OptionSpec::new("connection_idle_timeout_ms", Kind::Int, Int(100_000),
            "How long a connection may lie idle. Longer than the 90 s after which a Go client closes its own, so that \
             it never sends on one that is closed here.")
            .environment("DOORWARD_CONNECTION_IDLE_TIMEOUT_MS").between(1.0, 3_600_000.0, TIMES);
        CONNECTION_LIMIT = OptionSpec::new("connection_limit", Kind::Int, Int(8192),
            "How many connections may be open at once. More are answered with 503 and closed.")
            .environment("DOORWARD_CONNECTION_LIMIT").between(1.0, 1_000_000.0, "it must be between 1 and 1000000");
        STOP_TIMEOUT = OptionSpec::new("stop_timeout_ms", Kind::Int, Int(5000),
            "How long requests that are under way may go on after the signal to stop.")
            .environment("DOORWARD_STOP_TIMEOUT_MS")
            .between(0.0, 3_600_000.0, "it must be between 0 and 3600000 milliseconds");
        ADMIN_HOST = OptionSpec::new("admin_host", Kind::Text, Text("localhost"),
            "The host name or address where `/metrics` is served.")
            .environment("DOORWARD_ADMIN_HOST").passes(check::not_empty);
        ADMIN_PORT = OptionSpec::new("admin_port", Kind::Int, Unset,
            "The port of `/metrics`; 0 takes a free one. Without it there are no metrics.")
            .environment("DOORWARD_ADMIN_PORT").between(0.0, 65_535.0, PORTS);
    }
}

/// Logs.
pub(crate) mod watch {
    use crate::config::option::Initial::{Text, Unset};
    use crate::config::option::{Kind, OptionSpec, options};

    options! {
        LOG_LEVEL = OptionSpec::new("log_level", Kind::Text, Text("INFO"),
            "The least important thing that is logged: DEBUG, INFO, WARN, ERROR, or NONE for no log at all. No level \
             shows a token, a key or a payload.")
            .environment("LOG_LEVEL")
            .one_of(&["NONE", "DEBUG", "INFO", "WARN", "ERROR"],
                "'log_level' config must be one of \"NONE\",\"DEBUG\", \"INFO\", \"WARN\" or \"ERROR\".");
        LOG_FORMAT = OptionSpec::new("log_format", Kind::Text, Text("text"), "`text`, or `json` for an object a line.")
            .environment("DOORWARD_LOG_FORMAT").one_of(&["text", "json"], "it must be text or json");
        INFO_LOG_PATH = OptionSpec::new("info_log_path", Kind::Text, Unset,
            "The file that DEBUG and INFO are appended to. Without it they go to standard output.")
            .environment("INFO_LOG_PATH");
        ERROR_LOG_PATH = OptionSpec::new("error_log_path", Kind::Text, Unset,
            "The file that WARN and ERROR are appended to. Without it they go to standard error.")
            .environment("ERROR_LOG_PATH");
    }
}

/// Which store.
pub(crate) mod store {
    use crate::config::check;
    use crate::config::option::Initial::{Text, Unset};
    use crate::config::option::{Kind, OptionSpec, options};

    options! {
        STORE = OptionSpec::new("store", Kind::Text, Unset,
            "`sqlite`, `postgresql`, or `memory`, which forgets everything when the server stops. Without it: \
             `postgresql` where a connection URI, a user or a password is set, else `sqlite`.")
            .environment("DOORWARD_STORE")
            .one_of(&["sqlite", "postgresql", "memory"], "it must be sqlite, postgresql or memory");
        SQLITE_DATA_DIR = OptionSpec::new("sqlite_data_dir", Kind::Text, Text("./doorward-data"),
            "The folder of the SQLite file. It is made, for its owner alone, where it is missing.")
            .environment("DOORWARD_SQLITE_DATA_DIR").passes(check::not_empty);
    }
}
