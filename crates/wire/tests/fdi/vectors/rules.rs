//! Transfer methods, anti-CSRF, front tokens, answers.

use doorward_engine::id::UserId;
use doorward_engine::payload::JsonText;
use doorward_wire::fdi::answer::{Answer, ClaimError, Statuses};
use doorward_wire::fdi::csrf::{AntiCsrf, Judgement, is_checked_by_default};
use doorward_wire::fdi::front_token::FrontToken;
use doorward_wire::fdi::method::Method;
use doorward_wire::fdi::transfer::{Choice, Need, Offered, TransferMethod};
use serde_json::{Value, json};

use super::input::{allowed, error, flag, method, millis, text};

pub(crate) fn run(op: &str, input: &Value, _expect: &Value) -> Option<Value> {
    Some(match op {
        "transfer.verify" => verify(input),
        "transfer.refresh" => refresh(input),
        "transfer.create" => {
            let asked = input["st_auth_mode"].as_str().and_then(TransferMethod::parse);
            let chosen = allowed(text(input, "allowed")).for_creation(asked, method(text(input, "fallback")));
            json!({ "use": chosen.as_str() })
        }
        "csrf.checked_by_default" => {
            json!({ "checked": is_checked_by_default(&Method::read(text(input, "method"))) })
        }
        "csrf.judge" => json!({ "answer": judge(input) }),
        "front_token.build" => {
            let user = UserId::parse(text(input, "uid")).unwrap();
            match FrontToken::build(&user, millis(&input["ate"]), text(input, "up")) {
                Ok(token) => json!({ "value": token.expose() }),
                Err(e) => error(e.code()),
            }
        }
        "answer" => {
            let answer = answer(input);
            let statuses = match input["statuses"].as_array() {
                Some(both) => Statuses::new(status(&both[0]), status(&both[1])).unwrap(),
                None => Statuses::default(),
            };
            json!({ "status": answer.status(statuses), "body": answer.body() })
        }
        "statuses" => match Statuses::new(status(&input["session_expired"]), status(&input["invalid_claim"])) {
            Ok(_) => json!({ "ok": true }),
            Err(e) => error(e.code()),
        },
        _ => return None,
    })
}

fn offered(input: &Value) -> Offered {
    Offered { header: flag(input, "header"), cookie: flag(input, "cookie") }
}

fn verify(input: &Value) -> Value {
    let need = if flag(input, "required") { Need::Required } else { Need::Optional };
    json!({ "answer": match allowed(text(input, "allowed")).for_verify(offered(input), need) {
        Choice::Use(method) => method.as_str(),
        Choice::NoSession => "no_session",
        Choice::Unauthorised => "unauthorised",
    } })
}

fn refresh(input: &Value) -> Value {
    match allowed(text(input, "allowed")).for_refresh(offered(input)) {
        Some(choice) => {
            let clears: Vec<&str> = choice.clears.iter().map(|method| method.as_str()).collect();
            json!({ "use": choice.method.as_str(), "clear": clears })
        }
        None => json!({ "use": null, "clear": TransferMethod::ALL.map(TransferMethod::as_str) }),
    }
}

fn judge(input: &Value) -> &'static str {
    let mode = AntiCsrf::parse(text(input, "mode")).unwrap();
    match mode.judge(method(text(input, "transfer")), flag(input, "checked"), flag(input, "rid")) {
        Judgement::Pass => "pass",
        Judgement::CompareToken => "compare_token",
        Judgement::MissingCustomHeader => "missing_custom_header",
    }
}

fn status(value: &Value) -> u16 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn answer(input: &Value) -> Answer {
    let message = || text(input, "message").to_owned();
    match text(input, "answer") {
        "unauthorised" => Answer::Unauthorised,
        "try_refresh_token" => Answer::TryRefreshToken,
        "token_theft_detected" => Answer::TokenTheftDetected,
        "refreshed" => Answer::Refreshed,
        "signed_out" => Answer::SignedOut,
        "general_error" => Answer::GeneralError(message()),
        "bad_input" => Answer::BadInput(message()),
        "invalid_claims" => {
            let error = |error: &Value| ClaimError {
                id: error[0].as_str().unwrap().to_owned(),
                reason: error[1].as_str().map(JsonText::from_stored),
            };
            Answer::InvalidClaims(input["errors"].as_array().unwrap().iter().map(error).collect())
        }
        other => panic!("no answer `{other}`"),
    }
}
