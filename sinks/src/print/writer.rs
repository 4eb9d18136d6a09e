//! Writes a stream that cannot be read back.

use crate::{LaneCursor, LaneKey, Part, SinkError, SinkWriter, TargetCursor, Verdicts};
use std::io::Write;

/// Each request in one write, so that the lines of several sinks do not mix; confirmed when flushed.
pub(super) struct StreamWriter<W> {
    name: &'static str,
    stream: W,
    buffer: Vec<u8>,
}

impl<W> StreamWriter<W> {
    pub(super) fn new(name: &'static str, stream: W) -> Self {
        Self {
            name,
            stream,
            buffer: Vec::new(),
        }
    }
}

impl<W: Write + Send> SinkWriter for StreamWriter<W> {
    fn open(&mut self, lanes: &[LaneKey]) -> Result<Vec<TargetCursor>, SinkError> {
        Ok(vec![TargetCursor::NotHeld; lanes.len()])
    }

    fn write_batch(
        &mut self,
        request: &[Part<'_>],
        _verdicts: &mut Verdicts,
    ) -> Result<(), SinkError> {
        self.buffer.clear();
        for part in request {
            match part.contiguous() {
                Some(bytes) => self.buffer.extend_from_slice(bytes),
                None => part
                    .rows()
                    .for_each(|row| self.buffer.extend_from_slice(row.bytes)),
            }
        }
        let written = self.stream.write_all(&self.buffer);
        written
            .and_then(|()| self.stream.flush())
            .map_err(|source| SinkError::Io {
                action: "write to",
                target: self.name.to_owned(),
                source,
            })
    }

    fn confirm(&mut self, _cursors: &[LaneCursor]) -> Result<(), SinkError> {
        Ok(())
    }
}
