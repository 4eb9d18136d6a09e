//! Bytes of a connection, in random cuts, through framing, the line protocol and routing.
//!
//! The input's first 4 bytes: the frame limit (2), the cuts, the manner. The rest is what is sent.
//! Held: the events are those of one read of the whole; a connection that did not greet is told
//! nothing; numbers rise by one; lines are those that the definition gives; the route of a line is
//! that of the parsed object.

#[path = "lines.rs"]
mod lines;

use lines::{Framed, defined};
use rookery_codecs::framing::{Frame, LineFramer};
use rookery_codecs::json::{Decoder, Node};
use rookery_codecs::route::{Route, RouteError, route};
use rookery_model::limits::{DEVICE_KEY_MAX_BYTES, OVERSIZED_PREFIX_BYTES, READ_BUFFER_BYTES};
use rookery_sources::{Event, LineLimits, LineProtocol};

/// An event with its bytes copied.
#[derive(Debug, PartialEq)]
enum Seen {
    Frame(u64, Framed),
    Greeting(String),
    Refused(&'static str, String),
}

/// Sizes of reads: from one byte of the input, or as large as they can be.
struct Cuts(Option<u64>);

impl Cuts {
    fn next(&mut self) -> usize {
        let Some(state) = &mut self.0 else {
            return usize::MAX;
        };
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let size = (*state >> 40) as usize;
        match *state >> 60 {
            0..4 => 1,
            4..12 => 1 + size % 16,
            _ => 1 + size % 5_000,
        }
    }
}

/// The check.
pub fn check(input: &[u8]) {
    let Some((head, sent)) = input.split_first_chunk::<4>() else {
        return;
    };
    let frame_max = 1 + usize::from(u16::from_le_bytes([head[0], head[1]])) % 3_000;
    let answers = head[3] & 1 == 0;
    let frames = framed(sent, frame_max, &mut Cuts(Some(head[2].into())));
    assert_eq!(frames, defined(sent, frame_max));
    let cut = talk(sent, frame_max, answers, &mut Cuts(Some(head[2].into())));
    let whole = talk(sent, frame_max, answers, &mut Cuts(None));
    assert_eq!(cut, whole);
    for frame in &frames {
        if let Framed::Line(line) = frame {
            check_route(line);
        }
    }
}

/// Copies some of `rest` into a buffer; returns how much.
fn put(rest: &mut &[u8], spare: &mut [u8], cuts: &mut Cuts) -> usize {
    let length = cuts.next().min(rest.len()).min(spare.len());
    spare[..length].copy_from_slice(&rest[..length]);
    *rest = &rest[length..];
    length
}

fn framed(sent: &[u8], frame_max: usize, cuts: &mut Cuts) -> Vec<Framed> {
    let mut framer = LineFramer::new(frame_max);
    let mut frames = Vec::new();
    let mut rest = sent;
    while !rest.is_empty() {
        let length = put(&mut rest, framer.spare(), cuts);
        framer.filled(length);
        while let Some(frame) = framer.next_frame() {
            frames.push(match frame {
                Frame::Line(line) => Framed::Line(line.to_vec()),
                Frame::Oversized { prefix, length } => Framed::Oversized(prefix.to_vec(), length),
            });
        }
        let bound = frame_max + READ_BUFFER_BYTES + 2 * OVERSIZED_PREFIX_BYTES;
        assert!(framer.memory_bytes() <= bound);
    }
    frames
}

/// A connection from its opening to its last byte. A greeting is answered at once, or never.
fn talk(sent: &[u8], frame_max: usize, answers: bool, cuts: &mut Cuts) -> (Vec<Seen>, Vec<u8>) {
    const RESUME: u64 = 41;
    let limits = LineLimits {
        frame_max_bytes: frame_max,
        ..LineLimits::default()
    };
    let mut protocol = LineProtocol::new(limits, 0);
    let (mut seen, mut written) = (Vec::new(), Vec::new());
    let (mut now_ms, mut rest) = (0, sent);
    // Nothing more is read of a connection that is over.
    while !rest.is_empty() && !matches!(seen.last(), Some(Seen::Refused(..))) {
        let length = put(&mut rest, protocol.spare(), cuts);
        now_ms += 1;
        protocol.received(length, now_ms);
        while let Some(event) = protocol.next_event() {
            let event = match event {
                Event::Line { number, line } => Seen::Frame(number, Framed::Line(line.to_vec())),
                Event::Oversized {
                    number,
                    prefix,
                    length,
                } => Seen::Frame(number, Framed::Oversized(prefix.to_vec(), length)),
                Event::Greeting(greeting) => {
                    if answers {
                        protocol.answer("an instance", RESUME, now_ms, &mut written);
                    }
                    Seen::Greeting(format!("{greeting:?}"))
                }
                Event::Refused(error) => {
                    protocol.refuse(&error, &mut written);
                    assert!(protocol.next_event().is_none(), "after a refusal");
                    Seen::Refused(error.code(), error.to_string())
                }
            };
            if let Seen::Frame(number, _) = event {
                protocol.ack(number, &mut written);
            }
            seen.push(event);
        }
        let _ = protocol.deadline();
    }
    check_talk(&seen, &written, RESUME);
    (seen, written)
}

/// Numbers rise by one, and only who greeted is told anything, in whole lines of JSON.
fn check_talk(seen: &[Seen], written: &[u8], resume: u64) {
    let greeted = matches!(seen.first(), Some(Seen::Greeting(_) | Seen::Refused(..)));
    assert!(greeted || written.is_empty());
    let mut expected = resume;
    for event in seen {
        if let Seen::Frame(number, _) = event {
            expected += 1;
            assert!(
                *number == 0 || *number == expected,
                "{number} after {expected}"
            );
        }
    }
    for line in written.split_inclusive(|&byte| byte == b'\n') {
        assert!(line.ends_with(b"\n"));
        serde_json::from_slice::<serde::de::IgnoredAny>(line).expect("an answer is JSON");
    }
}

/// Of a line that is an object, the route is what the parsed object says.
fn check_route(line: &[u8]) {
    let mut scratch = b"left over".to_vec();
    let routed = route(line, b"imei", &mut scratch);
    if let Route::Key(key) = routed {
        assert!((1..=DEVICE_KEY_MAX_BYTES).contains(&key.len()));
    }
    let mut decoder = Decoder::new();
    let Ok(document) = decoder.decode(line) else {
        return;
    };
    let text = match (
        document.node(document.root()),
        document.node(document.get("imei")),
    ) {
        (Node::Object(_), Node::String(text) | Node::Number(text)) => text,
        (Node::Object(_), Node::Missing) => {
            assert_eq!(routed, Route::Unroutable(RouteError::NoKey));
            return;
        }
        (Node::Object(_), _) => {
            assert_eq!(routed, Route::Unroutable(RouteError::NotScalar));
            return;
        }
        _ => {
            assert_eq!(routed, Route::Unroutable(RouteError::NotObject));
            return;
        }
    };
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let expected = match text.len() {
        0 => Route::Unroutable(RouteError::Empty),
        1..=DEVICE_KEY_MAX_BYTES => Route::Key(text.as_bytes()),
        length => Route::Unroutable(RouteError::TooLong { length }),
    };
    assert_eq!(routed, expected);
}
