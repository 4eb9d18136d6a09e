//! Letters as lines for a person: columns, and nothing that would move the terminal's cursor.

/// A text without control characters.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Rows under a heading, each column as wide as its widest cell, two blanks between them; the last
/// column is not filled up.
pub fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    let heading = heading.iter().map(|cell| (*cell).to_owned()).collect();
    for row in std::iter::once(&heading).chain(rows) {
        let last = row.len() - 1;
        for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
            out.push_str(cell);
            if index < last {
                let fill = width - cell.chars().count() + 2;
                out.extend(std::iter::repeat_n(' ', fill));
            }
        }
        out.push('\n');
    }
    out
}

/// `1 letter`, `2 letters`.
pub fn letters(count: usize) -> String {
    match count {
        1 => "1 letter".to_owned(),
        _ => format!("{} letters", crate::config::grouped(count as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_control_characters_shown() {
        let rows = [
            vec!["1".to_owned(), "水".to_owned(), "x".to_owned()],
            vec!["22".to_owned(), "b".to_owned(), "longer".to_owned()],
        ];
        assert_eq!(
            table(&["ID", "A", "REASON"], &rows),
            "ID  A  REASON\n1   水  x\n22  b  longer\n"
        );
        assert_eq!(plain("a\u{1b}[2J\nb"), "a\u{fffd}[2J\u{fffd}b");
        assert_eq!(
            (letters(1), letters(2000)),
            ("1 letter".into(), "2,000 letters".into())
        );
    }
}
