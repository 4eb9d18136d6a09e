//! A path into a JSON value, parsed. The grammar lives in `sql`, the walk in `codecs`.

/// How missing steps and wrong kinds are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PathMode {
    /// No mode was written: strict in flink, and what blink always means.
    #[default]
    Unsaid,
    /// `lax`
    Lax,
    /// `strict`
    Strict,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// `.name` or `['name']`
    Key(String),
    /// `[n]`, from 0
    Index(u32),
    /// `[*]`: every element
    AnyElement,
    /// `.*`: every member
    AnyMember,
}

/// `$` and the steps after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct JsonPath {
    /// The mode that was written.
    pub mode: PathMode,
    /// The steps; none is the root itself.
    pub steps: Vec<PathStep>,
}
