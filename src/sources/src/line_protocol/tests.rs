//! The protocol from outside: bytes in, events and answers out, however they are cut.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use rookery_model::limits::OVERSIZED_PREFIX_BYTES;

const LIMITS: LineLimits = LineLimits {
    frame_max_bytes: 2_000,
    frame_deadline_ms: 30,
    idle_timeout_ms: 600,
};
const GREETING: &[u8] = b"{\"rookery\":{\"forwarder\":\"emqx-1\",\"ack\":true}}\n";

/// An event with its bytes copied.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Line(u64, Vec<u8>),
    Oversized(u64, Vec<u8>, u64),
    Greeting(Greeting),
    Refused(&'static str),
}

/// A connection with the caller that the protocol expects.
struct Harness {
    protocol: LineProtocol,
    seen: Vec<Seen>,
    written: Vec<u8>,
}

impl Harness {
    fn new() -> Self {
        Self {
            protocol: LineProtocol::new(LIMITS, 0),
            seen: Vec::new(),
            written: Vec::new(),
        }
    }

    /// Feeds bytes as one or, where the buffer has less room, several reads.
    fn feed(&mut self, mut bytes: &[u8], now_ms: u64) {
        while !bytes.is_empty() {
            let spare = self.protocol.spare();
            let read = bytes.len().min(spare.len());
            spare[..read].copy_from_slice(&bytes[..read]);
            bytes = &bytes[read..];
            self.protocol.received(read, now_ms);
            self.take_events();
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.protocol.next_event() {
            let seen = match event {
                Event::Line { number, line } => Seen::Line(number, line.to_vec()),
                Event::Oversized {
                    number,
                    prefix,
                    length,
                } => Seen::Oversized(number, prefix.to_vec(), length),
                Event::Greeting(greeting) => Seen::Greeting(greeting),
                Event::Refused(error) => {
                    self.protocol.refuse(&error, &mut self.written);
                    Seen::Refused(error.code())
                }
            };
            self.seen.push(seen);
        }
    }

    fn greeted(resume: u64) -> Self {
        let mut harness = Self::new();
        harness.feed(GREETING, 0);
        harness
            .protocol
            .answer("k3v9", resume, 0, &mut harness.written);
        assert_eq!(
            std::str::from_utf8(&harness.written).unwrap(),
            format!("{{\"rookery\":{{\"instance\":\"k3v9\",\"resume\":{resume}}}}}\n")
        );
        harness.seen.clear();
        harness.written.clear();
        harness
    }

    fn written(&self) -> &str {
        std::str::from_utf8(&self.written).unwrap()
    }
}

/// What the lines of `bytes` must become, by the plain reading of the rules.
fn expected(bytes: &[u8], first_number: Option<u64>) -> Vec<Seen> {
    let mut next = first_number;
    let complete = bytes
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    let mut seen = Vec::new();
    for line in bytes[..complete].split_inclusive(|&b| b == b'\n') {
        let line = &line[..line.len() - 1];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let long = line.len() > LIMITS.frame_max_bytes;
        if !long && line.iter().all(|b| b" \t\r".contains(b)) {
            continue;
        }
        let number = next.unwrap_or(0);
        next = next.map(|next| next + 1);
        seen.push(if long {
            let prefix = line[..OVERSIZED_PREFIX_BYTES].to_vec();
            Seen::Oversized(number, prefix, line.len() as u64)
        } else {
            Seen::Line(number, line.to_vec())
        });
    }
    seen
}

#[test]
fn plain_lines_are_taken_and_nothing_is_ever_written() {
    let mut harness = Harness::new();
    harness.feed(b"\n{\"imei\":\"1\"}\r\n  \n{\"rookery\":{}}\nx", 5);
    let lines = [&b"{\"imei\":\"1\"}"[..], b"{\"rookery\":{}}"];
    assert_eq!(harness.seen, lines.map(|line| Seen::Line(0, line.to_vec())));
    harness.protocol.ack(2, &mut harness.written);
    harness.protocol.answer("k3v9", 0, 0, &mut harness.written);
    let (_, error) = harness.protocol.deadline().unwrap();
    harness.protocol.refuse(&error, &mut harness.written);
    assert_eq!(harness.written(), "");
    assert!(!harness.protocol.wants_acks());
}

#[test]
fn a_named_forwarders_lines_are_numbered_from_resume_on() {
    let mut harness = Harness::greeted(41);
    let long = vec![b'y'; 2_001];
    harness.feed(b"a\n\n \t\r\n", 1);
    harness.feed(&long, 1);
    harness.feed(b"\nnot json\nunfinished", 1);
    let prefix = long[..OVERSIZED_PREFIX_BYTES].to_vec();
    assert_eq!(
        harness.seen,
        [
            Seen::Line(42, b"a".to_vec()),
            Seen::Oversized(43, prefix, 2_001),
            Seen::Line(44, b"not json".to_vec()),
        ]
    );
}

#[test]
fn acks_are_cumulative_and_told_once() {
    let mut harness = Harness::greeted(41);
    harness.protocol.ack(41, &mut harness.written);
    assert_eq!(harness.written(), "");
    for acked in [44, 44, 43, 45] {
        harness.protocol.ack(acked, &mut harness.written);
    }
    assert_eq!(harness.written(), "{\"ack\":44}\n{\"ack\":45}\n");
}

#[test]
fn a_greeting_without_ack_is_answered_numbered_and_not_acknowledged() {
    let mut harness = Harness::new();
    harness.feed(b"{\"rookery\":{\"forwarder\":\"a\"}}\n", 0);
    harness.protocol.answer("k", 7, 0, &mut harness.written);
    harness.feed(b"x\n", 0);
    assert_eq!(harness.seen[1], Seen::Line(8, b"x".to_vec()));
    harness.written.clear();
    harness.protocol.ack(8, &mut harness.written);
    assert_eq!(harness.written(), "");
}

#[test]
fn a_greeting_without_a_name_is_answered_and_its_lines_have_no_numbers() {
    let mut harness = Harness::new();
    harness.feed(b"{\"rookery\":{\"token\":\"t\"}}\n", 0);
    harness.protocol.answer("k", 0, 0, &mut harness.written);
    assert_eq!(
        harness.written(),
        "{\"rookery\":{\"instance\":\"k\",\"resume\":0}}\n"
    );
    harness.feed(b"x\n", 0);
    assert_eq!(harness.seen[1], Seen::Line(0, b"x".to_vec()));
}

#[test]
fn a_bad_greeting_is_told_and_ends_the_connection() {
    let mut harness = Harness::new();
    harness.feed(b"\r\n{\"rookery\":{\"ack\":true}}\nx\n", 0);
    assert_eq!(harness.seen, [Seen::Refused("E1003")]);
    assert_eq!(
        harness.written(),
        "{\"error\":{\"code\":\"E1003\",\"message\":\"`ack` needs a `forwarder` name in the \
         greeting, for what is acknowledged or resumed is a forwarder's stream\",\"at\":0}}\n"
    );
    harness.feed(b"y\n", 0);
    assert_eq!(harness.seen.len(), 1);
    assert_eq!(harness.protocol.deadline(), None);
}

#[test]
fn the_caller_may_refuse_a_greeting() {
    let mut harness = Harness::new();
    harness.feed(GREETING, 0);
    let error = WireError::TooManyNames {
        name: "emqx-1".into(),
        limit: 1,
    };
    harness.protocol.refuse(&error, &mut harness.written);
    assert!(
        harness
            .written()
            .starts_with("{\"error\":{\"code\":\"E1006\"")
    );
    let before = harness.written.len();
    harness.protocol.answer("k", 0, 0, &mut harness.written);
    assert_eq!(harness.written.len(), before, "the connection is over");
}

#[test]
fn a_second_greeting_is_an_error_at_its_number() {
    let mut harness = Harness::greeted(41);
    harness.feed(b"a\n", 0);
    harness.feed(GREETING, 0);
    harness.feed(b"b\n", 0);
    assert_eq!(
        harness.seen,
        [Seen::Line(42, b"a".to_vec()), Seen::Refused("E1007")]
    );
    assert!(harness.written().ends_with(",\"at\":43}}\n"));
}

#[test]
fn bytes_before_the_answer_are_an_error_however_they_come() {
    for early in [&b"a\n"[..], b"\n", b" ", b"\r"] {
        let mut coalesced = Harness::new();
        coalesced.feed(&[GREETING, early].concat(), 0);
        let mut apart = Harness::new();
        apart.feed(GREETING, 0);
        apart.feed(early, 0);
        for harness in [coalesced, apart] {
            assert_eq!(harness.seen[1..], [Seen::Refused("E1008")]);
            assert!(harness.written().ends_with(",\"at\":0}}\n"));
        }
    }
}

#[test]
fn deadlines_follow_what_was_read() {
    let due = |harness: &mut Harness| {
        let (at, error) = harness.protocol.deadline().unwrap();
        (at, error.code())
    };
    let mut harness = Harness::new();
    assert_eq!(due(&mut harness), (600, "E1011"));
    harness.feed(b"{\"ro", 100);
    assert_eq!(due(&mut harness), (130, "E1010"));
    harness.feed(&GREETING[4..], 120);
    assert_eq!(
        harness.protocol.deadline(),
        None,
        "the answer is ours to give"
    );
    harness.protocol.answer("k", 0, 900, &mut harness.written);
    assert_eq!(due(&mut harness), (1_500, "E1011"));
    harness.feed(b"a", 1_000);
    harness.feed(b"b", 1_020);
    assert_eq!(
        due(&mut harness),
        (1_030, "E1010"),
        "a drip does not prolong it"
    );
    harness.feed(b"\nc", 1_025);
    assert_eq!(
        due(&mut harness),
        (1_055, "E1010"),
        "another line has begun"
    );
    harness.protocol.pause(1_040);
    assert_eq!(harness.protocol.deadline(), None);
    harness.protocol.unpause(5_040);
    assert_eq!(due(&mut harness), (5_055, "E1010"));
    harness.feed(&vec![b'd'; 10_000], 5_050);
    assert_eq!(
        due(&mut harness),
        (5_055, "E1010"),
        "skipping is no progress"
    );
    harness.feed(b"\n", 5_051);
    assert_eq!(due(&mut harness), (5_651, "E1011"));
}

/// Lines as they come: messages, blanks, oversized ones, anything.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => Just(b"{\"imei\":\"860000000000001\",\"type\":\"08\"}".to_vec()),
        2 => "[ \t\r]{0,4}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (1_990_usize..2_010).prop_map(|length| vec![b'z'; length]),
        1 => (3_000_usize..9_000).prop_map(|length| vec![b'z'; length]),
    ];
    let end = prop_oneof![Just(&b"\n"[..]), Just(&b"\r\n"[..])];
    let lines = prop::collection::vec((line, end), 0..12);
    (lines, prop::collection::vec(any::<u8>(), 0..10)).prop_map(|(lines, tail)| {
        let mut bytes = Vec::new();
        for (line, end) in lines {
            bytes.extend_from_slice(&line);
            bytes.extend_from_slice(end);
        }
        bytes.extend_from_slice(&tail);
        bytes
    })
}

/// Feeds `bytes` in pieces of the given lengths, over and over.
fn feed_in_pieces(harness: &mut Harness, bytes: &[u8], pieces: &[usize]) {
    let mut rest = bytes;
    for &piece in pieces.iter().cycle() {
        if rest.is_empty() {
            return;
        }
        let (now, later) = rest.split_at(piece.min(rest.len()));
        harness.feed(now, 0);
        rest = later;
    }
}

proptest! {
    #[test]
    fn a_named_stream_means_the_same_however_it_is_cut(
        bytes in stream(),
        pieces in prop::collection::vec(1_usize..3_000, 1..8),
        reset in any::<prop::sample::Index>(),
    ) {
        // The connection breaks anywhere: what was not finished is no line.
        let bytes = &bytes[..reset.index(bytes.len() + 1)];
        let mut harness = Harness::greeted(5);
        feed_in_pieces(&mut harness, bytes, &pieces);
        prop_assert_eq!(&harness.seen, &expected(bytes, Some(6)));
        prop_assert_eq!(harness.written(), "");
    }

    #[test]
    fn a_plain_stream_means_the_same_however_it_is_cut(
        bytes in stream(),
        pieces in prop::collection::vec(1_usize..3_000, 1..8),
    ) {
        let mut harness = Harness::new();
        feed_in_pieces(&mut harness, &bytes, &pieces);
        prop_assert_eq!(&harness.seen, &expected(&bytes, None));
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(b"{\"rookery:}\n\r ".to_vec())],
            0..300,
        ),
        greeting_first in any::<bool>(),
        answer in any::<bool>(),
        pieces in prop::collection::vec(1_usize..40, 1..8),
    ) {
        let mut harness = Harness::new();
        if greeting_first {
            harness.feed(GREETING, 0);
        }
        if answer {
            harness.protocol.answer("k", 3, 0, &mut harness.written);
        }
        feed_in_pieces(&mut harness, &bytes, &pieces);
        harness.protocol.ack(9, &mut harness.written);
        harness.protocol.deadline();
        let over = harness.seen.iter().filter(|seen| matches!(seen, Seen::Refused(_))).count();
        prop_assert!(over <= 1);
    }
}

#[test]
fn every_single_cut_gives_the_same() {
    let long = vec![b'z'; 2_001];
    let bytes = [
        b"{\"a\":1}\r\n\r\n \n",
        &long[..],
        b"\r\nx\n{\"b\"",
        b":2}\n",
    ]
    .concat();
    for cut in 0..=bytes.len() {
        let mut harness = Harness::greeted(0);
        harness.feed(&bytes[..cut], 0);
        harness.feed(&bytes[cut..], 0);
        assert_eq!(harness.seen, expected(&bytes, Some(1)), "cut at {cut}");
    }
    for cut in 0..GREETING.len() {
        let mut harness = Harness::new();
        harness.feed(&GREETING[..cut], 0);
        harness.feed(&GREETING[cut..], 0);
        assert!(
            matches!(harness.seen[..], [Seen::Greeting(_)]),
            "cut at {cut}"
        );
    }
}
