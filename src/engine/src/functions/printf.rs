//! PRINTF, after `java.util.Formatter`: `%[place$][flags][width][.precision]conversion`.

use super::Operator;
use super::made;
use crate::eval::context::{Context, Evaluated, Parsed};
use crate::eval::node::Node;
use crate::eval::{TextStyle, decimal, to_text, write_double};
use rookery_model::{DataType, Value};
use std::io::Write;

/// Widest field and longest fraction: beyond it a format is a mistake.
const WIDTH_MAX: usize = 4096;

/// A format, read.
#[derive(Debug)]
pub(crate) struct PrintfFormat {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Field(Field),
}

#[derive(Clone, Copy, Debug, Default)]
struct Field {
    /// From 0.
    argument: usize,
    left: bool,
    plus: bool,
    blank: bool,
    zero: bool,
    group: bool,
    brackets: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    conversion: char,
    upper: bool,
}

impl PrintfFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// What Java would not take.
    pub fn new(format: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut next = 0;
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('%') {
            text.push_str(before);
            let (field, place, tail) = Field::read(after)
                .ok_or_else(|| format!("the format {format:?} has a malformed `%`"))?;
            rest = tail;
            match field.conversion {
                '%' => {
                    let padding = " ".repeat(field.width.saturating_sub(1));
                    let (before, behind) = if field.left {
                        ("%", &*padding)
                    } else {
                        (&*padding, "%")
                    };
                    text.push_str(before);
                    text.push_str(behind);
                }
                'n' => text.push('\n'),
                _ => {
                    if !text.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut text)));
                    }
                    let argument = match place {
                        Some(place) => place,
                        None => {
                            next += 1;
                            next - 1
                        }
                    };
                    parts.push(Part::Field(Field { argument, ..field }));
                }
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { parts })
    }
}

impl Field {
    /// What stands behind a `%`; its place if it names one, and the rest.
    fn read(text: &str) -> Option<(Self, Option<usize>, &str)> {
        let mut field = Self::default();
        let mut place = None;
        let mut rest = text;
        let digits = |text: &str| {
            text.bytes()
                .position(|b| !b.is_ascii_digit())
                .unwrap_or(text.len())
        };
        let count = digits(rest);
        if count > 0 && !rest.starts_with('0') && rest[count..].starts_with('$') {
            place = Some(rest[..count].parse::<usize>().ok()? - 1);
            rest = &rest[count + 1..];
        }
        loop {
            let c = rest.chars().next()?;
            match c {
                '-' => field.left = true,
                '+' => field.plus = true,
                ' ' => field.blank = true,
                '0' => field.zero = true,
                ',' => field.group = true,
                '(' => field.brackets = true,
                '#' => field.alternate = true,
                _ => break,
            }
            rest = &rest[1..];
        }
        let count = digits(rest);
        if count > 0 {
            field.width = rest[..count].parse().ok().filter(|w| *w <= WIDTH_MAX)?;
            rest = &rest[count..];
        }
        if let Some(after) = rest.strip_prefix('.') {
            let count = digits(after);
            field.precision = Some(after[..count].parse().ok().filter(|p| *p <= WIDTH_MAX)?);
            rest = &after[count..];
        }
        let conversion = rest.chars().next()?;
        if !conversion.is_ascii_alphabetic() && conversion != '%' {
            return None;
        }
        field.upper = conversion.is_ascii_uppercase();
        field.conversion = conversion.to_ascii_lowercase();
        let known = "bscdoxefgn%".contains(field.conversion);
        let no_upper = field.upper && "dofn".contains(field.conversion);
        let no_width = (field.left || field.zero) && field.width == 0;
        if !known || no_upper || no_width || (field.left && field.zero) {
            return None;
        }
        Some((field, place, &rest[conversion.len_utf8()..]))
    }
}

/// A call of PRINTF.
#[derive(Debug)]
pub(crate) struct Printf {
    pub format: Node,
    pub args: Box<[(Node, DataType)]>,
    pub site: usize,
}

impl Operator for Printf {
    fn value<'a>(&'a self, cx: &Context<'_, 'a>) -> Evaluated<'a> {
        let Value::String(format) = self.format.value(cx)? else {
            return Ok(Value::Null);
        };
        let values = made::values(cx, "PRINTF", self.args.len())?;
        let texts = made::values(cx, "PRINTF", self.args.len())?;
        for ((value, text), (node, data_type)) in values.iter_mut().zip(&mut *texts).zip(&self.args)
        {
            *value = node.value(cx)?;
            *text = shown(*value, data_type, cx);
        }
        let parse = |format: &str| Parsed::Printf(PrintfFormat::new(format));
        cx.at_site(self.site, format, parse, |parsed| {
            let Parsed::Printf(Ok(format)) = parsed else {
                return Ok(Value::Null);
            };
            let mut fits = true;
            let text = made::string(cx, "PRINTF", |out| {
                for part in &format.parts {
                    match part {
                        Part::Text(text) => out.push(text),
                        Part::Field(field) => {
                            let at = field.argument;
                            let (Some(value), Some(text), Some((_, data_type))) =
                                (values.get(at), texts.get(at), self.args.get(at))
                            else {
                                fits = false;
                                return;
                            };
                            out.append(|out| {
                                fits &= field.write(*value, text, data_type, out).is_some();
                            });
                        }
                    }
                    if out.is_over() {
                        break;
                    }
                }
            })?;
            Ok(if fits { text } else { Value::Null })
        })
    }

    fn children(&self) -> Vec<&Node> {
        let args = self.args.iter().map(|(node, _)| node);
        std::iter::once(&self.format).chain(args).collect()
    }

    fn fallible(&self) -> bool {
        true
    }
}

/// What `%s` makes of a value.
fn shown<'a>(value: Value<'a>, data_type: &DataType, cx: &Context<'_, 'a>) -> Value<'a> {
    let style = TextStyle::of(data_type, false);
    match value {
        Value::Boolean(truth) => Value::String(if truth { "true" } else { "false" }),
        Value::Null => Value::String("null"),
        other => {
            to_text(other, style, &cx.work, cx.zone.get()).map_or(Value::String(""), Value::String)
        }
    }
}

impl Field {
    /// Appends a value; none if the conversion does not take it.
    fn write(
        self,
        value: Value<'_>,
        text: &Value<'_>,
        data_type: &DataType,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let start = out.len();
        let mut sign = 0;
        let mut zero = self.zero;
        match (self.conversion, value) {
            ('b', Value::Boolean(truth)) => self.cut(if truth { "true" } else { "false" }, out),
            ('b', value) => self.cut(if value.is_null() { "false" } else { "true" }, out),
            (_, Value::Null) => {
                zero = false;
                self.cut("null", out);
            }
            ('s', _) => {
                let Value::String(text) = text else {
                    return None;
                };
                self.cut(text, out);
            }
            ('c', Value::Int(code)) => {
                let c = u32::try_from(code).ok().and_then(char::from_u32)?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            ('d', Value::Int(int)) => {
                sign = self.sign(int < 0, out);
                write!(out, "{}", int.unsigned_abs()).ok()?;
                self.group(start + sign, out);
            }
            ('x' | 'o', Value::Int(int)) => {
                let bits = match data_type {
                    DataType::TinyInt => int as u64 & 0xff,
                    DataType::SmallInt => int as u64 & 0xffff,
                    DataType::Int => int as u64 & 0xffff_ffff,
                    _ => int as u64,
                };
                match (self.conversion, self.alternate) {
                    ('x', true) => write!(out, "{bits:#x}").ok()?,
                    ('x', false) => write!(out, "{bits:x}").ok()?,
                    (_, true) => write!(out, "0{bits:o}").ok()?,
                    (_, false) => write!(out, "{bits:o}").ok()?,
                }
            }
            ('e' | 'f' | 'g', Value::Double(double)) => {
                sign = self.float(double, out)?;
                zero &= double.is_finite();
            }
            ('e' | 'f' | 'g', Value::Float(float)) => {
                sign = self.float(f64::from(float), out)?;
                zero &= float.is_finite();
            }
            _ => return None,
        }
        if self.upper {
            let upper = String::from_utf8_lossy(&out[start..]).to_uppercase();
            out.truncate(start);
            out.extend_from_slice(upper.as_bytes());
        }
        self.pad(start, if zero { sign } else { 0 }, zero, out);
        Some(())
    }

    /// Text, of at most as many characters as the precision says.
    fn cut(self, text: &str, out: &mut Vec<u8>) {
        let end = self
            .precision
            .and_then(|most| text.char_indices().nth(most))
            .map_or(text.len(), |(at, _)| at);
        out.extend_from_slice(&text.as_bytes()[..end]);
    }

    /// Appends a sign; how many bytes it takes.
    fn sign(self, negative: bool, out: &mut Vec<u8>) -> usize {
        let sign = match (negative, self.plus, self.blank) {
            (true, ..) => b'-',
            (false, true, _) => b'+',
            (false, false, true) => b' ',
            (false, false, false) => return 0,
        };
        out.push(sign);
        1
    }

    /// Puts commas between the thousands of the digits from `start` on.
    fn group(self, start: usize, out: &mut Vec<u8>) {
        if !self.group {
            return;
        }
        let whole = out[start..]
            .iter()
            .position(|b| !b.is_ascii_digit())
            .unwrap_or(out.len() - start);
        let mut at = start + whole;
        while at > start + 3 {
            at -= 3;
            out.insert(at, b',');
        }
    }

    fn float(self, value: f64, out: &mut Vec<u8>) -> Option<usize> {
        let sign = self.sign(value.is_sign_negative() && !value.is_nan(), out);
        let value = value.abs();
        if !value.is_finite() {
            out.extend_from_slice(if value.is_nan() { b"NaN" } else { b"Infinity" });
            return Some(sign);
        }
        let precision = self.precision.unwrap_or(6);
        let start = out.len();
        match self.conversion {
            'e' => exponential(value, precision, out)?,
            'g' => {
                let precision = precision.max(1);
                let limit = 10_f64.powi(i32::try_from(precision).ok()?);
                if value != 0.0 && !(1e-4..limit).contains(&value) {
                    exponential(value, precision - 1, out)?;
                } else {
                    let whole = if value < 1.0 && value != 0.0 {
                        value.log10().floor() as i32 + 1
                    } else {
                        value.max(1.0).log10().floor() as i32 + 1
                    };
                    let fraction = i32::try_from(precision).ok()? - whole;
                    fixed(value, usize::try_from(fraction).unwrap_or(0), out)?;
                }
            }
            _ => fixed(value, precision, out)?,
        }
        self.group(start, out);
        Some(sign)
    }

    /// Fills up to the width, zeros behind a sign.
    fn pad(self, start: usize, sign: usize, zero: bool, out: &mut Vec<u8>) {
        let characters = String::from_utf8_lossy(&out[start..]).chars().count();
        let missing = self.width.saturating_sub(characters);
        let end = out.len();
        if missing == 0 {
            return;
        }
        out.resize(end + missing, b' ');
        if !self.left {
            let at = start + sign;
            out.copy_within(at..end, at + missing);
            out[at..at + missing].fill(if zero { b'0' } else { b' ' });
        }
    }
}

/// Rounds half up, as Java does, what its shortest text shows.
fn fixed(value: f64, precision: usize, out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    write_double(value, out);
    let scale = u8::try_from(precision).ok().filter(|scale| *scale <= 20);
    let rounded = scale.and_then(|scale| {
        let text = std::str::from_utf8(&out[start..]).ok()?;
        let of = decimal::DecimalType {
            precision: 38,
            scale,
        };
        decimal::parse(text, of)
    });
    out.truncate(start);
    match rounded {
        Some(rounded) => {
            let digits = rounded.unscaled.unsigned_abs();
            let unit = 10_u128.pow(u32::from(rounded.scale));
            write!(out, "{}", digits / unit).ok()?;
            if rounded.scale > 0 {
                let width = usize::from(rounded.scale);
                write!(out, ".{:0width$}", digits % unit).ok()?;
            }
        }
        None => write!(out, "{value:.precision$}").ok()?,
    }
    Some(())
}

/// `d.ddde+nn`
fn exponential(value: f64, precision: usize, out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    write!(out, "{value:.precision$e}").ok()?;
    let e = out[start..].iter().position(|b| *b == b'e')? + start;
    let exponent: i32 = std::str::from_utf8(&out[e + 1..]).ok()?.parse().ok()?;
    out.truncate(e + 1);
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(out, "{sign}{:02}", exponent.unsigned_abs()).ok()
}
