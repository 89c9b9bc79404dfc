//! A file of recorded requests and answers, as read. What the player doesn't know is an error: a test that is passed over
//! silently is no test.

use crate::cdi::json::Json;

/// Requests in their order, with the answers that were given.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name; several files of different versions may share it.
    pub name: String,
    /// The versions that answered so; `-` where the requests say the version themselves.
    pub versions: Vec<String>,
    /// Options that the server had, and their values as YAML.
    pub config: Vec<(String, String)>,
    /// What stands before the path of every request.
    pub base_path: String,
    /// What is done.
    pub steps: Vec<Step>,
}

/// A pause or a request.
#[derive(Clone, Debug)]
pub enum Step {
    /// Nothing is done for this many milliseconds.
    Sleep(u64),
    /// A request is sent.
    Ask(Box<Exchange>),
}

/// A request, and the answer that is wanted.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The name of the step.
    pub id: String,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// What must come.
    pub wanted: Wanted,
    /// Pairs of values that must be the same.
    pub equal: Vec<(String, String)>,
}

/// A body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// None at all.
    Empty,
    /// JSON, to be sent or come in one line.
    Json(Json),
    /// A text as it is.
    Text(String),
}

/// An answer as it was given.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The status.
    pub status: u16,
    /// Some of the headers.
    pub headers: Vec<(String, String)>,
    /// The body; `None` where only the status counts.
    pub body: Option<Body>,
}

impl Scenario {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Self, String> {
        let file = Json::parse(text)?;
        known(&file, &["scenario", "cdi", "about", "config", "base_path", "base_path_note", "steps"])?;
        let base_path = file.get("base_path").map(|path| want_text(path, "base_path")).transpose()?.unwrap_or_default();
        let config = want(&file, "config")?.members().ok_or("config is no object")?;
        Ok(Self {
            name: want_text(want(&file, "scenario")?, "scenario")?,
            versions: list(&file, "cdi")?.iter().map(|version| want_text(version, "cdi")).collect::<Result<_, _>>()?,
            config: config.iter().map(|(name, value)| (name.clone(), yaml(value))).collect(),
            base_path,
            steps: list(&file, "steps")?.iter().map(step).collect::<Result<_, _>>()?,
        })
    }

    /// Its requests.
    pub fn exchanges(&self) -> impl Iterator<Item = &Exchange> {
        self.steps.iter().filter_map(|step| if let Step::Ask(exchange) = step { Some(&**exchange) } else { None })
    }

    /// Whether time passes in it.
    pub fn has_pauses(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Sleep(_)))
    }

    /// An option's value.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.config.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// Its configuration as the text of a file.
    pub fn yaml(&self) -> String {
        self.config.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
    }
}

/// A string is YAML as it stands, quotes included; a number is the same in YAML.
fn yaml(value: &Json) -> String {
    value.text().map_or_else(|| value.compact(), str::to_owned)
}

fn step(step: &Json) -> Result<Step, String> {
    if let Some(pause) = step.get("sleep_ms") {
        known(step, &["sleep_ms"])?;
        let millis = pause.integer().and_then(|millis| u64::try_from(millis).ok());
        return millis.map(Step::Sleep).ok_or_else(|| format!("a pause of {pause}"));
    }
    let id = want_text(want(step, "id")?, "id")?;
    exchange(step, &id).map(|exchange| Step::Ask(Box::new(exchange))).map_err(|error| format!("step {id}: {error}"))
}

fn exchange(step: &Json, id: &str) -> Result<Exchange, String> {
    known(step, &["id", "note", "request", "response", "equal"])?;
    let request = want(step, "request")?;
    known(request, &["method", "path", "headers", "body", "raw"])?;
    let response = want(step, "response")?;
    known(response, &["status", "headers", "json", "text", "html_error_page"])?;
    let equal = step.get("equal").and_then(Json::items).unwrap_or_default();
    Ok(Exchange {
        id: id.to_owned(),
        method: want_text(want(request, "method")?, "method")?,
        path: want_text(want(request, "path")?, "path")?,
        headers: headers(request)?,
        body: body(request, "body", "raw")?,
        wanted: Wanted {
            status: want(response, "status")?
                .integer()
                .and_then(|status| u16::try_from(status).ok())
                .ok_or("status")?,
            headers: headers(response)?,
            body: match response.get("html_error_page") {
                Some(_) => None,
                None => Some(body(response, "json", "text")?),
            },
        },
        equal: equal
            .iter()
            .map(|pair| match pair.items() {
                Some([a, b]) => Ok((want_text(a, "equal")?, want_text(b, "equal")?)),
                _ => Err(format!("equal {pair}")),
            })
            .collect::<Result<_, String>>()?,
    })
}

fn headers(message: &Json) -> Result<Vec<(String, String)>, String> {
    let headers = message.get("headers").and_then(Json::members).unwrap_or_default();
    headers.iter().map(|(name, value)| Ok((name.clone(), want_text(value, name)?))).collect()
}

fn body(message: &Json, json: &str, text: &str) -> Result<Body, String> {
    match (message.get(json), message.get(text)) {
        (None, None) => Ok(Body::Empty),
        (Some(json), None) => Ok(Body::Json(json.clone())),
        (None, Some(raw)) => want_text(raw, text).map(Body::Text),
        _ => Err(format!("both {json} and {text}")),
    }
}

fn known(object: &Json, names: &[&str]) -> Result<(), String> {
    let members = object.members().ok_or_else(|| format!("{object} is no object"))?;
    match members.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        Some((name, _)) => Err(format!("the player does not know the member {name}")),
        None => Ok(()),
    }
}

fn want<'a>(object: &'a Json, name: &str) -> Result<&'a Json, String> {
    object.get(name).ok_or_else(|| format!("{name} is missing"))
}

fn want_text(value: &Json, name: &str) -> Result<String, String> {
    value.text().map(str::to_owned).ok_or_else(|| format!("{name} is {value}, no text"))
}

fn list<'a>(object: &'a Json, name: &str) -> Result<&'a [Json], String> {
    want(object, name)?.items().ok_or_else(|| format!("{name} is no list"))
}
