//! The Lambda Runtime API, as far as one invocation needs it: a function binary can be run against
//! any emulator.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{Problem, Result};

/// How long an invocation may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The only invocation's id.
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000001";

/// What the function is told it is.
const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:111122223333:function:snapback-under-test";

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// The function answered.
    Response(Value),
    /// The function reported an error.
    Error(Value),
    /// The function could not start, and said why.
    Init(Value),
}

/// What the function sent, and to which of the API's paths.
type Posted = (String, String);

/// Runs a function binary for one event, with these settings and nothing else in its environment.
///
/// # Errors
/// When it cannot be run, or neither answers nor fails.
pub fn invoke(binary: &Path, settings: &[(&str, &str)], event: &str) -> Result<Ended> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Problem::run("a listener"))?;
    let address = listener.local_addr().map_err(Problem::run("a listener"))?;
    let (sender, posted) = mpsc::channel();
    let event = event.to_owned();
    let handed_out = Arc::new(AtomicBool::new(false));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (event, sender) = (event.clone(), sender.clone());
            let handed_out = Arc::clone(&handed_out);
            thread::spawn(move || serve(&stream, &event, &handed_out, &sender));
        }
    });

    let mut command = Command::new(binary);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "snapback-under-test")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().map_err(Problem::run(binary.display().to_string()))?;
    let mut child = Ending(child);
    match posted.recv_timeout(PATIENCE) {
        Ok((path, body)) => {
            let value = serde_json::from_str(&body).unwrap_or(Value::String(body));
            Ok(match path.rsplit('/').next() {
                Some("response") => Ended::Response(value),
                Some("error") if path.contains("/init/") => Ended::Init(value),
                _ => Ended::Error(value),
            })
        }
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            drop(child.0.kill());
            let mut said = String::new();
            if let Some(mut out) = child.0.stdout.take() {
                drop(out.read_to_string(&mut said));
            }
            if let Some(mut err) = child.0.stderr.take() {
                drop(err.read_to_string(&mut said));
            }
            Err(Problem::Failed { program: binary.display().to_string(), said })
        }
    }
}

/// A child that does not outlive the invocation.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Serves one connection: the first poll gets the event, every later one waits until the function
/// goes.
fn serve(stream: &TcpStream, event: &str, handed_out: &AtomicBool, posted: &Sender<Posted>) {
    // Without this every exchange waits for a delayed acknowledgement.
    drop(stream.set_nodelay(true));
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some((method, path, body)) = request(&mut reader) {
        let answer = if method != "GET" {
            drop(posted.send((path, body)));
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
        } else if handed_out.swap(true, Ordering::SeqCst) {
            drop(reader.read_to_end(&mut Vec::new()));
            return;
        } else {
            invocation(event)
        };
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn invocation(event: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let headers = [
        "HTTP/1.1 200 OK".to_owned(),
        format!("Lambda-Runtime-Aws-Request-Id: {REQUEST_ID}"),
        format!("Lambda-Runtime-Deadline-Ms: {}", now.saturating_add(PATIENCE).as_millis()),
        format!("Lambda-Runtime-Invoked-Function-Arn: {FUNCTION_ARN}"),
        "Content-Type: application/json".to_owned(),
        format!("Content-Length: {}", event.len()),
    ];
    format!("{}\r\n\r\n{event}", headers.join("\r\n"))
}

/// Reads one request: method, path, body. `None` at the end of the connection.
fn request(reader: &mut BufReader<&TcpStream>) -> Option<(String, String, String)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, path, String::from_utf8_lossy(&body).into_owned()))
}
