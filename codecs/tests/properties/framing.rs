#[path = "../../../tests/fuzz/bodies/lines.rs"]
mod lines;

use lines::{Framed, defined};
use proptest::prelude::*;
use rookery_codecs::framing::{Frame, LineFramer};

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
                    Frame::Line(line) => Framed::Line(line.to_vec()),
                    Frame::Oversized { prefix, length } => {
                        Framed::Oversized(prefix.to_vec(), length)
                    }
                });
            }
        }
        prop_assert_eq!(frames, defined(&input, frame_max));
    }
}
