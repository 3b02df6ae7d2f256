//! An independent client of the emulator: boto3 behind a pipe, which shares no code with Snapback.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Stdio},
    sync::Mutex,
};

use serde_json::{Value, json};

use crate::{Problem, Result, python};

/// One client, acting as the root user of one account.
#[derive(Debug)]
pub struct Bridge {
    pipe: Mutex<Pipe>,
}

#[derive(Debug)]
struct Pipe {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Bridge {
    /// Starts a client for an account; emulators take an account's id for its root user's key.
    ///
    /// # Errors
    /// When Python cannot be run.
    pub fn start(endpoint: &str, account: &str, region: &str) -> Result<Self> {
        let mut command = python::script("bridge.py")?;
        command
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", account)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", region)
            .env("AWS_DEFAULT_REGION", region)
            .env_remove("AWS_SESSION_TOKEN")
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().map_err(Problem::run("bridge.py"))?;
        let missing = || Problem::missing("the client's pipe");
        let to = child.stdin.take().ok_or_else(missing)?;
        let from = child.stdout.take().ok_or_else(missing)?;
        Ok(Self { pipe: Mutex::new(Pipe { child, to: Some(to), from: BufReader::new(from) }) })
    }

    /// Makes one call: `bridge.call("s3", "GetBucketAcl", json!({"Bucket": "…"}))`.
    ///
    /// # Errors
    /// [`Problem::Refused`] with AWS's error code, or when the client is gone.
    pub fn call(&self, service: &str, operation: &str, parameters: Value) -> Result<Value> {
        let name = format!("{service}:{operation}");
        let mut request = json!({ "service": service, "operation": operation });
        if let Some(members) = request.as_object_mut() {
            members.insert("parameters".to_owned(), parameters);
        }
        let mut answer: Value = {
            let mut pipe = self.pipe.lock().map_err(|_poisoned| Problem::missing("the client"))?;
            let mut line = request.to_string();
            line.push('\n');
            let to = pipe.to.as_mut().ok_or_else(|| Problem::missing("the client's pipe"))?;
            to.write_all(line.as_bytes()).map_err(Problem::run("bridge.py"))?;
            line.clear();
            pipe.from.read_line(&mut line).map_err(Problem::run("bridge.py"))?;
            serde_json::from_str(&line).map_err(Problem::json(format!("the answer to {name}")))?
        };
        if let Some(ok) = answer.get_mut("ok") {
            return Ok(ok.take());
        }
        let text =
            |key: &str| answer.pointer(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        Err(Problem::Refused {
            operation: name,
            code: text("/error/code"),
            message: text("/error/message"),
        })
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // The client ends with its input.
        self.to = None;
        drop(self.child.wait());
    }
}
