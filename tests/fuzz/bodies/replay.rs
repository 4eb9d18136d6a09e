//! Runs every input of a committed corpus through the body that the fuzzer runs, then, if asked to by
//! `ROOKERY_FUZZ_SECONDS`, inputs made from them by chance: for a machine without a fuzzer.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// An input's longest length in the random part.
const LENGTH_MAX: usize = 8 * 1024;

/// Bytes that mean something to some grammar here.
const SIGNS: &[u8] = b"\"\\'`{}[]():;,.-+*/=<>$@ \n\r\t\0eE019";

/// Replays `tests/fuzz/corpus/<target>` and says how many inputs that were.
pub fn replay(target: &str, check: impl Fn(&[u8])) {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = room
        .ancestors()
        .find(|folder| folder.join("tests/fuzz/corpus").is_dir())
        .expect("the corpora lie above the room");
    let entries = std::fs::read_dir(root.join("tests/fuzz/corpus").join(target));
    let mut paths: Vec<PathBuf> = entries
        .expect("the target's corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| std::fs::read(path).expect("an input");
    let inputs: Vec<Vec<u8>> = paths.iter().map(read).collect();
    assert!(inputs.len() >= 10, "{target}: {} inputs", inputs.len());
    for (path, input) in paths.iter().zip(&inputs) {
        // The name of the input that fails stands above its panic.
        eprintln!("{}", path.display());
        check(input);
    }
    println!("{target}: {} inputs replayed", inputs.len());
    let Ok(seconds) = std::env::var("ROOKERY_FUZZ_SECONDS") else {
        return;
    };
    let seconds = seconds.parse().expect("ROOKERY_FUZZ_SECONDS is a number");
    let found = root.join("tests/fuzz/found");
    std::fs::create_dir_all(&found).expect("the folder of what is found");
    wander(&inputs, Duration::from_secs(seconds), target, &found, check);
}

/// Random inputs for a while. The one under way lies in a file, so that it outlives an abort.
fn wander(inputs: &[Vec<u8>], time: Duration, target: &str, found: &Path, check: impl Fn(&[u8])) {
    let begun = Instant::now();
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut dice = Dice(seed.expect("after 1970").as_nanos() as u64 | 1);
    let path = found.join(format!("{target}-last"));
    let (mut executions, mut written) = (0_u64, 0_u64);
    while begun.elapsed() < time {
        let input = dice.input(inputs);
        std::fs::write(&path, &input).expect("the folder of what is found");
        check(&input);
        executions += 1;
        written += input.len() as u64;
    }
    std::fs::remove_file(&path).expect("it was just written");
    println!("{target}: {executions} random inputs of {written} bytes in {time:?}, no failure");
}

/// A small random source: xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    /// One of the inputs, changed in a few places; pieces come from the others.
    fn input(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(5) {
            let at = self.below(input.len() + 1);
            let end = (at + 1 + self.below(12)).min(input.len());
            match self.below(7) {
                0 => drop(input.drain(at..end)),
                1 => input.insert(at, self.below(256) as u8),
                2 if at < input.len() => input[at] ^= 1 << self.below(8),
                3 if at < input.len() => {
                    input[at] = SIGNS[self.below(SIGNS.len())];
                }
                4 => {
                    let piece = input[at..end].to_vec();
                    let to = self.below(input.len() + 1);
                    input.splice(to..to, piece);
                }
                _ => {
                    let other = &inputs[self.below(inputs.len())];
                    let from = self.below(other.len() + 1);
                    let length = 1 + self.below(40);
                    let piece = other[from..(from + length).min(other.len())].to_vec();
                    input.splice(at..end.max(at), piece);
                }
            }
        }
        input.truncate(LENGTH_MAX);
        input
    }
}
