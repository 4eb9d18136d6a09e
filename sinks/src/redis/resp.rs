//! The server's protocol, RESP, as far as commands go: `*<arguments>\r\n`, then for each argument
//! `$<bytes>\r\n`, the bytes, `\r\n`. Source: the protocol's specification at redis.io.

/// Appends the head of a command.
pub(super) fn command_head(arguments: usize, out: &mut Vec<u8>) {
    out.push(b'*');
    number(arguments, out);
}

/// Appends an argument.
#[inline]
pub(super) fn argument(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'$');
    number(bytes.len(), out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Appends a whole command.
pub(super) fn command(arguments: &[&[u8]], out: &mut Vec<u8>) {
    command_head(arguments.len(), out);
    for bytes in arguments {
        argument(bytes, out);
    }
}

#[inline]
fn number(value: usize, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    out.extend_from_slice(buffer.format(value).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The commands of a row's bytes, which an encoder of this crate made.
pub(super) struct Commands<'a>(pub &'a [u8]);

/// One command and its second argument, the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PackedCommand<'a> {
    pub bytes: &'a [u8],
    pub key: &'a [u8],
}

impl<'a> Iterator for Commands<'a> {
    type Item = PackedCommand<'a>;

    fn next(&mut self) -> Option<PackedCommand<'a>> {
        if self.0.is_empty() {
            return None;
        }
        let (arguments, mut at) = length(self.0, 0);
        let mut key: &[u8] = &[];
        for index in 0..arguments {
            let (bytes, start) = length(self.0, at);
            if index == 1 {
                key = &self.0[start..start + bytes];
            }
            at = start + bytes + 2;
        }
        let (bytes, rest) = self.0.split_at(at);
        self.0 = rest;
        Some(PackedCommand { bytes, key })
    }
}

/// The number after the mark at `at`, and where the line after it begins.
fn length(bytes: &[u8], at: usize) -> (usize, usize) {
    let digits = bytes[at + 1..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    let (mut value, mut count) = (0, 0);
    for digit in digits {
        value = value * 10 + usize::from(digit - b'0');
        count += 1;
    }
    (value, at + 1 + count + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_found_again() {
        let mut row = Vec::new();
        command(&[b"SET", b"k\r\n*1\r\n", b""], &mut row);
        let first = row.len();
        command(&[b"PING"], &mut row);
        command(&[b"LPUSH", "键".as_bytes(), b"x"], &mut row);
        assert!(row.starts_with(
            b"*3\r\n$3\r\nSET\r\n$7\r\nk\r\n*1\r\n\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n*3"
        ));
        let found: Vec<_> = Commands(&row).collect();
        assert_eq!(found.len(), 3);
        assert_eq!(
            found[0],
            PackedCommand {
                bytes: &row[..first],
                key: b"k\r\n*1\r\n"
            }
        );
        assert_eq!(
            (found[1].bytes, found[1].key),
            (b"*1\r\n$4\r\nPING\r\n".as_slice(), b"".as_slice())
        );
        assert_eq!(found[2].key, "键".as_bytes());
    }
}
