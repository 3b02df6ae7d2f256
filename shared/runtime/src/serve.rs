//! A function's start, and its life.

use std::{
    env, fmt,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use aws::Session;
use controls::Control;
use lambda_runtime::{LambdaEvent, Runtime, service_fn, tower::util::MapRequestLayer};
use respond::{Cloud, Doors, Pipeline};
use serde_json::{json, value::RawValue};
use tracing::Instrument as _;

use crate::{
    answer::{Answer, Failure},
    clock::System,
    invocation::{self, Invocation},
    log, payload,
    settings::{Process, Settings, SettingsError, names},
};

/// Why a function does not start, or stopped.
pub enum StartError {
    /// Its settings are wrong.
    Settings(SettingsError),
    /// The Runtime API failed.
    Runtime(lambda_runtime::Error),
}

impl StartError {
    const fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "Permanent.Settings",
            Self::Runtime(_) => "Transient.Runtime",
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Runtime(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for StartError {
    /// What `main` prints when it ends so.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code())
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Settings(error) => Some(error),
            Self::Runtime(error) => Some(error.as_ref()),
        }
    }
}

/// Runs a function: the whole of its `main`.
///
/// Checks all settings, connects, and handles whatever is delivered until Lambda ends the process.
/// `connect` makes what the control may touch of the account, and makes no call.
///
/// # Errors
/// [`StartError`], with all that is wrong with the settings; it is also printed as one JSON line
/// and told to Lambda.
pub async fn serve<C, A>(control: C, connect: impl FnOnce(&Session) -> A) -> Result<(), StartError>
where
    C: Control,
    A: Cloud<C>,
{
    log::begin();
    let settings = Settings::read(&Process).map_err(|error| refused(C::ID, error))?;
    let session = Session::from_env(settings.trust.clone()).await;
    let doors = Doors {
        cloud: connect(&session),
        ledger: aws::ledger::Table::new(&session, settings.table),
        notifier: aws::sns::Topic::new(&session, settings.topic),
        later: aws::sqs::Again::new(&session, settings.recheck_queue),
        switch: aws::ssm::Pause::new(&session, settings.paused),
        clock: System,
    };
    let settings = respond::Settings::new(settings.policies, settings.trust, settings.posture);
    let pipeline = Arc::new(Pipeline::new(control, doors, settings));
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let pipeline = Arc::clone(&pipeline);
        async move {
            let invocation = Invocation {
                request_id: event.context.request_id,
                deadline: event.context.deadline,
            };
            let span = tracing::info_span!("invocation", request_id = %invocation.request_id);
            let text = String::from(Box::<str>::from(event.payload));
            let answer: Result<Answer, Failure> =
                invocation::invoke(pipeline, invocation, text, log::print).instrument(span).await;
            answer
        }
    });
    Runtime::new(handler)
        .layer(MapRequestLayer::new(payload::readable))
        .run_concurrent()
        .await
        .map_err(StartError::Runtime)
}

/// Prints what is wrong with the settings, and tells Lambda, so that the reason stands where a
/// failed start is looked for.
fn refused(control: model::ControlId, error: SettingsError) -> StartError {
    use respond::Clock as _;
    let line = json!({
        "timestamp": System.now().to_rfc3339(),
        "level": "ERROR",
        "message": "settings refused",
        "control": control,
        "problems": error.problems,
    });
    log::print(&line.to_string());
    let error = StartError::Settings(error);
    if let Ok(api) = env::var(names::RUNTIME_API) {
        // Best effort: the exit of the process says so as well.
        init_error(&api, &error).ok();
    }
    error
}

/// Posts an error of the start to the Runtime API. The runtime crate has no door for that.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>.
fn init_error(api: &str, error: &StartError) -> std::io::Result<()> {
    let body = json!({"errorType": error.code(), "errorMessage": error.to_string()}).to_string();
    let mut stream = TcpStream::connect(api)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.set_write_timeout(Some(Duration::from_secs(1)))?;
    let request = format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {api}\r\n\
         Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: {}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        error.code(),
        body.len(),
    );
    stream.write_all(request.as_bytes())?;
    // Waiting for the answer keeps the process alive until the error has arrived.
    stream.read(&mut [0; 64]).map(|_| ())
}
