use proptest::prelude::*;
use rookery_codecs::framing::{Frame, LineFramer};
use rookery_model::limits::OVERSIZED_PREFIX_BYTES;

#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Line(Vec<u8>),
    Oversized(Vec<u8>, u64),
}

/// What the lines of the whole input are, by the definition.
fn expected(input: &[u8], frame_max: usize) -> Vec<Expected> {
    let mut lines: Vec<&[u8]> = input.split(|&byte| byte == b'\n').collect();
    lines.pop();
    let mut frames = Vec::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > frame_max {
            let prefix = line[..line.len().min(OVERSIZED_PREFIX_BYTES)].to_vec();
            frames.push(Expected::Oversized(prefix, line.len() as u64));
        } else if !line.iter().all(|byte| b" \t\r".contains(byte)) {
            frames.push(Expected::Line(line.to_vec()));
        }
    }
    frames
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => proptest::collection::vec(proptest::sample::select(b"ab \t\r\n\xff".to_vec()), 0..12),
        1 => (0_usize..3000).prop_map(|length| vec![b'x'; length]),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_frames(
        input in input(),
        cuts in proptest::collection::vec(1_usize..500, 1..20),
        frame_max in 1_usize..2000,
    ) {
        let mut framer = LineFramer::new(frame_max);
        let mut frames = Vec::new();
        let mut rest = input.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let spare = framer.spare();
            let length = (*cut).min(rest.len()).min(spare.len());
            spare[..length].copy_from_slice(&rest[..length]);
            framer.filled(length);
            rest = &rest[length..];
            while let Some(frame) = framer.next_frame() {
                frames.push(match frame {
                    Frame::Line(line) => Expected::Line(line.to_vec()),
                    Frame::Oversized { prefix, length } => {
                        Expected::Oversized(prefix.to_vec(), length)
                    }
                });
            }
        }
        prop_assert_eq!(frames, expected(&input, frame_max));
    }
}
