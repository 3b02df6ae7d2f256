//! An account small enough to see through: one bucket's ACL, one table, one topic, one parameter,
//! behind one endpoint. It judges nothing; it keeps what it is told and notes every call.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

/// What the account holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The bucket's ACL as XML.
    pub(crate) acl: String,
    /// The table's items by partition and sort key.
    pub(crate) items: BTreeMap<(String, String), Value>,
    /// Messages published, form-encoded.
    pub(crate) published: Vec<String>,
    /// Every call in order: `s3:GetBucketAcl`, `dynamodb:PutItem`, …
    pub(crate) calls: Vec<String>,
}

/// The account; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    held: Arc<Mutex<Held>>,
    url: String,
}

struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Account {
    /// Opens an account whose bucket has this ACL.
    pub(crate) fn open(acl: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let held = Arc::new(Mutex::new(Held { acl: acl.to_owned(), ..Held::default() }));
        let account = Self { held, url };
        let served = account.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let account = served.clone();
                thread::spawn(move || account.serve(&stream));
            }
        });
        account
    }

    /// Where it answers.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Looks at what it holds.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.held.lock().unwrap())
    }

    fn serve(&self, stream: &TcpStream) {
        stream.set_nodelay(true).unwrap();
        let mut reader = BufReader::new(stream);
        let mut writer = stream;
        while let Some(request) = read(&mut reader) {
            let (status, body) = self.with(|held| held.answer(&request));
            let answer = format!(
                "HTTP/1.1 {status} Answer\r\nx-amz-request-id: R-1\r\nx-amzn-requestid: R-1\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            if writer.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

impl Held {
    fn answer(&mut self, request: &Request) -> (u16, String) {
        if let Some(target) = request.headers.get("x-amz-target") {
            let operation = target.rsplit('.').next().unwrap_or_default();
            let service = if target.starts_with("DynamoDB") { "dynamodb" } else { "ssm" };
            self.calls.push(format!("{service}:{operation}"));
            let body: Value = serde_json::from_str(&request.body).unwrap();
            return (200, self.table(operation, &body).to_string());
        }
        if request.body.contains("Action=Publish") {
            self.calls.push("sns:Publish".to_owned());
            self.published.push(request.body.clone());
            let answer = "<PublishResponse><PublishResult><MessageId>m-1</MessageId>\
                          </PublishResult></PublishResponse>";
            return (200, answer.to_owned());
        }
        self.bucket(request)
    }

    fn table(&mut self, operation: &str, body: &Value) -> Value {
        let key = |item: &Value| {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            (text("pk"), text("sk"))
        };
        match operation {
            "GetItem" => match self.items.get(&key(&body["Key"])) {
                Some(item) => json!({ "Item": item }),
                None => json!({}),
            },
            "PutItem" => {
                self.items.insert(key(&body["Item"]), body["Item"].clone());
                json!({})
            }
            "TransactWriteItems" => {
                for write in body["TransactItems"].as_array().unwrap() {
                    if let Some(item) = write["Put"].get("Item") {
                        self.items.insert(key(item), item.clone());
                    }
                }
                json!({})
            }
            "Query" => json!({"Count": 0, "Items": []}),
            "GetParameter" => json!({"Parameter": {"Value": "false"}}),
            other => panic!("nobody expects {other}"),
        }
    }

    fn bucket(&mut self, request: &Request) -> (u16, String) {
        let query = request.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let owner = request.headers.get("x-amz-expected-bucket-owner").map(String::as_str);
        assert_eq!(owner, Some("111122223333"), "every call names the owner");
        let asked = query.split(['&', '=']).next().unwrap_or_default();
        let missing = |code: &str| (404, format!("<Error><Code>{code}</Code></Error>"));
        match (request.method.as_str(), asked) {
            ("GET", "acl") => {
                self.calls.push("s3:GetBucketAcl".to_owned());
                (200, self.acl.clone())
            }
            ("PUT", "acl") => {
                self.calls.push("s3:PutBucketAcl".to_owned());
                self.acl.clone_from(&request.body);
                (200, String::new())
            }
            ("GET", "ownershipControls") => {
                self.calls.push("s3:GetBucketOwnershipControls".to_owned());
                missing("OwnershipControlsNotFoundError")
            }
            ("GET", "publicAccessBlock") => {
                self.calls.push("s3:GetPublicAccessBlock".to_owned());
                missing("NoSuchPublicAccessBlockConfiguration")
            }
            ("GET", "tagging") => {
                self.calls.push("s3:GetBucketTagging".to_owned());
                missing("NoSuchTagSet")
            }
            other => panic!("nobody expects {other:?}"),
        }
    }
}
