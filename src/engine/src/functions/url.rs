//! Functions of URLs, after `java.net.URL`, `URLEncoder` and `URLDecoder`.

use super::made;
use super::strings::texts;
use crate::eval::context::{Context, Evaluated};
use rookery_model::Value;

/// Protocols that Java knows; a URL of another is none.
const PROTOCOLS: [&str; 7] = ["http", "https", "ftp", "file", "jar", "mailto", "jmod"];

/// A URL's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Url<'a> {
    protocol: &'static str,
    authority: Option<&'a str>,
    user: Option<&'a str>,
    host: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    reference: Option<&'a str>,
    /// Path and query, as they stand.
    file: &'a str,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim_matches(|c| c <= ' ');
        let (protocol, rest) = text.split_once(':')?;
        let protocol = PROTOCOLS
            .iter()
            .find(|known| known.eq_ignore_ascii_case(protocol))?;
        let (rest, reference) = match rest.split_once('#') {
            Some((rest, reference)) => (rest, Some(reference)),
            None => (rest, None),
        };
        let mut url = Self {
            protocol,
            reference,
            ..Self::default()
        };
        url.file = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                url.set_authority(&rest[..end])?;
                &rest[end..]
            }
            None => rest,
        };
        (url.path, url.query) = match url.file.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (url.file, None),
        };
        Some(url)
    }

    fn set_authority(&mut self, authority: &'a str) -> Option<()> {
        self.authority = Some(authority);
        let address = match authority.split_once('@') {
            // A second one leaves no host.
            Some((_, host)) if host.contains('@') => return Some(()),
            Some((user, host)) => {
                self.user = Some(user);
                host
            }
            None => authority,
        };
        let port_from = match address.strip_prefix('[') {
            Some(inner) => inner.find(']')? + 2,
            None => address.find(':').unwrap_or(address.len()),
        };
        let (host, port) = address.split_at_checked(port_from)?;
        self.host = host;
        match port.strip_prefix(':') {
            None | Some("") => port
                .is_empty()
                .then_some(())
                .or(port.strip_prefix(':').map(|_| ())),
            Some(digits) => digits
                .parse::<i32>()
                .ok()
                .filter(|port| *port >= -1)
                .map(|_| ()),
        }
    }
}

/// PARSE_URL(url, part [, key]): NULL of what is no URL, and of parts that it has not.
pub(super) fn parse_url<'a>(_: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (text, part, key) = match *args {
        [Value::String(text), Value::String(part)] => (text, part, None),
        [Value::String(text), Value::String(part), Value::String(key)] => (text, part, Some(key)),
        _ => return Ok(Value::Null),
    };
    let found = Url::parse(text).and_then(|url| match (part, key) {
        ("QUERY", Some(key)) => parameter(url.query?, key),
        (_, Some(_)) => None,
        ("HOST", _) => Some(url.host),
        ("PATH", _) => Some(url.path),
        ("QUERY", _) => url.query,
        ("REF", _) => url.reference,
        ("PROTOCOL", _) => Some(url.protocol),
        ("FILE", _) => Some(url.file),
        ("AUTHORITY", _) => url.authority,
        ("USERINFO", _) => url.user,
        _ => None,
    });
    Ok(found.map_or(Value::Null, Value::String))
}

fn parameter<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

/// URL_ENCODE, for forms: a blank becomes `+`.
pub(super) fn encode<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    texts!(args, text);
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    made::string(cx, "URL_ENCODE", |out| {
        for byte in text.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                    out.push_bytes(&[byte]);
                }
                b' ' => out.push("+"),
                _ => out.push_bytes(&[
                    b'%',
                    DIGITS[usize::from(byte >> 4)],
                    DIGITS[usize::from(byte & 15)],
                ]),
            }
        }
    })
}

/// URL_DECODE(text [, whether until nothing changes]): NULL of a bad escape.
pub(super) fn decode<'a>(cx: &Context<'_, 'a>, args: &[Value<'a>]) -> Evaluated<'a> {
    let (text, recursive) = match *args {
        [Value::String(text)] => (text, false),
        [Value::String(text), Value::Boolean(recursive)] => (text, recursive),
        _ => return Ok(Value::Null),
    };
    let mut text = text;
    loop {
        let Some(decoded) = decode_once(cx, text)? else {
            return Ok(Value::Null);
        };
        // Each round but the last makes it shorter.
        let done = !recursive || decoded.len() >= text.len();
        text = decoded;
        if done {
            return Ok(Value::String(text));
        }
    }
}

fn decode_once<'a>(
    cx: &Context<'_, 'a>,
    text: &'a str,
) -> Result<Option<&'a str>, &'a crate::failure::Failure<'a>> {
    made::take(cx, "URL_DECODE", text.len() * 3)?;
    let mut out = cx.work.scratch.borrow_mut();
    out.clear();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |at: usize| tail.get(at).and_then(|&b| char::from(b).to_digit(16));
                let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                    return Ok(None);
                };
                out.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            other => out.push(*other),
        }
    }
    Ok(Some(match std::str::from_utf8(&out) {
        Ok(text) => cx.work.arena.alloc_str(text),
        Err(_) => cx.work.arena.alloc_str(&String::from_utf8_lossy(&out)),
    }))
}
