//! What becomes of points by what the target answers.

use super::super::Dialect;
use super::super::options::TsdbOptions;
use super::super::writer::PointWriter;
use super::peer::{Peer, Request, reply};
use super::{Tsdb, columns, spec};
use crate::testing::{batch, key};
use crate::{Part, Sink, SinkError, SinkWriter, TargetCursor, Verdicts};
use flate2::read::GzDecoder;
use std::io::Read;
use std::time::Duration;

fn options(port: u16, dialect: Dialect, more: &[(&str, &str)]) -> TsdbOptions {
    let port = port.to_string();
    let mut all = vec![("host", "127.0.0.1"), ("port", port.as_str())];
    all.extend_from_slice(more);
    Tsdb::new(&spec(&columns(), &all), dialect).unwrap().options
}

fn open(port: u16, dialect: Dialect, more: &[(&str, &str)]) -> PointWriter {
    let mut writer = PointWriter::new(options(port, dialect, more));
    assert_eq!(writer.open(&[key(0)]).unwrap(), [TargetCursor::NotHeld]);
    writer
}

fn json(value: u64) -> String {
    format!(r#"{{"metric":"m","timestamp":{value},"value":{value}.0,"tags":{{"imei":"8612"}}}}"#)
}

/// Sends points of these values; the rejections as (row, reason).
fn put(writer: &mut PointWriter, values: &[u64]) -> Result<Vec<(u32, String)>, SinkError> {
    let points: Vec<_> = values.iter().map(|value| json(*value)).collect();
    let rows: Vec<_> = (1..)
        .zip(&points)
        .map(|(lsn, point)| (lsn, lsn, point.as_str()))
        .collect();
    let batch = batch(1, &rows);
    let mut verdicts = Verdicts::default();
    writer.write_batch(&[Part::new(0, &batch, 0, None)], &mut verdicts)?;
    assert!(verdicts.retries().is_empty());
    let rejections = verdicts.rejections().iter();
    Ok(rejections
        .map(|rejection| {
            assert_eq!((rejection.part, rejection.code), (0, "E3067"));
            (rejection.row, rejection.reason.clone())
        })
        .collect())
}

/// The values of a request's points.
fn values(request: &Request) -> Vec<u64> {
    let points: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let points = points.as_array().unwrap().iter();
    points
        .map(|point| point["timestamp"].as_u64().unwrap())
        .collect()
}

#[test]
fn points_go_as_one_array_over_one_kept_connection() {
    let peer = Peer::start(|_| reply(204, ""));
    let mut writer = open(peer.port, Dialect::OpenTsdb, &[("batchPutSize", "2")]);
    assert_eq!(put(&mut writer, &[1, 2, 3]).unwrap(), []);
    assert_eq!(put(&mut writer, &[4]).unwrap(), []);
    let requests = peer.requests();
    let sent: Vec<_> = requests.iter().map(Request::text).collect();
    let first = format!("[{},{}]", json(1), json(2));
    assert_eq!(
        sent,
        [first, format!("[{}]", json(3)), format!("[{}]", json(4))]
    );
    assert!(requests.iter().all(|request| request.connection == 1));
    let head = &requests[0].head;
    assert!(
        head.starts_with("post /api/put?details http/1.1\r\n"),
        "{head}"
    );
    for line in [
        format!("content-length: {}\r\n", sent[0].len()),
        format!("host: 127.0.0.1:{}\r\n", peer.port),
        "content-type: application/json\r\n".to_owned(),
    ] {
        assert!(head.contains(&line), "{head}");
    }
    assert!(!head.contains("transfer-encoding") && !head.contains("authorization"));
}

#[test]
fn compression_and_credentials_are_sent() {
    let peer = Peer::start(|_| reply(204, ""));
    let more = [("httpCompress", "true"), ("user", "u"), ("password", "p")];
    let mut writer = open(peer.port, Dialect::OpenTsdb, &more);
    put(&mut writer, &[1]).unwrap();
    let request = peer.requests().remove(0);
    assert!(request.head.contains("content-encoding: gzip\r\n"));
    assert!(request.head.contains("authorization: basic dtpw\r\n"));
    let mut text = String::new();
    GzDecoder::new(&request.body[..])
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text, format!("[{}]", json(1)));
}

#[test]
fn opentsdbs_details_name_the_points_that_are_not_stored() {
    let peer = Peer::start(|request| match values(request).contains(&2) {
        true => reply(
            400,
            r#"{"errors":[{"datapoint":{"metric":"m","timestamp":2,"value":"2","tags":{"imei":"8612"}},
                "error":"Unknown\n metric"}],"failed":1,"success":2}"#,
        ),
        false => reply(204, ""),
    });
    let mut writer = open(peer.port, Dialect::OpenTsdb, &[]);
    let rejected = put(&mut writer, &[1, 2, 3]).unwrap();
    assert_eq!(rejected, [(1, "Unknown metric".to_owned())]);
    assert_eq!(peer.requests().len(), 1, "good points are not sent again");
}

#[test]
fn alibabas_answer_names_them_in_a_200() {
    let peer = Peer::start(|_| {
        reply(
            200,
            r#"{"failed":1,"success":1,"ignoredErrors":[{"error":"bad tag","datapoint":
                {"metric":"m","timestamp":1,"value":1.0,"tags":{"imei":"8612"}}}]}"#,
        )
    });
    let mut writer = open(peer.port, Dialect::Hitsdb, &[]);
    assert_eq!(
        put(&mut writer, &[1, 2]).unwrap(),
        [(0, "bad tag".to_owned())]
    );
    let requests = peer.requests();
    assert_eq!(requests.len(), 1);
    assert!(
        requests[0]
            .head
            .starts_with("post /api/put?ignoreerrors=true ")
    );
}

#[test]
fn alike_points_that_are_refused_together_are_all_dead_letters() {
    let error = r#"{"datapoint":{"metric":"m","timestamp":1,"value":1.0,"tags":{"imei":"8612"}},"error":"no"}"#;
    let body = format!(r#"{{"errors":[{error},{error}],"failed":2,"success":1}}"#);
    let peer = Peer::start(move |_| reply(400, &body));
    let mut writer = open(peer.port, Dialect::OpenTsdb, &[]);
    let rejected = put(&mut writer, &[1, 5, 1]).unwrap();
    assert_eq!(rejected, [(0, "no".to_owned()), (2, "no".to_owned())]);
}

#[test]
fn a_request_refused_whole_is_halved_down_to_the_bad_points() {
    let peer = Peer::start(|request| {
        let values = values(request);
        match values.contains(&13) || values.contains(&40) {
            true => reply(400, r#"{"error":{"code":400,"message":"Bad point"}}"#),
            false => reply(204, ""),
        }
    });
    let mut writer = open(peer.port, Dialect::OpenTsdb, &[]);
    let all: Vec<_> = (1..=64).collect();
    let rejected = put(&mut writer, &all).unwrap();
    let expected = [(12, "Bad point".to_owned()), (39, "Bad point".to_owned())];
    assert_eq!(rejected, expected);
    let requests = peer.requests();
    assert!(requests.len() < 30, "{}", requests.len());
    let mut stored: Vec<_> = requests.iter().map(values).collect();
    stored.retain(|values| !values.contains(&13) && !values.contains(&40));
    let stored = stored.concat();
    assert!(stored.is_sorted(), "points keep their order: {stored:?}");
    assert_eq!(stored.len(), 62);
}

#[test]
fn a_target_that_has_taken_nothing_yet_is_not_believed() {
    let peer = Peer::start(|_| reply(400, "unsupported path requested: \"/api/put\""));
    let mut writer = open(peer.port, Dialect::OpenTsdb, &[]);
    let all: Vec<_> = (1..=400).collect();
    let error = put(&mut writer, &all).unwrap_err().to_string();
    assert!(error.starts_with("[E3066] "), "{error}");
    assert!(
        error.contains("(status 400): unsupported path requested"),
        "{error}"
    );
    assert_eq!(peer.requests().len(), 32);
    drop(writer);
    let check = PointWriter::new(options(peer.port, Dialect::OpenTsdb, &[])).check();
    assert_eq!(check.unwrap_err().code(), "E3065");
}

#[test]
fn other_statuses_send_the_request_again() {
    let mut statuses = [503, 429, 500, 401, 403, 404, 302].into_iter();
    let peer = Peer::start(move |_| reply(statuses.next().unwrap_or(204), "words"));
    let mut writer = open(peer.port, Dialect::OpenTsdb, &[]);
    for code in [
        "E3065", "E3065", "E3065", "E3063", "E3063", "E3064", "E3065",
    ] {
        assert_eq!(put(&mut writer, &[1, 2]).unwrap_err().code(), code);
        writer.open(&[key(0)]).unwrap();
    }
    assert_eq!(put(&mut writer, &[1, 2]).unwrap(), []);
    let requests = peer.requests();
    assert!(requests.iter().all(|request| values(request) == [1, 2]));
}

#[test]
fn a_connection_that_idled_away_is_replaced_without_a_word() {
    let mut count = 0;
    let peer = Peer::start(move |_| {
        count += 1;
        let mut reply = reply(204, "");
        reply.close = count % 2 == 1;
        reply
    });
    let mut writer = open(peer.port, Dialect::OpenTsdb, &[]);
    for value in 1..=6 {
        assert_eq!(put(&mut writer, &[value]).unwrap(), []);
        std::thread::sleep(Duration::from_millis(5));
    }
    let connections: Vec<_> = peer.requests().iter().map(|r| r.connection).collect();
    assert_eq!(connections, [1, 2, 2, 3, 3, 4]);
}

#[test]
fn a_target_that_does_not_answer_is_given_up_in_time() {
    let peer = Peer::start(|_| {
        std::thread::sleep(Duration::from_secs(60));
        reply(204, "")
    });
    let mut writer = open(
        peer.port,
        Dialect::OpenTsdb,
        &[("request_timeout_ms", "50")],
    );
    let error = put(&mut writer, &[1]).unwrap_err().to_string();
    let text = "did not answer within 50 ms; it is tried again (`request_timeout_ms` is the limit)";
    assert!(
        error.starts_with("[E3062]") && error.ends_with(text),
        "{error}"
    );
}

#[test]
fn a_check_says_what_is_wrong() {
    let check = |status, body: &'static str| {
        let peer = Peer::start(move |request| {
            assert_eq!(request.body, b"[]");
            reply(status, body)
        });
        let port = peer.port.to_string();
        let options = [("host", "127.0.0.1"), ("port", port.as_str())];
        let sink = Tsdb::new(&spec(&columns(), &options), Dialect::OpenTsdb).unwrap();
        sink.check().map_err(|error| error.code())
    };
    assert_eq!(check(204, ""), Ok(()));
    assert_eq!(
        check(
            400,
            r#"{"error":{"message":"No datapoints found in content"}}"#
        ),
        Ok(())
    );
    assert_eq!(check(400, "Database not exist"), Err("E3065"));
    assert_eq!(check(401, "no"), Err("E3063"));
    assert_eq!(check(404, "no"), Err("E3064"));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let error = PointWriter::new(options(port, Dialect::OpenTsdb, &[])).check();
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("[E3061]") && error.contains("onnection refused"),
        "{error}"
    );
}
