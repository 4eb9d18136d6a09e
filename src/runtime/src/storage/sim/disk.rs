//! The state of a simulated disk and what a power cut makes of it.

use super::SECTOR_BYTES;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A change of a file since its last sync.
#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Box<[u8]> },
    Resize(usize),
}

#[derive(Debug, Default)]
struct Inode {
    /// As reads show it.
    visible: Vec<u8>,
    /// As it is on the disk.
    durable: Vec<u8>,
    /// Changes of `visible` that `durable` does not have, in order.
    changes: Vec<Change>,
    /// For each sector whether it holds a byte that was synced.
    synced: Vec<bool>,
    /// Bytes that the medium does not give back.
    unreadable: Range<u64>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Set(PathBuf, u64),
    Remove(PathBuf),
    Move {
        from: PathBuf,
        to: PathBuf,
        inode: u64,
    },
}

/// How much of the unsynced writes one power cut keeps.
enum Mood {
    Nothing,
    Everything,
    /// Each sector by itself, any prefix of its writes.
    Each,
    /// Each sector by itself, all or nothing, with this chance in percent.
    AllOrNothing(usize),
    /// What was written before this change, in order.
    Until(usize),
}

#[derive(Debug)]
pub(super) struct Disk {
    random: Random,
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<PathBuf, u64>,
    durable_names: BTreeMap<PathBuf, u64>,
    name_changes: BTreeMap<PathBuf, Vec<NameChange>>,
    directories: BTreeSet<PathBuf>,
    next_inode: u64,
    epoch: u64,
    power: Option<u64>,
    pub(super) fail_syncs: u32,
    pub(super) free_bytes: u64,
    pub(super) syncs: u64,
}

fn sectors(range: Range<usize>) -> Range<usize> {
    range.start / SECTOR_BYTES..range.end.div_ceil(SECTOR_BYTES)
}

fn not_found(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("no file {}", path.display()),
    )
}

fn parent(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            inodes: BTreeMap::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            name_changes: BTreeMap::new(),
            directories: BTreeSet::new(),
            next_inode: 1,
            epoch: 0,
            power: None,
            fail_syncs: 0,
            free_bytes: u64::MAX / 2,
            syncs: 0,
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn is_off(&self) -> bool {
        self.power == Some(0)
    }

    pub(super) fn power_off_after(&mut self, operations: u64) {
        self.power = Some(operations);
    }

    /// Counts one change down; false when the power is off.
    fn powered(&mut self) -> bool {
        match &mut self.power {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }

    fn change(&mut self) -> io::Result<()> {
        if self.powered() {
            Ok(())
        } else {
            Err(io::Error::other("the power is off"))
        }
    }

    fn inode(&mut self, inode: u64) -> &mut Inode {
        self.inodes
            .get_mut(&inode)
            .expect("an open file has an inode")
    }

    // --- names ---

    pub(super) fn create_dir_all(&mut self, dir: &Path) -> io::Result<()> {
        self.change()?;
        self.directories.insert(dir.to_path_buf());
        Ok(())
    }

    pub(super) fn read_dir(&mut self, dir: &Path) -> io::Result<Vec<String>> {
        if !self.directories.contains(dir) {
            return Err(not_found(dir));
        }
        let names = self.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(names
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect())
    }

    pub(super) fn lookup(&mut self, path: &Path) -> io::Result<u64> {
        if self.is_off() {
            return Err(io::Error::other("the power is off"));
        }
        self.names.get(path).copied().ok_or_else(|| not_found(path))
    }

    pub(super) fn create(&mut self, path: &Path, size: u64) -> io::Result<u64> {
        self.change()?;
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if size > self.free_bytes {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.free_bytes -= size;
        let number = self.next_inode;
        self.next_inode += 1;
        self.names.insert(path.to_path_buf(), number);
        self.note(path, NameChange::Set(path.to_path_buf(), number));
        let mut inode = Inode::default();
        inode.resize(size as usize);
        self.inodes.insert(number, inode);
        Ok(number)
    }

    fn note(&mut self, path: &Path, change: NameChange) {
        self.name_changes
            .entry(parent(path))
            .or_default()
            .push(change);
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.change()?;
        assert_eq!(parent(from), parent(to), "renames stay in their directory");
        let inode = self.names.remove(from).ok_or_else(|| not_found(from))?;
        self.names.insert(to.to_path_buf(), inode);
        let (from, to) = (from.to_path_buf(), to.to_path_buf());
        self.note(&to.clone(), NameChange::Move { from, to, inode });
        Ok(())
    }

    pub(super) fn unlink(&mut self, path: &Path) -> io::Result<()> {
        self.change()?;
        let inode = self.names.remove(path).ok_or_else(|| not_found(path))?;
        self.free_bytes += self.inode(inode).visible.len() as u64;
        self.note(path, NameChange::Remove(path.to_path_buf()));
        Ok(())
    }

    pub(super) fn sync_dir(&mut self, dir: &Path) -> io::Result<()> {
        self.change()?;
        let changes = self.name_changes.remove(dir).unwrap_or_default();
        if self.sync_fails() {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        for change in changes {
            self.apply_name(change);
        }
        Ok(())
    }

    fn apply_name(&mut self, change: NameChange) {
        match change {
            NameChange::Set(path, inode) => {
                self.durable_names.insert(path, inode);
            }
            NameChange::Remove(path) => {
                self.durable_names.remove(&path);
            }
            NameChange::Move { from, to, inode } => {
                self.durable_names.remove(&from);
                self.durable_names.insert(to, inode);
            }
        }
    }

    // --- contents ---

    pub(super) fn size(&mut self, inode: u64) -> io::Result<u64> {
        Ok(self.inode(inode).visible.len() as u64)
    }

    pub(super) fn contents(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let inode = *self.names.get(path).ok_or_else(|| not_found(path))?;
        Ok(self.inode(inode).visible.clone())
    }

    pub(super) fn replace_contents(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let inode = *self.names.get(path).ok_or_else(|| not_found(path))?;
        let inode = self.inode(inode);
        inode.changes.clear();
        inode.visible = bytes.to_vec();
        inode.durable = bytes.to_vec();
        inode.synced = vec![true; bytes.len().div_ceil(SECTOR_BYTES)];
        Ok(())
    }

    pub(super) fn make_unreadable(&mut self, path: &Path, bytes: Range<u64>) -> io::Result<()> {
        let inode = *self.names.get(path).ok_or_else(|| not_found(path))?;
        self.inode(inode).unreadable = bytes;
        Ok(())
    }

    pub(super) fn read_at(
        &mut self,
        inode: u64,
        offset: u64,
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        if self.is_off() {
            return Err(io::Error::other("the power is off"));
        }
        let bad = &self.inode(inode).unreadable;
        if offset < bad.end && bad.start < offset + buffer.len() as u64 {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        let visible = &self.inode(inode).visible;
        let from = visible.len().min(offset as usize);
        let count = buffer.len().min(visible.len() - from);
        buffer[..count].copy_from_slice(&visible[from..from + count]);
        Ok(count)
    }

    pub(super) fn store(&mut self, inode: u64, offset: u64, bytes: &[u8]) {
        if !self.powered() {
            return;
        }
        let inode = self.inode(inode);
        let end = offset as usize + bytes.len();
        assert!(
            end <= inode.visible.len(),
            "a store lies within the mapping"
        );
        inode.write(offset as usize, bytes);
    }

    pub(super) fn write_at(&mut self, inode: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.change()?;
        let end = offset + bytes.len() as u64;
        let grows = end.saturating_sub(self.inode(inode).visible.len() as u64);
        if grows > self.free_bytes {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        self.free_bytes -= grows;
        self.inode(inode).write(offset as usize, bytes);
        Ok(())
    }

    pub(super) fn truncate(&mut self, inode: u64, size: u64) -> io::Result<()> {
        self.change()?;
        let inode = self.inode(inode);
        let before = inode.visible.len() as u64;
        inode.resize(size as usize);
        self.free_bytes = (self.free_bytes + before).saturating_sub(size);
        Ok(())
    }

    fn sync_fails(&mut self) -> bool {
        let fails = self.fail_syncs > 0;
        self.fail_syncs -= u32::from(fails);
        fails
    }

    pub(super) fn sync(&mut self, inode: u64) -> io::Result<()> {
        self.change()?;
        if self.sync_fails() {
            self.inode(inode).changes.clear();
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        self.inode(inode).sync();
        self.syncs += 1;
        Ok(())
    }

    pub(super) fn drop_cache(&mut self, inode: u64) {
        self.inode(inode).drop_cache();
    }

    // --- the power cut ---

    pub(super) fn crash(&mut self) {
        self.epoch += 1;
        self.power = None;
        self.fail_syncs = 0;
        let Self { random, inodes, .. } = self;
        for inode in inodes.values_mut() {
            inode.crash(random);
        }
        self.crash_names();
        let live: BTreeSet<u64> = self.durable_names.values().copied().collect();
        self.inodes.retain(|number, _| live.contains(number));
        self.names = self.durable_names.clone();
    }

    fn crash_names(&mut self) {
        for (_, changes) in std::mem::take(&mut self.name_changes) {
            let ordered = self.random.chance(50);
            let kept = self.random.below(changes.len() + 1);
            for (at, change) in changes.into_iter().enumerate() {
                let keep = if ordered {
                    at < kept
                } else {
                    self.random.chance(50)
                };
                if keep {
                    self.apply_name(change);
                }
            }
        }
    }
}

impl Inode {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.visible.len() {
            self.visible.resize(end, 0);
        }
        self.visible[offset..end].copy_from_slice(bytes);
        let bytes = bytes.into();
        self.changes.push(Change::Write { offset, bytes });
    }

    fn resize(&mut self, size: usize) {
        self.visible.resize(size, 0);
        self.changes.push(Change::Resize(size));
    }

    fn resize_durable(&mut self, size: usize) {
        self.durable.resize(size, 0);
        self.synced.resize(size.div_ceil(SECTOR_BYTES), false);
    }

    fn sync(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            match change {
                Change::Resize(size) => self.resize_durable(size),
                Change::Write { offset, bytes } => {
                    let end = offset + bytes.len();
                    self.resize_durable(end.max(self.durable.len()));
                    for sector in sectors(offset..end) {
                        self.synced[sector] = true;
                        let from = sector * SECTOR_BYTES;
                        let to = (from + SECTOR_BYTES)
                            .min(self.durable.len())
                            .min(self.visible.len());
                        if from < to {
                            self.durable[from..to].copy_from_slice(&self.visible[from..to]);
                        }
                    }
                }
            }
        }
        self.resize_durable(self.visible.len());
    }

    fn drop_cache(&mut self) {
        self.visible = self.durable.clone();
        for change in &self.changes {
            match change {
                Change::Resize(size) => self.visible.resize(*size, 0),
                Change::Write { offset, bytes } => {
                    let end = offset + bytes.len();
                    if end > self.visible.len() {
                        self.visible.resize(end, 0);
                    }
                    self.visible[*offset..end].copy_from_slice(bytes);
                }
            }
        }
    }

    /// For each sector how many of its unsynced writes survive, and whether the last of these does
    /// so only in part.
    fn survivors(&self, random: &mut Random) -> BTreeMap<usize, (usize, bool)> {
        let mut touched: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, change) in self.changes.iter().enumerate() {
            if let Change::Write { offset, bytes } = change {
                for sector in sectors(*offset..offset + bytes.len()) {
                    touched.entry(sector).or_default().push(index);
                }
            }
        }
        let mood = match random.below(6) {
            0 => Mood::Nothing,
            1 => Mood::Everything,
            2 => Mood::Until(random.below(self.changes.len() + 1)),
            3 => Mood::AllOrNothing([5, 30, 70, 95][random.below(4)]),
            _ => Mood::Each,
        };
        let mut kept = BTreeMap::new();
        for (sector, writes) in touched {
            let all = writes.len();
            let (count, partial) = match mood {
                Mood::Nothing => (0, false),
                Mood::Everything => (all, false),
                Mood::Until(end) => (writes.iter().filter(|at| **at < end).count(), false),
                Mood::AllOrNothing(percent) if random.chance(percent) => (all, false),
                Mood::AllOrNothing(_) => (0, false),
                Mood::Each => (random.below(all + 1), random.chance(30)),
            };
            kept.insert(sector, (count, partial));
        }
        kept
    }

    fn crash(&mut self, random: &mut Random) {
        let mut survivors = self.survivors(random);
        let dirty: Vec<usize> = survivors.keys().copied().collect();
        let sizes = self.changes.len() + 1;
        let mut sizes_kept = random.below(sizes);
        if random.chance(30) {
            sizes_kept = sizes;
        }
        for (index, change) in std::mem::take(&mut self.changes).into_iter().enumerate() {
            match change {
                Change::Resize(size) if index < sizes_kept => self.resize_durable(size),
                Change::Resize(_) => {}
                Change::Write { offset, bytes } => {
                    let end = offset + bytes.len();
                    if end > self.durable.len() && index < sizes_kept {
                        self.resize_durable(end);
                    }
                    for sector in sectors(offset..end) {
                        let Some((left, partial)) = survivors.get_mut(&sector) else {
                            continue;
                        };
                        if *left == 0 {
                            continue;
                        }
                        *left -= 1;
                        let cut = (*left == 0 && *partial).then(|| random.below(SECTOR_BYTES));
                        self.persist(sector, offset, &bytes, cut);
                    }
                }
            }
        }
        self.garble(&dirty, random);
        self.visible = self.durable.clone();
    }

    /// Puts the part of a write that lies in `sector` onto the disk, up to `cut` bytes of it.
    fn persist(&mut self, sector: usize, offset: usize, bytes: &[u8], cut: Option<usize>) {
        let from = offset.max(sector * SECTOR_BYTES);
        let to = (offset + bytes.len())
            .min((sector + 1) * SECTOR_BYTES)
            .min(self.durable.len());
        let to = cut.map_or(to, |cut| to.min(from + cut));
        if from < to {
            self.durable[from..to].copy_from_slice(&bytes[from - offset..to - offset]);
        }
    }

    fn garble(&mut self, dirty: &[usize], random: &mut Random) {
        if random.chance(60) {
            return;
        }
        for sector in dirty {
            let from = sector * SECTOR_BYTES;
            let fresh = self.synced.get(*sector) == Some(&false);
            if !fresh || from >= self.durable.len() || random.chance(70) {
                continue;
            }
            let to = (from + SECTOR_BYTES).min(self.durable.len());
            for byte in &mut self.durable[from..to] {
                *byte = random.next() as u8;
            }
        }
    }
}
