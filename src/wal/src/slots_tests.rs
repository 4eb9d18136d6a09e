use super::*;
use rookery_runtime::storage::sim::SimStorage;

const DIR: &str = "/d";
const SCHEMA: u32 = 7;

fn path() -> PathBuf {
    Path::new(DIR).join("state")
}

fn disk(seed: u64) -> SimStorage {
    let storage = SimStorage::new(seed);
    storage.create_dir_all(Path::new(DIR)).unwrap();
    storage
}

fn open(storage: &SimStorage) -> (Slots<SimStorage>, Option<Vec<u8>>) {
    let (slots, payload) = Slots::open(storage, &path(), SCHEMA).unwrap();
    (slots, payload.map(|bytes| bytes.to_vec()))
}

#[test]
fn the_newest_payload_comes_back_aligned() {
    let storage = disk(1);
    let (mut slots, none) = open(&storage);
    assert_eq!(none, None);
    for text in ["one", "two", "three"] {
        slots.write(text.as_bytes()).unwrap();
    }
    let (_, payload) = Slots::open(&storage, &path(), SCHEMA).unwrap();
    let payload = payload.unwrap();
    assert_eq!(&payload[..], b"three");
    assert_eq!(payload.as_ptr() as usize % 16, 0);
    let peeked = Slots::peek(&storage, &path(), SCHEMA).unwrap().unwrap();
    assert_eq!(&peeked[..], b"three");
}

/// Power cuts at every operation and by many seeds, over failed syncs too: what a write promised is
/// there, or something newer.
#[test]
fn no_crash_loses_what_a_write_promised() {
    for seed in 0..1500 {
        let storage = disk(seed);
        let (mut promised, mut tried) = (0u64, 0u64);
        for round in 0..4 {
            let Ok((mut slots, found)) = Slots::open(&storage, &path(), SCHEMA) else {
                panic!("seed {seed}: slots cannot be opened in round {round}");
            };
            let found = found.map_or(0, |bytes| {
                assert!(
                    bytes.chunks(8).all(|word| word == &bytes[..8]),
                    "seed {seed}"
                );
                u64::from_le_bytes(bytes[..8].try_into().unwrap())
            });
            assert!(
                (promised..=tried).contains(&found),
                "seed {seed}: found {found}, promised {promised}, tried {tried}"
            );
            promised = found;
            storage.power_off_after(seed % 13 + round);
            for step in 0..6 {
                if (seed + step).is_multiple_of(5) {
                    storage.fail_syncs(1);
                }
                tried += 1;
                let words = 1 + (seed as usize * 31 + tried as usize * 17) % 300;
                if slots.write(&tried.to_le_bytes().repeat(words)).is_ok() {
                    promised = tried;
                }
            }
            storage.crash();
        }
    }
}

#[test]
fn a_damaged_slot_gives_way_to_the_one_before_and_two_are_an_error() {
    let storage = disk(1);
    let (mut slots, _) = open(&storage);
    slots.write(b"one").unwrap();
    slots.write(b"two").unwrap();
    let damage = |index, at: usize| {
        let path = slot_path(&path(), index);
        let mut bytes = storage.contents(&path).unwrap();
        bytes[at] ^= 4;
        storage.replace_contents(&path, &bytes).unwrap();
    };
    damage(0, 65);
    assert_eq!(open(&storage).1.unwrap(), b"one");
    damage(1, 20);
    let error = Slots::open(&storage, &path(), SCHEMA).unwrap_err();
    assert!(matches!(error, WalError::SlotsDamaged { .. }), "{error}");
}

#[test]
fn every_flipped_bit_is_detected() {
    let storage = disk(1);
    let (mut slots, _) = open(&storage);
    slots.write(b"old").unwrap();
    slots.write(b"the newest payload").unwrap();
    let at = slot_path(&path(), 0);
    let good = storage.contents(&at).unwrap();
    for bit in 0..(HEADER_BYTES + 18) * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        storage.replace_contents(&at, &bytes).unwrap();
        assert_eq!(open(&storage).1.unwrap(), b"old", "bit {bit}");
    }
}

#[test]
fn another_schema_is_refused_with_both_numbers() {
    let storage = disk(1);
    let (mut slots, _) = open(&storage);
    slots.write(b"one").unwrap();
    let error = Slots::open(&storage, &path(), 8).unwrap_err();
    assert_eq!(
        error.to_string(),
        "E2011 /d/state holds data of schema 0x00000007, this version reads 0x00000008; start the \
         version that wrote it"
    );
}

#[test]
fn a_full_disk_does_not_stop_small_payloads_and_leaves_large_ones_for_later() {
    let storage = disk(1);
    let (mut slots, _) = open(&storage);
    storage.set_free_bytes(0);
    slots.write(b"small").unwrap();
    let large = vec![1; 100_000];
    let error = slots.write(&large).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(open(&storage).1.unwrap(), b"small");
    storage.set_free_bytes(1 << 20);
    slots.write(&large).unwrap();
    assert_eq!(open(&storage).1.unwrap(), large);
}
