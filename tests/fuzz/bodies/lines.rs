//! The lines of what a connection sent, by the definition.

use rookery_model::limits::OVERSIZED_PREFIX_BYTES;

/// A frame with its bytes copied.
#[derive(Debug, PartialEq)]
pub enum Framed {
    Line(Vec<u8>),
    Oversized(Vec<u8>, u64),
}

/// What the lines are, by the definition.
pub fn defined(sent: &[u8], frame_max: usize) -> Vec<Framed> {
    let mut lines: Vec<&[u8]> = sent.split(|&byte| byte == b'\n').collect();
    lines.pop();
    let mut frames = Vec::new();
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > frame_max {
            let prefix = line[..line.len().min(OVERSIZED_PREFIX_BYTES)].to_vec();
            frames.push(Framed::Oversized(prefix, line.len() as u64));
        } else if !line.iter().all(|byte| b" \t\r".contains(byte)) {
            frames.push(Framed::Line(line.to_vec()));
        }
    }
    frames
}
