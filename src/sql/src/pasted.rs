//! Characters that are no SQL: punctuation as documents and chats set it, and what nobody sees.

use crate::code::Code;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::lexer::{bytes, line_end, token_span};
use crate::plan::Span;
use sqlparser::tokenizer::{Token, TokenWithSpan};

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
    if let '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' = character {
        let line = &text[end..line_end(text, end)];
        let closing = line
            .char_indices()
            .find(|(_, c)| matches!(c, '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}'));
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
    let span = Span::new(start, end);
    let mended = match half_width(character) {
        Some((plain, token)) => Mended {
            token: Some(token),
            diagnostic: Diagnostic::new(
                Code::FullWidthPunctuation,
                span,
                format!("full-width `{character}` outside a literal"),
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
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0)?,
        _ => return None,
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
        '0'..='9' => Token::Number(plain.to_string(), false),
        _ => return None,
    };
    Some((plain, token))
}
