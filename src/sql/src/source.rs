//! A rule file's text, and places in it as people count them.

use crate::plan::Span;

/// What editors put at a file's start and do not show.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

/// A rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// As the user named it; its stem names the program.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A place in a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    /// The line.
    pub line: usize,
    /// The column, in characters (not bytes, not cells of a terminal); a byte order mark is none.
    pub column: usize,
}

impl SourceFile {
    /// The file's name without directories and without its last extension.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.rsplit(['/', '\\']).next().unwrap_or(&self.path);
        match name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => name,
        }
    }

    /// The line and column of a byte offset; one beyond the end counts as the end.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let mut end = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before[line_start..].trim_start_matches(BYTE_ORDER_MARK);
        LineColumn {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }

    /// The text under a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }
}

impl Span {
    /// Makes a span of byte offsets.
    #[must_use]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            start: clamp(start),
            end: clamp(end),
        }
    }

    /// The smallest span that holds both.
    #[must_use]
    pub(crate) fn to(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn the_stem_is_the_name_without_its_last_extension() {
        assert_eq!(file("/etc/rules/water.sql", "").stem(), "water");
        assert_eq!(file("water.v2.sql", "").stem(), "water.v2");
        assert_eq!(file(".sql", "").stem(), ".sql");
        assert_eq!(file("水单", "").stem(), "水单");
    }

    #[test]
    fn columns_count_characters() {
        let file = file("a.sql", "选择 a\n从 表");
        assert_eq!(file.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(7), LineColumn { line: 1, column: 4 });
        assert_eq!(file.line_column(13), LineColumn { line: 2, column: 3 });
        assert_eq!(file.line_column(900), LineColumn { line: 2, column: 4 });
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        let file = file("a.sql", "\u{feff}选择 a");
        assert_eq!(file.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(3), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(10), LineColumn { line: 1, column: 4 });
    }
}
