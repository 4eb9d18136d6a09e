//! Standard output of commands whose output is data.

use std::io::{self, BufWriter, StdoutLock, Write};

/// A buffer in front of standard output: rows come by the million.
const BUFFER_BYTES: usize = 64 * 1024;

/// Standard output, locked and buffered.
pub fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock())
}

/// Lets a reader that went away (`| head`) end a command in peace.
///
/// # Errors
/// Any other failure.
pub fn reader_may_leave(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Prints a text and flushes it.
///
/// # Errors
/// Standard output cannot be written, other than by its reader leaving.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = stdout();
    reader_may_leave(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Writes to standard error; that it is closed stops nothing.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
