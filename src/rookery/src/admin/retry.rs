//! `POST /api/v1/dead-letters/rows`: dead rows on their way back to their sink, for `rookery dlq retry`.
//!
//! In: `{"sink":"file.table","connector":"..","format":"16 digits","rows":[{"device_hash":"16 digits","row_base64":".."}]}`.
//! Out: `{"outcomes":[{"outcome":"confirmed"|"refused"|"not_sent"|"unknown","code":..,"reason":..}]}`, one
//! a row, or `{"error":{"code":..,"message":..}}` when none was taken. Only `application/json` is read: a
//! browser does not send that to another site unasked.

use super::Shared;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rookery_sinks::{RetryOutcome, RetryRow};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// Where it is.
pub const RETRY_PATH: &str = "/api/v1/dead-letters/rows";

/// Who brings rows back to sinks.
pub trait RowRetrier: Send + Sync {
    /// Sends rows to the writers of a sink and waits for what becomes of each.
    ///
    /// # Errors
    /// None was sent.
    fn retry_rows(
        &self,
        to: &RetryTarget,
        rows: Vec<RetryRow>,
    ) -> Result<Vec<RetryOutcome>, RetryRefusal>;
}

/// The sink that rows are to go to, as it was when they were encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryTarget {
    /// `file.table`
    pub sink: String,
    /// Its connector.
    pub connector: String,
    /// A hash of what its rows' bytes depend on beside the connector.
    pub format: u64,
}

/// Why no row was sent. Codes E502x are stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetryRefusal {
    /// E5020
    #[error("the server is {phase}; try again when `/readyz` says 200")]
    NotReady {
        /// What it does.
        phase: &'static str,
    },
    /// E5021
    #[error(
        "there is no sink {sink} any more; restore its table in the rule files, or purge its letters"
    )]
    NoSink {
        /// `file.table`
        sink: String,
    },
    /// E5022
    #[error(
        "sink {sink} has connector `{now}` and the row was encoded for `{then}`; give the table its old connector for the retry, or purge the letter"
    )]
    OtherConnector {
        /// `file.table`
        sink: String,
        /// Today's.
        now: String,
        /// The row's.
        then: String,
    },
    /// E5025
    #[error(
        "columns or options of table {sink} have changed since the row was encoded, so its bytes may not fit; restore them for the retry, or purge the letter"
    )]
    OtherFormat {
        /// `file.table`
        sink: String,
    },
    /// E5023
    #[error("sink {sink} fails now, so nothing was sent: {error}")]
    Failing {
        /// `file.table`
        sink: String,
        /// Its last error.
        error: String,
    },
    /// E5024
    #[error("not a request of `rookery dlq retry`: {reason}; use the command of the same version")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
}

impl RetryRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotReady { .. } => "E5020",
            Self::NoSink { .. } => "E5021",
            Self::OtherConnector { .. } => "E5022",
            Self::OtherFormat { .. } => "E5025",
            Self::Failing { .. } => "E5023",
            Self::Malformed { .. } => "E5024",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotReady { .. } | Self::Failing { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoSink { .. } => StatusCode::NOT_FOUND,
            Self::OtherConnector { .. } | Self::OtherFormat { .. } => StatusCode::CONFLICT,
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    sink: String,
    connector: String,
    format: String,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    device_hash: String,
    row_base64: String,
}

/// Answers a request. Waiting for a sink happens on a thread that may wait.
pub(super) async fn retry(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.as_bytes());
    if media_type != Some(b"application/json") {
        let reason = "its Content-Type is not application/json".to_owned();
        return refused(&RetryRefusal::Malformed { reason });
    }
    let work = move || {
        let (to, rows) = read(&body)?;
        shared.retrier.retry_rows(&to, rows)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(outcomes)) => {
            let outcomes: Vec<_> = outcomes.iter().map(outcome).collect();
            Json(json!({ "outcomes": outcomes })).into_response()
        }
        Ok(Err(refusal)) => refused(&refusal),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn read(body: &[u8]) -> Result<(RetryTarget, Vec<RetryRow>), RetryRefusal> {
    let malformed = |reason: String| RetryRefusal::Malformed { reason };
    let request: Request =
        serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
    let row = |row: Row| {
        let device = u64::from_str_radix(&row.device_hash, 16);
        Ok(RetryRow {
            device: device.map_err(|_| malformed("`device_hash` is no hash".to_owned()))?,
            bytes: STANDARD
                .decode(row.row_base64)
                .map_err(|_| malformed("`row_base64` is no base64".to_owned()))?,
        })
    };
    let rows = request
        .rows
        .into_iter()
        .map(row)
        .collect::<Result<_, _>>()?;
    let format = u64::from_str_radix(&request.format, 16);
    let to = RetryTarget {
        sink: request.sink,
        connector: request.connector,
        format: format.map_err(|_| malformed("`format` is no hash".to_owned()))?,
    };
    Ok((to, rows))
}

fn outcome(outcome: &RetryOutcome) -> Value {
    match outcome {
        RetryOutcome::Confirmed => json!({"outcome": "confirmed"}),
        RetryOutcome::Refused { code, reason } => {
            json!({"outcome": "refused", "code": code, "reason": reason})
        }
        RetryOutcome::NotSent => json!({"outcome": "not_sent"}),
        RetryOutcome::Unknown => json!({"outcome": "unknown"}),
    }
}

fn refused(refusal: &RetryRefusal) -> Response {
    let body = json!({"error": {"code": refusal.code(), "message": refusal.to_string()}});
    (refusal.status(), Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_sink_and_the_remedy() {
        let sink = || "job.latest".to_owned();
        let texts = [
            (
                RetryRefusal::NotReady { phase: "starting" },
                "E5020 503 the server is starting; try again when `/readyz` says 200",
            ),
            (
                RetryRefusal::NoSink { sink: sink() },
                "E5021 404 there is no sink job.latest any more; restore its table in the rule files, or purge its letters",
            ),
            (
                RetryRefusal::OtherConnector {
                    sink: sink(),
                    now: "sqlite".into(),
                    then: "redis".into(),
                },
                "E5022 409 sink job.latest has connector `sqlite` and the row was encoded for `redis`; give the table its old connector for the retry, or purge the letter",
            ),
            (
                RetryRefusal::OtherFormat { sink: sink() },
                "E5025 409 columns or options of table job.latest have changed since the row was encoded, so its bytes may not fit; restore them for the retry, or purge the letter",
            ),
            (
                RetryRefusal::Failing {
                    sink: sink(),
                    error: "refused".into(),
                },
                "E5023 503 sink job.latest fails now, so nothing was sent: refused",
            ),
            (
                RetryRefusal::Malformed {
                    reason: "no rows".into(),
                },
                "E5024 400 not a request of `rookery dlq retry`: no rows; use the command of the same version",
            ),
        ];
        for (refusal, text) in texts {
            let status = refusal.status().as_u16();
            assert_eq!(format!("{} {status} {refusal}", refusal.code()), text);
        }
    }

    #[test]
    fn a_request_is_read_or_refused() {
        let good = br#"{"sink":"a.b","connector":"redis","format":"1f","rows":[{"device_hash":"00000000000000ff","row_base64":"/w=="}]}"#;
        let (to, rows) = read(good).expect("good");
        assert_eq!((to.sink.as_str(), to.connector.as_str()), ("a.b", "redis"));
        assert_eq!(to.format, 31);
        assert_eq!(
            (rows[0].device, rows[0].bytes.as_slice()),
            (255, &[0xff][..])
        );
        for bad in [
            "",
            "{}",
            r#"{"sink":"a","connector":"r","format":"1","rows":[{"device_hash":"x","row_base64":""}]}"#,
            r#"{"sink":"a","connector":"r","format":"1","rows":[{"device_hash":"1","row_base64":"*"}]}"#,
            r#"{"sink":"a","connector":"r","format":"x","rows":[]}"#,
            r#"{"sink":"a","connector":"r","format":"1","rows":[],"more":1}"#,
        ] {
            assert!(
                matches!(read(bad.as_bytes()), Err(RetryRefusal::Malformed { .. })),
                "{bad}"
            );
        }
    }
}
