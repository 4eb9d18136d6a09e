//! One kept HTTP connection, on a small runtime of the writer's own thread.
//!
//! Requests carry Content-Length, for some targets refuse chunked bodies. A target closes a connection
//! that idles: the request that finds it closed goes out once more on a new one, for points may be
//! written twice.

use super::error::TsdbError;
use super::options::TsdbOptions;
use crate::SinkError;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rookery_model::limits;
use std::io::Write;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

type Sender = SendRequest<Full<Bytes>>;

/// What the target said.
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

/// A connection that is there or was.
pub(super) struct Connection {
    runtime: Runtime,
    sender: Sender,
    /// Whether a request was answered on it.
    used: bool,
    options: TsdbOptions,
}

/// Why a request has no answer.
enum Lost {
    Timeout,
    Broken(String),
}

impl Connection {
    /// # Errors
    /// Nobody answers there.
    pub(super) fn open(options: &TsdbOptions) -> Result<Self, SinkError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|source| SinkError::Io {
                action: "start the runtime of",
                target: place(options),
                source,
            })?;
        Ok(Self {
            sender: connect(&runtime, options)?,
            runtime,
            used: false,
            options: options.clone(),
        })
    }

    /// Sends a request and reads its answer whole.
    ///
    /// # Errors
    /// There is no answer; the fate of the request is unknown.
    pub(super) fn post(&mut self, json: Vec<u8>) -> Result<Answer, SinkError> {
        let body = Bytes::from(match self.options.compress {
            true => compressed(&json),
            false => json,
        });
        let mut lost = match self.sender.is_closed() {
            true => Lost::Broken("it closed the connection".to_owned()),
            false => match self.try_post(body.clone()) {
                Ok(answer) => return Ok(answer),
                Err(lost) => lost,
            },
        };
        if self.used && matches!(lost, Lost::Broken(_)) {
            self.sender = connect(&self.runtime, &self.options)?;
            self.used = false;
            lost = match self.try_post(body) {
                Ok(answer) => return Ok(answer),
                Err(lost) => lost,
            };
        }
        Err(match lost {
            Lost::Broken(reason) => TsdbError::Unreachable {
                target: place(&self.options),
                reason,
            }
            .into(),
            Lost::Timeout => timed_out(
                &self.options,
                self.options.request_timeout,
                "request_timeout_ms",
            ),
        })
    }

    /// Where it leads.
    pub(super) fn place(&self) -> String {
        place(&self.options)
    }

    fn try_post(&mut self, body: Bytes) -> Result<Answer, Lost> {
        let request = request(&self.options, body);
        let (limit, sender) = (self.options.request_timeout, &mut self.sender);
        let exchange = async {
            sender.ready().await?;
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), limits::TSDB_ANSWER_MAX_BYTES);
            Ok((status, body.collect().await))
        };
        let done = self
            .runtime
            .block_on(async { timeout(limit, exchange).await });
        let (status, body) = match done {
            Err(_) => return Err(Lost::Timeout),
            Ok(Err(error)) => return Err(Lost::Broken(reason_of(&error))),
            Ok(Ok(answered)) => answered,
        };
        let body = body.map_err(|error| Lost::Broken(error.to_string()))?;
        self.used = true;
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    }
}

fn connect(runtime: &Runtime, options: &TsdbOptions) -> Result<Sender, SinkError> {
    let unreachable = |reason: String| {
        SinkError::from(TsdbError::Unreachable {
            target: place(options),
            reason,
        })
    };
    let attempt = async {
        let stream = TcpStream::connect((options.host.as_str(), options.port)).await?;
        stream.set_nodelay(true)?;
        let handshake = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(std::io::Error::other)?;
        // It ends with an error when the target goes; the next request finds that out by itself.
        tokio::spawn(async { drop(connection.await) });
        Ok::<_, std::io::Error>(sender)
    };
    let connected = runtime.block_on(async { timeout(options.connect_timeout, attempt).await });
    match connected {
        Err(_) => Err(timed_out(
            options,
            options.connect_timeout,
            "connect_timeout_ms",
        )),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Ok(Ok(sender)) => Ok(sender),
    }
}

fn request(options: &TsdbOptions, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = options.target.parse().expect("the path was checked");
    let headers = request.headers_mut();
    let value =
        |text: &str| HeaderValue::from_str(text).expect("options hold no control character");
    headers.insert(HOST, value(&place(options)));
    headers.insert(USER_AGENT, HeaderValue::from_static("rookery"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if options.compress {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Some(authorization) = &options.authorization {
        let mut value = value(authorization);
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    request
}

fn compressed(json: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::fast());
    encoder.write_all(json).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

/// Host and port as a URI has them.
fn place(options: &TsdbOptions) -> String {
    match options.host.contains(':') {
        true => format!("[{}]:{}", options.host, options.port),
        false => format!("{}:{}", options.host, options.port),
    }
}

fn timed_out(options: &TsdbOptions, after: Duration, option: &'static str) -> SinkError {
    SinkError::from(TsdbError::NoAnswer {
        target: place(options),
        after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
        option,
    })
}

/// The error and what lies below it.
fn reason_of(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
