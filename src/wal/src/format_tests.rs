use super::*;
use proptest::prelude::*;

const WHO: Identity = Identity {
    instance: *b"0123456789abcdef",
    shard: ShardId(3),
};

fn batch() -> impl Strategy<Value = BatchHeader> {
    let kind = prop_oneof![
        Just(BatchKind::Records),
        Just(BatchKind::Mark),
        Just(BatchKind::Seal)
    ];
    (kind, any::<[u64; 4]>(), any::<i64>(), any::<[u32; 3]>()).prop_map(
        |(kind, [term, first, durable, segment], time, [count, bytes, fold])| BatchHeader {
            kind,
            term: Term(term),
            first: Lsn(first),
            time: RecordTime(time),
            durable: Lsn(durable),
            segment,
            count,
            bytes,
            fold,
        },
    )
}

proptest! {
    #[test]
    fn a_batch_header_comes_back_and_only_in_its_place(header in batch(), offset in 0..1u64 << 31) {
        let bytes = header.encode(WHO.salt(header.segment), offset);
        prop_assert_eq!(BatchHeader::parse(&bytes, offset, &WHO), Some(header));
        prop_assert_eq!(BatchHeader::parse(&bytes, offset ^ 1, &WHO), None);
        let other = Identity { shard: ShardId(4), ..WHO };
        prop_assert_eq!(BatchHeader::parse(&bytes, offset, &other), None);
    }

    #[test]
    fn no_flipped_bit_of_a_batch_header_passes(header in batch(), bit in 0..512usize) {
        let mut bytes = header.encode(WHO.salt(header.segment), 4096);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(BatchHeader::parse(&bytes, 4096, &WHO), None);
    }

    #[test]
    fn a_record_comes_back_whatever_its_parts(
        payload in proptest::collection::vec(any::<u8>(), 0..600),
        cut in 0..600usize,
        lsn in 1..u64::MAX / 2,
        time in any::<i64>(),
        offset in 0..1u64 << 30,
    ) {
        let salt = WHO.salt(7);
        let cut = cut.min(payload.len());
        let parts = [&payload[..cut], &payload[cut..]];
        let time = RecordTime(time);
        let (header, crc) = RecordHeader::encode(
            RecordKind::Message, Lsn(lsn), time, salt.at(offset), payload.len(), &parts,
        );
        let record = [&header[..], &payload].concat();
        let parsed = RecordHeader::parse(&record).unwrap();
        prop_assert_eq!(parsed.crc, crc);
        prop_assert_eq!(parsed.kind, RecordKind::Message);
        prop_assert_eq!(parsed.time, time);
        prop_assert_eq!(parsed.total(), record.len());
        prop_assert_eq!(parsed.lsn(Lsn(lsn.saturating_sub(1000))), Lsn(lsn));
        prop_assert!(parsed.verifies(&record, salt, offset));
        prop_assert!(!parsed.verifies(&record, salt, offset + 1));
        prop_assert!(!parsed.verifies(&record, WHO.salt(8), offset));
    }
}

#[test]
fn a_segment_header_comes_back_and_every_flipped_bit_shows() {
    let header = SegmentHeader {
        identity: WHO,
        segment: 12,
        previous: 10,
        term: Term(1_700_000_000),
        size: 1 << 27,
    };
    let bytes = header.encode();
    assert_eq!(SegmentHeader::parse(&bytes), Ok(header));
    for bit in 0..SEGMENT_HEADER_USED * 8 {
        let mut bytes = bytes;
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            SegmentHeader::parse(&bytes),
            Err(SegmentHeaderError::Damaged)
        );
    }
}

#[test]
fn a_newer_segment_is_told_from_a_damaged_one() {
    let header = SegmentHeader {
        identity: WHO,
        segment: 1,
        previous: 0,
        term: Term(1),
        size: 8192,
    };
    let mut bytes = header.encode();
    bytes[12] = 2;
    let crc = crc32c::crc32c(&bytes[12..SEGMENT_HEADER_USED]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(
        SegmentHeader::parse(&bytes),
        Err(SegmentHeaderError::Newer(2))
    );
}

#[test]
fn kinds_have_fixed_codes_and_zeros_are_no_record() {
    let codes: Vec<(u8, &str)> = (0..=255)
        .filter_map(|code| Some((code, RecordKind::from_code(code)?.name())))
        .collect();
    assert_eq!(
        codes,
        [
            (1, "start"),
            (2, "message"),
            (3, "malformed"),
            (4, "skip"),
            (5, "rules"),
            (6, "tick"),
            (7, "exchange"),
            (8, "answer"),
        ]
    );
    assert_eq!(RecordHeader::parse(&[0; 64]), None);
}

#[test]
fn the_bytes_of_format_1_stay_as_they_are() {
    let salt = WHO.salt(5);
    let header = BatchHeader {
        kind: BatchKind::Records,
        term: Term(1),
        first: Lsn(2),
        time: RecordTime(3),
        durable: Lsn(1),
        segment: 5,
        count: 1,
        bytes: 25,
        fold: 9,
    };
    let batch = header.encode(salt, 4096);
    let (record, _) = RecordHeader::encode(
        RecordKind::Message,
        Lsn(2),
        RecordTime(3),
        salt.at(4160),
        5,
        &[b"hello"],
    );
    assert_eq!((crc32c::crc32c(&batch), crc32c::crc32c(&record)), GOLDEN);
}

/// Checksums of one batch header and one record header of format 1.
const GOLDEN: (u32, u32) = (299_075_062, 1_644_027_235);
