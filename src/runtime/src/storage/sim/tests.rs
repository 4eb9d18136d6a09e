use super::*;

const DIR: &str = "/d";

fn disk(seed: u64) -> SimStorage {
    let storage = SimStorage::new(seed);
    storage.create_dir_all(Path::new(DIR)).unwrap();
    storage
}

fn path() -> std::path::PathBuf {
    Path::new(DIR).join("a")
}

fn durable_file(storage: &SimStorage, size: u64) -> SimFile {
    let mut file = storage.create(&path(), size).unwrap();
    file.map().unwrap();
    file.sync_data().unwrap();
    storage.sync_dir(Path::new(DIR)).unwrap();
    file
}

#[test]
fn synced_bytes_survive_every_crash() {
    for seed in 0..500 {
        let storage = disk(seed);
        let mut file = durable_file(&storage, 4096);
        file.store(100, &[7; 600]);
        file.sync_data().unwrap();
        file.store(700, &[9; 900]);
        storage.crash();
        let after = storage.contents(&path()).unwrap();
        assert_eq!(after[100..700], [7; 600], "seed {seed}");
        assert_eq!(after.len(), 4096);
    }
}

#[test]
fn unsynced_bytes_are_sometimes_kept_lost_mixed_and_garbled() {
    let (mut kept, mut lost, mut mixed, mut garbled) = (0, 0, 0, 0);
    for seed in 0..500 {
        let storage = disk(seed);
        let mut file = durable_file(&storage, 8192);
        file.store(1024, &[7; 4096]);
        storage.crash();
        let after = storage.contents(&path()).unwrap();
        let bytes = &after[1024..5120];
        match (bytes.contains(&7), bytes.contains(&0)) {
            _ if bytes.iter().any(|byte| ![0, 7].contains(byte)) => garbled += 1,
            (true, true) => mixed += 1,
            (true, false) => kept += 1,
            (false, _) => lost += 1,
        }
    }
    assert!(kept > 20 && lost > 20 && mixed > 20 && garbled > 20);
}

#[test]
fn the_same_seed_gives_the_same_disk() {
    let run = |seed| {
        let storage = disk(seed);
        let mut file = durable_file(&storage, 8192);
        for at in 0..20 {
            file.store(at * 300, &[at as u8 + 1; 290]);
        }
        storage.crash();
        storage.contents(&path()).unwrap()
    };
    for seed in 0..50 {
        assert_eq!(run(seed), run(seed));
    }
}

#[test]
fn a_failed_sync_leaves_the_cache_ahead_of_the_disk_and_the_next_one_lies() {
    let storage = disk(1);
    let mut file = durable_file(&storage, 4096);
    file.store(0, b"lost");
    storage.fail_syncs(1);
    assert!(file.sync_data().is_err());
    file.sync_data().unwrap();
    let mut bytes = [0; 4];
    file.read_at(0, &mut bytes).unwrap();
    assert_eq!(
        &bytes, b"lost",
        "the cache shows what the disk does not have"
    );
    file.drop_cache().unwrap();
    file.read_at(0, &mut bytes).unwrap();
    assert_eq!(bytes, [0; 4]);
}

#[test]
fn names_without_a_directory_sync_may_vanish_and_with_one_never() {
    let mut vanished = 0;
    for seed in 0..100 {
        let storage = disk(seed);
        let dir = Path::new(DIR);
        durable_file(&storage, 10);
        storage.rename(&path(), &dir.join("b")).unwrap();
        storage.crash();
        let names = storage.read_dir(dir).unwrap();
        assert_eq!(names.len(), 1, "a rename loses no file");
        vanished += usize::from(names == ["a"]);
        if names == ["a"] {
            storage.unlink(&path()).unwrap();
            storage.sync_dir(dir).unwrap();
            storage.crash();
            assert!(storage.read_dir(dir).unwrap().is_empty());
        }
    }
    assert!(vanished > 10 && vanished < 90);
}

#[test]
fn a_full_disk_refuses_files_and_takes_back_space() {
    let storage = disk(1);
    storage.set_free_bytes(1000);
    let error = storage.create(&path(), 2000).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    storage.create(&path(), 1000).unwrap();
    storage.unlink(&path()).unwrap();
    assert_eq!(storage.free_bytes(Path::new(DIR)).unwrap(), 1000);
}

#[test]
fn with_the_power_off_stores_vanish_and_calls_fail() {
    let storage = disk(1);
    let mut file = durable_file(&storage, 4096);
    storage.power_off_after(1);
    file.store(0, b"in");
    file.store(2, b"out");
    assert!(storage.is_off());
    assert!(file.sync_data().is_err());
    storage.crash();
    assert!(!storage.is_off());
    assert!(
        file.sync_data().is_err(),
        "a file opened before the cut is dead"
    );
    assert_eq!(storage.contents(&path()).unwrap()[2..5], [0; 3]);
}
