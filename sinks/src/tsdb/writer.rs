//! Sends points, one request at a time, and sorts the answers.
//!
//! A request that is refused whole is halved until the points are found that the target does not take:
//! those become dead letters. That presumes a target which takes points at all; as long as none was
//! taken since the start, a refusal counts as the target's fault and everything waits.

use super::answer::{details, words};
use super::connection::{Answer, Connection};
use super::error::TsdbError;
use super::options::TsdbOptions;
use crate::{LaneCursor, LaneKey, Part, SinkError, SinkWriter, TargetCursor, Verdicts};
use hyper::StatusCode;
use rookery_model::limits;
use std::time::Duration;

/// The target refused the point.
pub(super) const REFUSED: &str = "E3067";

/// Writes points.
pub(super) struct PointWriter {
    options: TsdbOptions,
    connection: Option<Connection>,
    /// Whether the target has taken a point, or named one that it does not take.
    proven: bool,
    /// The last refusal of a request: status and words.
    refusal: (u16, String),
}

/// A point of a request.
#[derive(Clone, Copy)]
struct Point<'a> {
    part: usize,
    row: u32,
    json: &'a [u8],
}

/// What an answer means.
enum Outcome {
    Stored,
    /// These are not stored (index, why); all others are.
    Refused(Vec<(usize, String)>),
    /// These are not stored, and more that are not named.
    Unclear(Vec<(usize, String)>, String),
}

impl PointWriter {
    pub(super) fn new(options: TsdbOptions) -> Self {
        Self {
            options,
            connection: None,
            proven: false,
            refusal: Default::default(),
        }
    }

    /// Sends no points at all and looks at the answer.
    pub(super) fn check(mut self) -> Result<(), SinkError> {
        let limit = Duration::from_millis(limits::TSDB_CHECK_TIMEOUT_MS);
        self.options.connect_timeout = self.options.connect_timeout.min(limit / 2);
        self.options.request_timeout = self.options.request_timeout.min(limit / 2);
        let mut connection = Connection::open(&self.options)?;
        let answer = connection.post(b"[]".to_vec())?;
        if answer.status.is_success() {
            return Ok(());
        }
        // OpenTSDB calls a request without points a bad one: then it was reached. Others say so of a
        // path or database that they do not have.
        let text = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
        let elsewhere = ["path", "database", "not exist"];
        match answer.status == StatusCode::BAD_REQUEST
            && !elsewhere.iter().any(|word| text.contains(word))
        {
            true => Ok(()),
            false => Err(self.fault(&connection, &answer).into()),
        }
    }

    /// Sends the points of one request, halving it where the target does not say which it refuses.
    fn send(&mut self, points: Vec<Point<'_>>, verdicts: &mut Verdicts) -> Result<(), SinkError> {
        let mut refused = Vec::new();
        let mut requests = 0;
        let mut waiting = vec![points];
        while let Some(mut points) = waiting.pop() {
            requests += 1;
            match self.post(&points)? {
                Outcome::Stored => {}
                Outcome::Refused(named) => take_named(&points, named, &mut refused),
                Outcome::Unclear(named, reason) => {
                    let left = |at: usize| named.iter().all(|(index, _)| *index != at);
                    let unnamed = points.iter().enumerate().filter(|(at, _)| left(*at));
                    let unnamed: Vec<_> = unnamed.map(|(_, point)| *point).collect();
                    let whole = unnamed.len() == points.len();
                    take_named(&points, named, &mut refused);
                    points = unnamed;
                    if points.len() == 1 && whole {
                        refused.push((points[0], reason));
                    } else if !points.is_empty() {
                        // One that is left of several is sent alone, before it is judged.
                        let half = points.split_off(points.len() / 2);
                        waiting.extend([half, points].into_iter().filter(|part| !part.is_empty()));
                    }
                }
            }
            if !self.proven && requests >= limits::TSDB_UNPROVEN_REQUESTS {
                break;
            }
        }
        if !self.proven {
            return Err(self.unproven());
        }
        for (point, reason) in refused {
            verdicts.reject(point.part, point.row, REFUSED, reason);
        }
        Ok(())
    }

    fn post(&mut self, points: &[Point<'_>]) -> Result<Outcome, SinkError> {
        let mut body = Vec::with_capacity(
            points
                .iter()
                .map(|point| point.json.len() + 1)
                .sum::<usize>()
                + 1,
        );
        for (at, point) in points.iter().enumerate() {
            body.push(if at == 0 { b'[' } else { b',' });
            body.extend_from_slice(point.json);
        }
        body.push(b']');
        let connection = self.connection.as_mut().expect("open comes first");
        let answer = connection.post(body)?;
        let refused = matches!(
            answer.status,
            StatusCode::BAD_REQUEST
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNPROCESSABLE_ENTITY
        );
        if !answer.status.is_success() && !refused {
            let connection = self.connection.as_ref().expect("it was used just now");
            return Err(self.fault(connection, &answer).into());
        }
        if refused {
            self.refusal = (answer.status.as_u16(), words(&answer.body));
        }
        let json: Vec<_> = points.iter().map(|point| point.json).collect();
        let details = details(&answer.body, &json);
        self.proven |= answer.status.is_success() || details.is_some();
        Ok(match details {
            Some(details) => match details.unclear {
                Some(reason) => Outcome::Unclear(details.refused, reason),
                None if refused && details.refused.is_empty() => {
                    Outcome::Unclear(Vec::new(), self.refusal.1.clone())
                }
                None => Outcome::Refused(details.refused),
            },
            None if refused => Outcome::Unclear(Vec::new(), self.refusal.1.clone()),
            None => Outcome::Stored,
        })
    }

    /// An answer that says nothing about the points.
    fn fault(&self, connection: &Connection, answer: &Answer) -> TsdbError {
        let (target, status) = (connection.place(), answer.status.as_u16());
        let reason = words(&answer.body);
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => TsdbError::Denied {
                target,
                status,
                reason,
            },
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => TsdbError::NoSuchPath {
                target,
                path: self.options.target.clone(),
                status,
                reason,
            },
            _ => TsdbError::Answer {
                target,
                status,
                reason,
            },
        }
    }

    fn unproven(&self) -> SinkError {
        let connection = self.connection.as_ref().expect("it was used just now");
        let (status, reason) = self.refusal.clone();
        let target = connection.place();
        SinkError::from(TsdbError::TakesNothing {
            target,
            status,
            reason,
        })
    }
}

fn take_named<'a>(
    points: &[Point<'a>],
    named: Vec<(usize, String)>,
    refused: &mut Vec<(Point<'a>, String)>,
) {
    refused.extend(named.into_iter().map(|(at, reason)| (points[at], reason)));
}

impl SinkWriter for PointWriter {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        self.connection = None;
        self.connection = Some(Connection::open(&self.options)?);
        Ok(vec![TargetCursor::NotHeld; lanes.len()])
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        let rows = request.iter().enumerate().flat_map(|(part, rows)| {
            rows.rows().map(move |row| Point {
                part,
                row: row.index,
                json: row.bytes,
            })
        });
        let (mut points, mut bytes) = (Vec::new(), 0);
        for point in rows {
            let full = points.len() >= self.options.points_max
                || bytes + point.json.len() > self.options.batching.bytes_max;
            if full && !points.is_empty() {
                self.send(std::mem::take(&mut points), verdicts)?;
                bytes = 0;
            }
            bytes += point.json.len() + 1;
            points.push(point);
        }
        match points.is_empty() {
            true => Ok(()),
            false => self.send(points, verdicts),
        }
    }

    fn confirm(&mut self, _cursors: &[LaneCursor]) -> Result<(), SinkError> {
        // Every answer was awaited.
        Ok(())
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.connection = None;
        Ok(())
    }
}
