//! Values that every format writes alike.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rookery_model::Decimal;

/// Appends an integer.
#[inline]
pub(super) fn write_int(value: i64, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    out.extend_from_slice(buffer.format(value).as_bytes());
}

/// Appends the shortest text that reads back as the same number, with a point or an exponent (`1.0`,
/// `1e300`); `NaN`, `Infinity` or `-Infinity`.
#[inline]
pub(super) fn write_double(value: f64, out: &mut Vec<u8>) {
    let mut buffer = ryu::Buffer::new();
    out.extend_from_slice(match special(value) {
        Some(text) => text,
        None => buffer.format_finite(value).as_bytes(),
    });
}

/// The same of a FLOAT.
#[inline]
pub(super) fn write_float(value: f32, out: &mut Vec<u8>) {
    let mut buffer = ryu::Buffer::new();
    out.extend_from_slice(match special(f64::from(value)) {
        Some(text) => text,
        None => buffer.format_finite(value).as_bytes(),
    });
}

#[inline]
fn special(value: f64) -> Option<&'static [u8]> {
    if value.is_finite() {
        None
    } else if value.is_nan() {
        Some(b"NaN")
    } else if value > 0.0 {
        Some(b"Infinity")
    } else {
        Some(b"-Infinity")
    }
}

/// Appends a decimal with all digits of its scale.
pub(super) fn write_decimal(value: Decimal, out: &mut Vec<u8>) {
    if value.unscaled < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value.unscaled.unsigned_abs()).as_bytes();
    let scale = usize::from(value.scale);
    if scale == 0 {
        out.extend_from_slice(digits);
        return;
    }
    match digits.len().checked_sub(scale) {
        None | Some(0) => {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + scale - digits.len(), b'0');
            out.extend_from_slice(digits);
        }
        Some(whole) => {
            out.extend_from_slice(&digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
    }
}

/// Appends base64 of the standard alphabet, padded.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let length = bytes.len().div_ceil(3) * 4;
    out.resize(start + length, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]);
    assert_eq!(written, Ok(length), "base64 takes four bytes for three");
}
