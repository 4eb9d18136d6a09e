//! Functions between characters and bytes: codes, base64, character sets, digests.

use super::made;
use super::strings::texts;
use crate::eval::context::{Context, Evaluated};
use crate::failure::Failure;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rookery_model::Value;
use sha2::Digest;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// ASCII: the code of the first byte.
pub(super) fn ascii<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    // Flink's bytes are signed.
    let first = text.bytes().next().map_or(0, |byte| i64::from(byte as i8));
    Ok(Value::Int(first))
}

/// CHR: the character of the code's lowest byte.
pub(super) fn chr<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Int(code)] = *args else {
        return Ok(Value::Null);
    };
    if code < 0 {
        return Ok(Value::String(""));
    }
    let character = char::from((code & 0xff) as u8);
    made::string(cx, "CHR", |out| out.push_char(character))
}

/// As Java's basic decoder: padding may be left out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn bytes_of<'a>(value: Value<'a>) -> Option<&'a [u8]> {
    match value {
        Value::String(text) => Some(text.as_bytes()),
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// TO_BASE64
pub(super) fn to_base64<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let Some(bytes) = bytes_of(args[0]) else {
        return Ok(Value::Null);
    };
    let length = bytes.len().div_ceil(3) * 4;
    made::string(cx, "TO_BASE64", |out| {
        out.append(|out| {
            let start = out.len();
            out.resize(start + length, 0);
            let written = LENIENT.encode_slice(bytes, &mut out[start..]);
            assert_eq!(written, Ok(length), "base64 takes four bytes for three");
        });
    })
}

/// FROM_BASE64
pub(super) fn from_base64<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    made::take(cx, "FROM_BASE64", text.len())?;
    let mut scratch = cx.work.scratch.borrow_mut();
    scratch.clear();
    scratch.resize(text.len().div_ceil(4) * 3, 0);
    let Ok(length) = LENIENT.decode_slice(text, &mut scratch) else {
        return cx.fail(Failure::Argument {
            function: "FROM_BASE64",
            problem: "the text is no base64",
        });
    };
    Ok(Value::String(lossy(cx, &scratch[..length])))
}

/// Text of bytes; what is not UTF-8 becomes U+FFFD.
fn lossy<'a>(cx: &Context<'_, 'a>, bytes: &[u8]) -> &'a str {
    match std::str::from_utf8(bytes) {
        Ok(text) => cx.work.arena.alloc_str(text),
        Err(_) => cx.work.arena.alloc_str(&String::from_utf8_lossy(bytes)),
    }
}

/// The character sets that ENCODE and DECODE know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    /// With a byte order mark: big end first unless it says otherwise.
    Utf16,
    Utf16Be,
    Utf16Le,
}

impl Charset {
    const ALL: [(&'static str, Self); 12] = [
        ("UTF-8", Self::Utf8),
        ("UTF8", Self::Utf8),
        ("US-ASCII", Self::Ascii),
        ("ASCII", Self::Ascii),
        ("ISO-8859-1", Self::Latin1),
        ("ISO8859-1", Self::Latin1),
        ("LATIN1", Self::Latin1),
        ("UTF-16", Self::Utf16),
        ("UTF-16BE", Self::Utf16Be),
        ("UTF-16LE", Self::Utf16Le),
        ("UTF_16", Self::Utf16),
        ("UTF16", Self::Utf16),
    ];

    fn of<'a>(
        cx: &Context<'_, 'a>,
        function: &'static str,
        name: &'a str,
    ) -> Result<Self, &'a Failure<'a>> {
        let known = Self::ALL.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        match known {
            Some((_, charset)) => Ok(*charset),
            None => cx.fail(Failure::Argument {
                function,
                problem: cx.work.arena.alloc_str(&format!(
                    "the character set {name:?} is not supported; there are UTF-8, UTF-16, UTF-16BE, UTF-16LE, ISO-8859-1 and US-ASCII"
                )),
            }),
        }
    }
}

/// ENCODE: what the set lacks becomes `?`.
pub(super) fn encode<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text, name);
    let charset = Charset::of(cx, "ENCODE", name)?;
    if charset == Charset::Utf8 {
        return Ok(Value::Bytes(text.as_bytes()));
    }
    made::take(cx, "ENCODE", text.len() * 2 + 2)?;
    let mut out = cx.work.scratch.borrow_mut();
    out.clear();
    let narrow = |c: char, limit: u32| {
        let code = u32::from(c);
        if code < limit { code as u8 } else { b'?' }
    };
    match charset {
        Charset::Utf8 => {}
        Charset::Ascii => out.extend(text.chars().map(|c| narrow(c, 0x80))),
        Charset::Latin1 => out.extend(text.chars().map(|c| narrow(c, 0x100))),
        Charset::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
        Charset::Utf16 | Charset::Utf16Be => {
            if charset == Charset::Utf16 && !text.is_empty() {
                out.extend([0xfe, 0xff]);
            }
            out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        }
    }
    Ok(Value::Bytes(cx.work.arena.alloc_slice_copy(&out)))
}

/// DECODE: what the set does not know becomes U+FFFD.
pub(super) fn decode<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [Value::Bytes(bytes), Value::String(name)] = *args else {
        return Ok(Value::Null);
    };
    let charset = Charset::of(cx, "DECODE", name)?;
    let (charset, bytes) = match (charset, bytes) {
        (Charset::Utf16, [0xff, 0xfe, rest @ ..]) => (Charset::Utf16Le, rest),
        (Charset::Utf16, [0xfe, 0xff, rest @ ..]) => (Charset::Utf16Be, rest),
        (Charset::Utf16, all) => (Charset::Utf16Be, all),
        other => other,
    };
    match charset {
        Charset::Utf8 => {
            made::take(cx, "DECODE", bytes.len() * 3)?;
            Ok(Value::String(lossy(cx, bytes)))
        }
        Charset::Ascii | Charset::Latin1 => made::string(cx, "DECODE", |out| {
            for &byte in bytes {
                let known = charset == Charset::Latin1 || byte.is_ascii();
                out.push_char(if known { char::from(byte) } else { '\u{FFFD}' });
            }
        }),
        Charset::Utf16 | Charset::Utf16Be | Charset::Utf16Le => made::string(cx, "DECODE", |out| {
            let (pairs, odd) = bytes.as_chunks::<2>();
            let units = pairs.iter().map(|pair| match charset {
                Charset::Utf16Le => u16::from_le_bytes(*pair),
                _ => u16::from_be_bytes(*pair),
            });
            for c in char::decode_utf16(units) {
                out.push_char(c.unwrap_or('\u{FFFD}'));
            }
            if !odd.is_empty() {
                out.push_char('\u{FFFD}');
            }
        }),
    }
}

/// A digest's hexadecimal digits.
fn digest<'a, D: Digest>(
    cx: &Context<'_, 'a>,
    function: &'static str,
    value: Value<'a>,
) -> Evaluated<'a> {
    let Some(bytes) = bytes_of(value) else {
        return Ok(Value::Null);
    };
    let digest = D::digest(bytes);
    made::string(cx, function, |out| {
        for byte in digest.iter() {
            let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
            out.push_char(digit(byte >> 4));
            out.push_char(digit(byte & 15));
        }
    })
}

/// MD5
pub(super) fn md5<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    digest::<md5::Md5>(cx, "MD5", args[0])
}

/// SHA1
pub(super) fn sha1<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    digest::<sha1::Sha1>(cx, "SHA1", args[0])
}

/// SHA224
pub(super) fn sha224<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    digest::<sha2::Sha224>(cx, "SHA224", args[0])
}

/// SHA256
pub(super) fn sha256<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    digest::<sha2::Sha256>(cx, "SHA256", args[0])
}

/// SHA384
pub(super) fn sha384<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    digest::<sha2::Sha384>(cx, "SHA384", args[0])
}

/// SHA512
pub(super) fn sha512<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    digest::<sha2::Sha512>(cx, "SHA512", args[0])
}

/// SHA2(text, bits)
pub(super) fn sha2<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let [value, Value::Int(bits)] = *args else {
        return Ok(Value::Null);
    };
    match bits {
        224 => digest::<sha2::Sha224>(cx, "SHA2", value),
        256 => digest::<sha2::Sha256>(cx, "SHA2", value),
        384 => digest::<sha2::Sha384>(cx, "SHA2", value),
        512 => digest::<sha2::Sha512>(cx, "SHA2", value),
        _ => cx.fail(Failure::Argument {
            function: "SHA2",
            problem: cx.work.arena.alloc_str(&format!(
                "there is no digest of {bits} bits; there are 224, 256, 384 and 512"
            )),
        }),
    }
}

/// HASH_CODE: NULL of NULL.
pub(super) fn hash_code<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    let hash = text.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    Ok(Value::Int(i64::from(hash.wrapping_abs())))
}

/// UUID(): of version 8, made of the row's identity, so that a replay makes it again.
pub(super) fn uuid<'a>(cx: &Context<'_, 'a>, _: &[Value<'a>]) -> Evaluated<'a> {
    let call = cx.uuids.get();
    cx.uuids.set(call + 1);
    let record = cx.record;
    let mut seed = [0; 24];
    seed[..8].copy_from_slice(&record.position.term.0.to_le_bytes());
    seed[8..16].copy_from_slice(&record.position.lsn.0.to_le_bytes());
    seed[16..20].copy_from_slice(&u32::from(record.shard.0).to_le_bytes());
    seed[20..].copy_from_slice(&call.to_le_bytes());
    let mut bits = xxh3_128_with_seed(&seed, u64::from(cx.rule.get()));
    bits = bits & !(0xf << 76) | 0x8 << 76;
    bits = bits & !(0x3 << 62) | 0x2 << 62;
    made::string(cx, "UUID", |out| {
        for place in (0..32).rev() {
            let digit = (bits >> (place * 4) & 15) as u32;
            out.push_char(char::from_digit(digit, 16).unwrap_or('0'));
            if [24, 20, 16, 12].contains(&place) {
                out.push("-");
            }
        }
    })
}
