//! The target's answer to a request, row by row.

/// What became of the rows of one request. All are accepted unless something else is said.
#[derive(Debug, Default)]
pub struct Verdicts {
    retries: Vec<(u32, u32)>,
    rejections: Vec<Rejection>,
    took_nothing: bool,
}

/// A row that the target will never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Index of the part in the request.
    pub part: u32,
    /// Index of the row in its batch.
    pub row: u32,
    /// Stable code, `E30..`.
    pub code: &'static str,
    /// The target's own words.
    pub reason: String,
}

impl Verdicts {
    /// The row was not taken and may be taken later. It and every later row of its device in this
    /// request is sent again.
    pub fn retry(&mut self, part: usize, row: u32) {
        self.retries.push((index(part), row));
    }

    /// The row will never be taken. It becomes a dead letter; later rows go on.
    pub fn reject(&mut self, part: usize, row: u32, code: &'static str, reason: String) {
        self.rejections.push(Rejection {
            part: index(part),
            row,
            code,
            reason,
        });
    }

    /// Because of the rows that are refused the target took none of the request: without them it is sent
    /// again at once, when they are durable as dead letters.
    pub fn take_nothing(&mut self) {
        self.took_nothing = true;
    }

    /// Whether the target took none of the request's rows.
    #[must_use]
    pub fn took_nothing(&self) -> bool {
        self.took_nothing
    }

    /// The rows to try again, in the order given: (part, row).
    #[must_use]
    pub fn retries(&self) -> &[(u32, u32)] {
        &self.retries
    }

    /// The rows that were refused, in the order given.
    #[must_use]
    pub fn rejections(&self) -> &[Rejection] {
        &self.rejections
    }

    /// Whether every row was accepted.
    #[must_use]
    pub fn all_accepted(&self) -> bool {
        self.retries.is_empty() && self.rejections.is_empty() && !self.took_nothing
    }
}

fn index(part: usize) -> u32 {
    u32::try_from(part).expect("a request has fewer than 2^32 parts")
}
