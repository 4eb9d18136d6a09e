//! The admin port: `/metrics`, `/healthz`, `/readyz`, `/api/v1/status`, and the way back for dead rows,
//! on one thread of its own.
//!
//! It comes up before the logs are opened, so that a start under way can be watched, and it never
//! runs on a shard's thread.

mod metrics;
mod page;
mod retry;

pub use page::Facts;
pub use retry::{RETRY_PATH, RetryRefusal, RetryTarget, RowRetrier};

use crate::status::{Phase, StatusSource, device_bytes};
use anyhow::Context;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use prometheus_client::registry::Registry;
use rookery_model::limits;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::oneshot;

/// The media type of the text that prometheus-client writes.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A running admin port.
pub struct Admin {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    source: Arc<dyn StatusSource>,
    retrier: Arc<dyn RowRetrier>,
    registry: Registry,
    facts: Facts,
    started: Instant,
}

impl Admin {
    /// Binds and serves.
    ///
    /// # Errors
    /// The address cannot be bound, or the thread not be made.
    pub fn start(
        address: SocketAddr,
        source: Arc<dyn StatusSource>,
        retrier: Arc<dyn RowRetrier>,
        facts: Facts,
    ) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).with_context(|| {
            format!("cannot listen on {address} (`admin.listen`); is another rookery running, or the port taken?")
        })?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            registry: metrics::registry(Arc::clone(&source)),
            source,
            retrier,
            facts,
            started: Instant::now(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the admin port's runtime")?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("admin".to_owned())
            .spawn(move || {
                runtime.block_on(serve(listener, shared, stopped));
                // A retry that waits for its sink must not hold up a stop.
                runtime.shutdown_background();
            })
            .context("cannot start the admin port's thread")?;
        Ok(Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, stopped: oneshot::Receiver<()>) {
    let router = Router::new()
        .route("/metrics", get(metrics_page))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/api/v1/status", get(status_page))
        .route(
            RETRY_PATH,
            post(retry::retry).layer(DefaultBodyLimit::max(limits::RETRY_BODY_BYTES)),
        )
        .with_state(shared);
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the admin port cannot accept");
            return;
        }
    };
    // Open connections are dropped with the runtime: a scraper's keep-alive must not hold up a stop.
    tokio::select! {
        result = axum::serve(listener, router) => {
            if let Err(error) = result {
                tracing::error!(%error, "the admin port stopped");
            }
        }
        _ = stopped => {}
    }
}

async fn metrics_page(State(shared): State<Arc<Shared>>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &shared.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let faults = shared.source.snapshot().faults;
    if faults.is_empty() {
        (StatusCode::OK, "ok\n").into_response()
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{}\n", faults.join("\n")),
        )
            .into_response()
    }
}

async fn readiness(State(shared): State<Arc<Shared>>) -> Response {
    let phase = shared.source.snapshot().phase;
    let code = match phase {
        Phase::Ready => StatusCode::OK,
        Phase::Starting | Phase::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, format!("{}\n", phase.name())).into_response()
}

async fn status_page(State(shared): State<Arc<Shared>>) -> Response {
    let snapshot = shared.source.snapshot();
    let uptime = shared.started.elapsed().as_secs_f64();
    Json(page::status(
        &shared.facts,
        &snapshot,
        uptime,
        device_bytes(),
    ))
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Snapshot, tests::sample};
    use std::io::{Read as _, Write as _};
    use std::net::TcpStream;
    use std::sync::Mutex;

    struct Settable(Mutex<Snapshot>);

    impl StatusSource for Settable {
        fn snapshot(&self) -> Snapshot {
            self.0.lock().expect("not poisoned").clone()
        }
    }

    /// Confirms the first row, refuses the second, and knows one sink.
    struct OneSink;

    impl RowRetrier for OneSink {
        fn retry_rows(
            &self,
            to: &RetryTarget,
            rows: Vec<rookery_sinks::RetryRow>,
        ) -> Result<Vec<rookery_sinks::RetryOutcome>, RetryRefusal> {
            use rookery_sinks::RetryOutcome;
            if to.sink != "job.latest" {
                let sink = to.sink.clone();
                return Err(RetryRefusal::NoSink { sink });
            }
            let refused = RetryOutcome::Refused {
                code: "E3050",
                reason: "no".into(),
            };
            let rest = rows.iter().skip(1).map(|_| refused.clone());
            Ok(std::iter::once(RetryOutcome::Confirmed)
                .chain(rest)
                .collect())
        }
    }

    fn post(address: SocketAddr, media_type: &str, body: &str) -> (u16, String) {
        let head = format!(
            "Content-Type: {media_type}\r\nContent-Length: {}",
            body.len()
        );
        exchange(
            address,
            "POST",
            RETRY_PATH,
            &format!("{head}\r\n\r\n{body}"),
        )
    }

    fn get(address: SocketAddr, path: &str) -> (u16, String) {
        exchange(address, "GET", path, "Accept: */*\r\n\r\n")
    }

    fn exchange(address: SocketAddr, method: &str, path: &str, rest: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(address).expect("connects");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{rest}"
        )
        .expect("sends");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answers");
        let code = answer[9..12].parse().expect("a status code");
        (
            code,
            answer.split_once("\r\n\r\n").expect("a body").1.to_owned(),
        )
    }

    #[test]
    fn the_pages_follow_the_snapshot() {
        let source = Arc::new(Settable(Mutex::new(Snapshot::default())));
        let facts = Facts {
            data_dir: "/d".into(),
            durability: "sync",
        };
        let admin = Admin::start(
            SocketAddr::from(([127, 0, 0, 1], 0)),
            Arc::clone(&source) as Arc<dyn StatusSource>,
            Arc::new(OneSink),
            facts,
        )
        .expect("starts");
        let address = admin.address();
        assert_eq!(get(address, "/readyz"), (503, "starting\n".to_owned()));
        assert_eq!(get(address, "/healthz"), (200, "ok\n".to_owned()));

        *source.0.lock().expect("not poisoned") = sample();
        assert_eq!(get(address, "/readyz"), (200, "ready\n".to_owned()));
        assert!(
            get(address, "/metrics")
                .1
                .contains("rookery_messages_total 21")
        );
        assert!(get(address, "/api/v1/status").1.contains("\"messages\":21"));
        assert_eq!(get(address, "/nothing").0, 404);

        source.0.lock().expect("not poisoned").faults = vec!["shard 0: its disk failed".into()];
        assert_eq!(
            get(address, "/healthz"),
            (503, "shard 0: its disk failed\n".to_owned())
        );
        let rows = |sink: &str| {
            let row = r#"{"device_hash":"0","row_base64":""}"#;
            format!(r#"{{"sink":"{sink}","connector":"redis","format":"0","rows":[{row},{row}]}}"#)
        };
        let json = "application/json";
        let (code, body) = post(address, json, &rows("job.latest"));
        assert_eq!(
            (code, body.as_str()),
            (
                200,
                r#"{"outcomes":[{"outcome":"confirmed"},{"outcome":"refused","code":"E3050","reason":"no"}]}"#
            )
        );
        let (code, body) = post(address, json, &rows("job.gone"));
        assert!(code == 404 && body.contains("E5021"), "{code} {body}");
        let (code, body) = post(address, "text/plain", &rows("job.latest"));
        assert!(
            code == 400 && body.contains("Content-Type"),
            "{code} {body}"
        );
        assert_eq!(post(address, json, "{}").0, 400);
        assert_eq!(get(address, RETRY_PATH).0, 405);
        drop(admin);
        assert!(TcpStream::connect(address).is_err());
    }
}
