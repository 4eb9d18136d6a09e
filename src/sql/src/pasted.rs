//! Characters that are no SQL: punctuation as documents and chats set it, and what nobody sees.

use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lexer::{bytes, line_end, token_span};
use crate::plan::Span;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// Replaces pasted punctuation and `==` by what they stand for (and says so), drops unknown
/// characters, splits `>>` (which closes two types at once).
pub(crate) fn mend(
    text: &str,
    tokens: Vec<TokenWithSpan>,
    breaks: &mut Vec<usize>,
    diagnostics: &mut Diagnostics,
) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut skip_to = 0;
    for token in tokens {
        let span = bytes(token.span);
        let (start, end) = (span.start as usize, span.end as usize);
        if start < skip_to {
            continue;
        }
        match token.token {
            Token::Char(character) => {
                let (mended, next) = mend_character(text, character, start);
                skip_to = next;
                diagnostics.push(mended.diagnostic);
                if diagnostics.is_full() {
                    // Whoever pasted so much needs no longer list, and each costs time.
                    breaks.push(start);
                    return out;
                }
                match mended.token {
                    Some(token) => out.push(TokenWithSpan::new(token, token_span(start, next))),
                    None => breaks.push(start),
                }
            }
            Token::DoubleEq => {
                diagnostics.push(
                    Diagnostic::new(
                        Code::UnsupportedSyntax,
                        span,
                        "`==` is not an operator here",
                    )
                    .help("write `=`"),
                );
                out.push(TokenWithSpan::new(Token::Eq, token.span));
            }
            Token::Word(ref word) if let Some(plain) = full_width_word(word) => {
                diagnostics.push(
                    Diagnostic::new(
                        Code::FullWidthPunctuation,
                        span,
                        format!("full-width letters in `{}`", word.value),
                    )
                    .label("pasted from a document?")
                    .help(format!("write `{plain}`")),
                );
                out.push(TokenWithSpan::new(
                    Token::make_word(&plain, None),
                    token.span,
                ));
            }
            Token::ShiftRight => {
                out.push(TokenWithSpan::new(Token::Gt, token_span(start, start + 1)));
                out.push(TokenWithSpan::new(Token::Gt, token_span(start + 1, end)));
            }
            _ => out.push(token),
        }
    }
    out
}

struct Mended {
    token: Option<Token>,
    diagnostic: Diagnostic,
}

/// What a character means that is no SQL, and the byte behind it.
fn mend_character(text: &str, character: char, start: usize) -> (Mended, usize) {
    let end = start + character.len_utf8();
    if is_quote(character) {
        let line = &text[end..line_end(text, end)];
        let closing = line.char_indices().find(|(_, c)| is_quote(*c));
        let (content, next) = match closing {
            Some((at, c)) => (&line[..at], end + at + c.len_utf8()),
            None => ("", end),
        };
        let diagnostic = Diagnostic::new(
            Code::FullWidthPunctuation,
            Span::new(start, next),
            format!("typographic quote `{character}` outside a literal"),
        )
        .label("pasted from a document?")
        .help(format!("write '{content}' with plain quotes"));
        let token = closing.map(|_| Token::SingleQuotedString(content.to_owned()));
        return (Mended { token, diagnostic }, next);
    }
    if let Some(meant) = several(&text[start..]) {
        return meant.at(text, start);
    }
    let span = Span::new(start, end);
    let mended = match half_width(character) {
        Some((plain, token)) => Mended {
            token: Some(token),
            diagnostic: Diagnostic::new(
                Code::FullWidthPunctuation,
                span,
                format!(
                    "{} `{character}` outside a literal",
                    kind(character.encode_utf8(&mut [0; 4]))
                ),
            )
            .label("pasted from a document?")
            .help(format!("write `{plain}`")),
        },
        None => Mended {
            token: None,
            diagnostic: Diagnostic::new(
                Code::UnreadableText,
                span,
                format!("unexpected character {}", describe(character)),
            )
            .help("leave it out, or put it into a literal"),
        },
    };
    (mended, end)
}

/// Quotes as a word processor sets them, and full-width ones.
fn is_quote(character: char) -> bool {
    matches!(
        character,
        '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '\u{ff02}' | '\u{ff07}'
    )
}

/// What characters that belong together stand for.
struct Several {
    /// How many bytes they are.
    length: usize,
    plain: String,
    /// None where the rest of the line is a comment.
    token: Option<Token>,
}

impl Several {
    /// The finding, and the byte where reading goes on.
    fn at(self, text: &str, start: usize) -> (Mended, usize) {
        let end = start + self.length;
        let comment = self.token.is_none();
        let written = &text[start..end];
        let diagnostic = Diagnostic::new(
            Code::FullWidthPunctuation,
            Span::new(start, end),
            format!("{} `{written}` outside a literal", kind(written)),
        )
        .label("pasted from a document?")
        .help(match comment {
            true => format!("write `{}` before a comment", self.plain),
            false => format!("write `{}`", self.plain),
        });
        let next = if comment { line_end(text, end) } else { end };
        let token = self.token;
        (Mended { token, diagnostic }, next)
    }
}

/// Full-width characters that mean something together: a number, an operator, the dashes of a comment.
fn several(text: &str) -> Option<Several> {
    const SIGNS: [(&[&str], &str, Option<Token>); 5] = [
        (&["——", "－－", "––"], "--", None),
        (&["！＝", "！=", "≠"], "<>", Some(Token::Neq)),
        (&["＞＝", "＞=", "≥"], ">=", Some(Token::GtEq)),
        (&["＜＝", "＜=", "≤"], "<=", Some(Token::LtEq)),
        (&["｜｜"], "||", Some(Token::StringConcat)),
    ];
    for (written, plain, token) in SIGNS {
        if let Some(sign) = written.iter().find(|sign| text.starts_with(**sign)) {
            return Some(Several {
                length: sign.len(),
                plain: plain.to_owned(),
                token,
            });
        }
    }
    let digits = text
        .chars()
        .take_while(|c| matches!(c, '\u{ff10}'..='\u{ff19}'));
    let plain: String = digits.filter_map(ascii).collect();
    (!plain.is_empty()).then(|| Several {
        length: plain.len() * '\u{ff10}'.len_utf8(),
        token: Some(Token::Number(plain.clone(), false)),
        plain,
    })
}

/// The plain form of a full-width letter, digit or sign.
fn ascii(character: char) -> Option<char> {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0),
        _ => None,
    }
}

/// A word in full-width letters.
fn full_width_word(word: &Word) -> Option<String> {
    let wide = |c: char| matches!(c, '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}');
    let bare = word.quote_style.is_none() && word.value.contains(wide);
    let plain = |c: char| ascii(c).unwrap_or(c);
    bare.then(|| word.value.chars().map(plain).collect())
}

/// What a sign is called that is no SQL.
fn kind(written: &str) -> &'static str {
    let wide = |c: char| matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}');
    match written.contains(wide) {
        true => "full-width",
        false => "typographic",
    }
}

fn describe(character: char) -> String {
    if character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}' | '\u{feff}')
    {
        format!("U+{:04X}, which is invisible", u32::from(character))
    } else {
        format!("`{character}`")
    }
}

/// The plain form of full-width punctuation, and its token.
fn half_width(character: char) -> Option<(char, Token)> {
    let plain = match character {
        '\u{3002}' => '.',
        '\u{3001}' => ',',
        '\u{3010}' => '[',
        '\u{3011}' => ']',
        '\u{300a}' | '\u{3008}' => '<',
        '\u{300b}' | '\u{3009}' => '>',
        '\u{00d7}' => '*',
        '\u{00f7}' => '/',
        '\u{2013}' | '\u{2014}' | '\u{2212}' => '-',
        other => ascii(other)?,
    };
    let token = match plain {
        ';' => Token::SemiColon,
        ',' => Token::Comma,
        '.' => Token::Period,
        '(' => Token::LParen,
        ')' => Token::RParen,
        '[' => Token::LBracket,
        ']' => Token::RBracket,
        '=' => Token::Eq,
        '<' => Token::Lt,
        '>' => Token::Gt,
        '+' => Token::Plus,
        '-' => Token::Minus,
        '*' => Token::Mul,
        '/' => Token::Div,
        '%' => Token::Mod,
        ':' => Token::Colon,
        _ => return None,
    };
    Some((plain, token))
}
