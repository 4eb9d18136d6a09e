//! Message templates: a text with marked places, and the patching of those places.

/// Digits of a message id: the index of the message, with leading zeros, so that ids sort as text.
pub const ID_DIGITS: usize = 12;
/// Digits of an IMEI, its check digit included.
pub const IMEI_DIGITS: usize = 15;
/// Length of `yyyy-MM-dd HH:mm:ss`.
pub const TIME_BYTES: usize = 19;

const ID_MARK: &str = "@@@@@@@@@@@@";
const IMEI_MARK: &str = "$$$$$$$$$$$$$$$";
const NUMBER_MARK: &str = "%%%";
const FLAG_MARK: &str = "~";
const TIME_MARK: &str = "yyyy-MM-dd HH:mm:ss";
/// A message's draw of 64 bits feeds this many number fields of 12 bits and the flag.
const NUMBERS_MAX: usize = 5;

/// One shape of message. Its length is that of the text: every marked place has a fixed width, so
/// that a message costs one copy and a few stores.
///
/// Marks: 12 `@` the message id, 15 `$` the IMEI, 3 `%` a number from 100 to 999, `~` the digit 4
/// or 5, `yyyy-MM-dd HH:mm:ss` the message's own time.
pub struct Template {
    bytes: Vec<u8>,
    ids: Vec<usize>,
    imeis: Vec<usize>,
    times: Vec<usize>,
    numbers: Vec<usize>,
    flags: Vec<usize>,
}

/// What differs from message to message.
pub struct Fields<'a> {
    /// The message's id.
    pub id: &'a [u8; ID_DIGITS],
    /// The device's IMEI.
    pub imei: &'a [u8],
    /// The message's own time.
    pub time: &'a [u8; TIME_BYTES],
    /// 64 drawn bits that numbers and flags are made of.
    pub draw: u64,
}

impl Template {
    /// Reads the marks of `text`; the newline that ends a message is added here.
    pub fn parse(text: &str) -> Self {
        let places = |mark: &str| text.match_indices(mark).map(|(at, _)| at).collect();
        let template = Self {
            bytes: format!("{text}\n").into_bytes(),
            ids: places(ID_MARK),
            imeis: places(IMEI_MARK),
            times: places(TIME_MARK),
            numbers: places(NUMBER_MARK),
            flags: places(FLAG_MARK),
        };
        assert!(
            template.numbers.len() <= NUMBERS_MAX,
            "a draw has bits for {NUMBERS_MAX} numbers"
        );
        template
    }

    /// Appends the message to `out`.
    pub fn render(&self, fields: &Fields<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let message = &mut out[start..];
        for &at in &self.ids {
            message[at..at + ID_DIGITS].copy_from_slice(fields.id);
        }
        for &at in &self.imeis {
            message[at..at + IMEI_DIGITS].copy_from_slice(&fields.imei[..IMEI_DIGITS]);
        }
        for &at in &self.times {
            message[at..at + TIME_BYTES].copy_from_slice(fields.time);
        }
        let mut bits = fields.draw;
        for &at in &self.numbers {
            let number = 100 + (((bits & 0xfff) as u32 * 900) >> 12);
            message[at] = b'0' + (number / 100) as u8;
            message[at + 1] = b'0' + (number / 10 % 10) as u8;
            message[at + 2] = b'0' + (number % 10) as u8;
            bits >>= 12;
        }
        for &at in &self.flags {
            message[at] = b'4' + (fields.draw >> 63) as u8;
        }
    }
}

/// Writes `index` as an id; only its last 12 digits are kept.
pub fn write_id(mut index: u64, id: &mut [u8; ID_DIGITS]) {
    for pair in id.rchunks_exact_mut(2) {
        let two = (index % 100) as u8;
        index /= 100;
        pair[0] = b'0' + two / 10;
        pair[1] = b'0' + two % 10;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_patched() {
        let template = Template::parse(
            "@@@@@@@@@@@@ $$$$$$$$$$$$$$$ %%% %%% 0~ yyyy-MM-dd HH:mm:ss @@@@@@@@@@@@",
        );
        let mut id = [0; ID_DIGITS];
        write_id(98_765_432_101, &mut id);
        let mut out = b"before ".to_vec();
        let fields = Fields {
            id: &id,
            imei: b"860000000000013",
            time: b"2026-11-02 08:00:01",
            draw: (1 << 63) | (0xfff << 12),
        };
        template.render(&fields, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "before 098765432101 860000000000013 100 999 05 2026-11-02 08:00:01 098765432101\n"
        );
    }
}
