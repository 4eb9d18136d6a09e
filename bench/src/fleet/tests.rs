use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::*;

fn options(devices: u64) -> FleetOptions {
    FleetOptions {
        devices,
        mix: [1, 1, 1],
        seed: 7,
        noise_ppm: 0,
        start_time: 1_793_606_400,
    }
}

fn fleet(options: &FleetOptions) -> Arc<Fleet> {
    Arc::new(Fleet::new(options).unwrap())
}

/// The first `total` messages as `connections` connections would send them, one list each.
fn messages(options: &FleetOptions, connections: u64, total: u64) -> Vec<Vec<String>> {
    let fleet = fleet(options);
    let of_connection = |connection| {
        let mut stream = Stream::new(Arc::clone(&fleet), connection, connections);
        let mut message = || {
            let mut out = Vec::new();
            stream.render(&mut out);
            String::from_utf8(out).unwrap()
        };
        (0..fleet.share(connection, connections, total))
            .map(|_| message())
            .collect()
    };
    (0..connections).map(of_connection).collect()
}

fn field<'a>(message: &'a Value, name: &str) -> &'a str {
    message[name].as_str().unwrap()
}

#[test]
fn a_message_has_the_users_columns() {
    let sent = messages(&options(30), 1, 30).remove(0);
    for (index, line) in sent.iter().enumerate() {
        assert!(line.ends_with("\"}\n"), "{line}");
        let message: Value = serde_json::from_str(line).unwrap();
        let keys: Vec<_> = message
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            keys,
            ["id", "imei", "pk", "type", "data", "profile", "time"]
        );
        assert_eq!(field(&message, "id"), format!("{index:012}"));
        assert_eq!(field(&message, "imei").len(), 15);
        assert_eq!(field(&message, "time"), "2026-11-02 08:00:00");
        let data: Value = serde_json::from_str(field(&message, "data")).unwrap();
        match field(&message, "type") {
            "08" => {
                assert!(["04", "05"].contains(&field(&data, "Flag")), "{line}");
                assert_eq!(message["profile"], Value::Null);
            }
            "0706" => assert_eq!(field(&data["Powers"][0], "MsgId"), field(&message, "id")),
            other => assert!(["0301", "0302"].contains(&other), "{line}"),
        }
    }
}

#[test]
fn the_bytes_do_not_depend_on_the_connections() {
    for total in [1, 999, 1_000, 2_345] {
        let mut whole = messages(&options(1_000), 1, total).remove(0);
        whole.sort();
        for connections in [2, 3, 7, 1_000] {
            let mut shared: Vec<_> = messages(&options(1_000), connections, total).concat();
            shared.sort();
            assert!(
                shared == whole,
                "{connections} connections, {total} messages"
            );
        }
    }
}

#[test]
fn another_seed_gives_other_bytes() {
    let other = FleetOptions {
        seed: 8,
        ..options(100)
    };
    assert_ne!(messages(&options(100), 1, 100), messages(&other, 1, 100));
    assert_eq!(
        messages(&options(100), 1, 100),
        messages(&options(100), 1, 100)
    );
}

#[test]
fn a_device_stays_on_its_connection_with_increasing_ids_and_one_type() {
    let mut seen: HashMap<String, (usize, String, String)> = HashMap::new();
    for (connection, sent) in messages(&options(997), 4, 5_000).iter().enumerate() {
        for line in sent {
            let message: Value = serde_json::from_str(line).unwrap();
            let id = field(&message, "id").to_owned();
            let kind = field(&message, "type").to_owned();
            let now = (connection, kind, id);
            if let Some(before) = seen.insert(field(&message, "imei").to_owned(), now.clone()) {
                assert_eq!((before.0, &before.1), (now.0, &now.1));
                assert!(before.2 < now.2);
            }
        }
    }
    assert_eq!(seen.len(), 997);
}

#[test]
fn imeis_are_distinct_and_carry_their_check_digit() {
    let fleet = fleet(&options(400_000));
    let imeis: HashSet<_> = fleet
        .devices
        .iter()
        .map(|device| &device[..IMEI_DIGITS])
        .collect();
    assert_eq!(imeis.len(), 400_000);
    for imei in imeis.iter().take(1_000) {
        let digits = imei
            .iter()
            .rev()
            .map(|byte| u32::from(byte - b'0'))
            .enumerate();
        let sum: u32 = digits
            .map(|(at, digit)| {
                if at % 2 == 1 {
                    digit * 2 / 10 + digit * 2 % 10
                } else {
                    digit
                }
            })
            .sum();
        assert_eq!(sum % 10, 0);
    }
}

#[test]
fn two_thirds_match_and_the_mean_is_250_bytes() {
    let mut kinds: HashMap<String, (u64, usize)> = HashMap::new();
    for line in messages(&options(30_000), 4, 30_000).concat() {
        let message: Value = serde_json::from_str(&line).unwrap();
        let kind = kinds
            .entry(field(&message, "type")[..2].to_owned())
            .or_default();
        kind.0 += 1;
        kind.1 += line.len();
    }
    for (kind, (count, bytes)) in &kinds {
        assert_eq!(*count, 10_000, "{kind}");
        let mean = *bytes as f64 / *count as f64;
        assert!((246.0..254.0).contains(&mean), "{kind}: {mean}");
    }
    let bytes: usize = kinds.values().map(|(_, bytes)| bytes).sum();
    let mean = bytes as f64 / 30_000.0;
    assert!((249.0..251.0).contains(&mean), "{mean}");
    assert_eq!(kinds.len(), 3);
}

#[test]
fn a_mix_is_kept_exactly() {
    let some = FleetOptions {
        mix: [0, 3, 2],
        ..options(5_000)
    };
    let water = messages(&some, 1, 5_000)
        .concat()
        .iter()
        .filter(|line| line.contains(r#""type":"08""#))
        .count();
    assert_eq!(water, 3_000);
}

#[test]
fn a_stream_goes_to_any_number() {
    let fleet = fleet(&options(1_001));
    let all = messages(&options(1_001), 3, 9_000);
    for number in [1, 2, 333, 334, 335, 2_000] {
        let mut stream = Stream::new(Arc::clone(&fleet), 1, 3);
        stream.seek(number);
        assert_eq!(stream.next_number(), number);
        let mut out = Vec::new();
        stream.render(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), all[1][number as usize - 1]);
    }
}

#[test]
fn time_goes_on_with_the_index() {
    let sent = messages(&options(10), 1, 20_001).remove(0);
    assert!(sent[9_999].contains("2026-11-02 08:00:00"));
    assert!(sent[10_000].contains("2026-11-02 08:00:01"));
    assert!(sent[20_000].contains("2026-11-02 08:00:02"));
}

#[test]
fn noise_is_valid_and_as_frequent_as_asked() {
    let noisy = FleetOptions {
        noise_ppm: 250_000,
        ..options(3_000)
    };
    let plain = messages(&options(3_000), 1, 12_000).remove(0);
    let sent = messages(&noisy, 1, 12_000).remove(0);
    let odd = sent
        .iter()
        .zip(&plain)
        .filter(|(noisy, plain)| noisy != plain)
        .count();
    assert!((2_800..3_200).contains(&odd), "{odd}");
    for line in &sent {
        // 1e400 is valid JSON that an f64 cannot hold.
        let message: Value = serde_json::from_str(&line.replace("1e400", "1")).unwrap();
        assert_eq!(field(&message, "id").len(), 12, "{line}");
        assert_eq!(
            message["imei"].to_string().trim_matches('"').len(),
            15,
            "{line}"
        );
    }
}

#[test]
fn impossible_fleets_are_refused() {
    let refused = |options: &FleetOptions| Fleet::new(options).err().unwrap().to_string();
    let empty = FleetOptions {
        mix: [0, 0, 0],
        ..options(1)
    };
    assert_eq!(
        refused(&empty),
        "the weights of --mix add up to 0; give weights with a sum from 1 to 10000"
    );
    assert_eq!(
        refused(&options(0)),
        "--devices 0 is outside 1 to 100000000"
    );
    let loud = FleetOptions {
        noise_ppm: 1_000_001,
        ..options(1)
    };
    assert_eq!(refused(&loud), "--noise is a share from 0 to 1");
}
