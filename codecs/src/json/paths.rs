//! Several paths asked of one document in one walk.

use super::document::{Document, Node, NodeRef};
use super::keys::KeySet;
use rookery_model::{JsonPath, PathStep};

mod select;

/// Paths compiled into one tree of steps, so that what they share is walked once.
#[derive(Clone, Debug)]
pub struct PathSet {
    /// The first is the root.
    points: Vec<Point>,
    /// For each path, whether it has a step that finds a list.
    many: Vec<bool>,
}

/// A place in the tree: what some paths have in common.
#[derive(Clone, Debug, Default)]
struct Point {
    /// Paths that end here.
    ends: Vec<u32>,
    /// Paths that have their first `[*]` right here: an array here makes them found, if empty.
    lists: Vec<u32>,
    /// Paths that have their first `.*` right here.
    maps: Vec<u32>,
    keys: KeySet,
    /// For each key, where it leads; at most [`KEYS_MAX`].
    by_key: Vec<usize>,
    /// Where further keys of the same object are looked for.
    more_keys: Option<usize>,
    by_index: Vec<(usize, usize)>,
    any_element: Option<usize>,
    any_member: Option<usize>,
    /// Rarer steps.
    selectors: Vec<Selector>,
    /// Whether nothing leads on from here.
    is_leaf: bool,
}

/// A step that neither names its value nor takes them all.
#[derive(Clone, Debug)]
struct Selector {
    step: PathStep,
    /// Where it leads.
    next: usize,
    /// Paths whose first step that finds a list is this one.
    firsts: Vec<u32>,
}

/// Keys that one pass over an object looks for: those found are bits of a word.
const KEYS_MAX: usize = 64;

/// What one path found.
#[derive(Clone, Debug)]
pub enum Match<'m> {
    /// A step leads nowhere.
    Missing,
    /// The value, of a path whose steps each name one.
    One(NodeRef),
    /// The values in the order of the walk, maybe none, of a path with a `[*]`, `.*` or another step that
    /// finds a list; what comes before the first of them is there and is an array or object.
    Many(MatchedNodes<'m>),
}

/// Values that a path with a wildcard found.
#[derive(Clone, Debug)]
pub struct MatchedNodes<'m> {
    links: &'m [Link],
    next: u32,
}

impl Iterator for MatchedNodes<'_> {
    type Item = NodeRef;

    fn next(&mut self) -> Option<NodeRef> {
        let link = self.links.get(self.next as usize)?;
        self.next = link.next;
        Some(link.node)
    }
}

/// No link.
const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    node: NodeRef,
    next: u32,
}

/// What one path has so far.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// The value, of a path without wildcards.
    one: NodeRef,
    /// Whether an array or object stands where the first wildcard is.
    many: bool,
    first: u32,
    last: u32,
}

impl Found {
    const NOTHING: Self = Self {
        one: NodeRef::MISSING,
        many: false,
        first: NONE,
        last: NONE,
    };
}

/// What the paths of a set found in one document. Reused from document to document.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    found: Vec<Found>,
    links: Vec<Link>,
}

impl Matches {
    /// What path `path` of the set found.
    ///
    /// # Panics
    /// If the set that was last searched for has no such path.
    #[inline]
    #[must_use]
    pub fn get(&self, path: usize) -> Match<'_> {
        let found = &self.found[path];
        if found.many {
            Match::Many(MatchedNodes {
                links: &self.links,
                next: found.first,
            })
        } else if found.one.is_missing() {
            Match::Missing
        } else {
            Match::One(found.one)
        }
    }

    /// The value that a path without wildcards found, or [`NodeRef::MISSING`].
    ///
    /// # Panics
    /// If the set that was last searched for has no such path.
    #[inline]
    #[must_use]
    pub fn one(&self, path: usize) -> NodeRef {
        self.found[path].one
    }

    /// Forgets all, as if `paths` paths had found nothing.
    pub fn clear(&mut self, paths: usize) {
        self.found.clear();
        self.found.resize(paths, Found::NOTHING);
        self.links.clear();
    }

    fn add(&mut self, path: u32, many: bool, node: NodeRef) {
        let found = &mut self.found[path as usize];
        if !many {
            found.one = node;
            return;
        }
        let link = self.links.len() as u32;
        self.links.push(Link { node, next: NONE });
        if found.last == NONE {
            found.first = link;
        } else {
            self.links[found.last as usize].next = link;
        }
        found.last = link;
    }
}

impl PathSet {
    /// Compiles paths; path `i` is the i-th. Their modes make no difference to what is found.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p JsonPath>) -> Self {
        let mut builder = Builder {
            points: vec![(Point::default(), Vec::new())],
        };
        let mut many = Vec::new();
        for path in paths {
            many.push(builder.add(path, many.len() as u32));
        }
        let seal = |(mut point, keys): (Point, Vec<String>)| {
            point.keys = KeySet::new(keys.iter().map(String::as_str));
            let steps = point.by_key.len() + point.by_index.len() + point.selectors.len();
            point.is_leaf = steps == 0 && point.any_element.is_none() && point.any_member.is_none();
            point
        };
        Self {
            points: builder.points.into_iter().map(seal).collect(),
            many,
        }
    }

    /// How many paths there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.many.len()
    }

    /// Whether there is no path.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.many.is_empty()
    }

    /// Walks the document once from `root` and notes what each path finds.
    pub fn find(&self, document: &Document<'_>, root: NodeRef, matches: &mut Matches) {
        matches.clear(self.len());
        self.visit(&self.points[0], document, root, matches);
    }

    /// Goes no deeper than the document, whose depth is limited.
    fn visit(&self, point: &Point, document: &Document<'_>, at: NodeRef, matches: &mut Matches) {
        for &path in &point.ends {
            matches.add(path, self.many[path as usize], at);
        }
        if point.is_leaf {
            return;
        }
        if !point.by_key.is_empty() || point.any_member.is_some() {
            self.visit_members(point, document, at, matches);
        }
        if !point.by_index.is_empty() || point.any_element.is_some() {
            self.visit_elements(point, document, at, matches);
        }
        for selector in &point.selectors {
            self.select(selector, document, at, matches);
        }
    }

    fn visit_members(
        &self,
        point: &Point,
        document: &Document<'_>,
        at: NodeRef,
        matches: &mut Matches,
    ) {
        if point.any_member.is_some() && matches!(document.node(at), Node::Object(_)) {
            for &path in &point.maps {
                matches.found[path as usize].many = true;
            }
        }
        let mut seen = 0_u64;
        let mut left = point.by_key.len();
        for (key, value) in document.members(at) {
            if let Some(edge) = point.keys.find(key)
                && seen & 1 << edge == 0
            {
                seen |= 1 << edge;
                left -= 1;
                self.visit(&self.points[point.by_key[edge]], document, value, matches);
            }
            match point.any_member {
                Some(next) => self.visit(&self.points[next], document, value, matches),
                None if left == 0 => break,
                None => {}
            }
        }
        if let Some(more) = point.more_keys {
            self.visit_members(&self.points[more], document, at, matches);
        }
    }

    fn visit_elements(
        &self,
        point: &Point,
        document: &Document<'_>,
        at: NodeRef,
        matches: &mut Matches,
    ) {
        if point.any_element.is_some() && matches!(document.node(at), Node::Array(_)) {
            for &path in &point.lists {
                matches.found[path as usize].many = true;
            }
        }
        // Indexes are sorted: the walk takes each as it comes by and ends behind the last.
        let mut wanted = point.by_index.iter().peekable();
        for (index, element) in document.elements(at).enumerate() {
            if let Some((_, next)) = wanted.next_if(|(want, _)| *want == index) {
                self.visit(&self.points[*next], document, element, matches);
            }
            match point.any_element {
                Some(next) => self.visit(&self.points[next], document, element, matches),
                None if wanted.peek().is_none() => break,
                None => {}
            }
        }
    }
}

/// Points with their keys, which become sets when all are known.
struct Builder {
    points: Vec<(Point, Vec<String>)>,
}

impl Builder {
    /// Adds a path; whether it has a wildcard.
    fn add(&mut self, path: &JsonPath, number: u32) -> bool {
        let mut at = 0;
        let mut many = false;
        for step in &path.steps {
            let point = &mut self.points[at].0;
            match step {
                PathStep::AnyElement if !many => point.lists.push(number),
                PathStep::AnyMember if !many => point.maps.push(number),
                _ => {}
            }
            let first = !many && step.is_indefinite();
            many |= first;
            let from = at;
            at = self.step(from, step);
            let mut selectors = self.points[from].0.selectors.iter_mut();
            if first && let Some(selector) = selectors.find(|selector| selector.next == at) {
                selector.firsts.push(number);
            }
        }
        self.points[at].0.ends.push(number);
        many
    }

    /// The point behind a step, made if it is new.
    fn step(&mut self, at: usize, step: &PathStep) -> usize {
        let new = self.points.len();
        let (point, keys) = &mut self.points[at];
        let next = match step {
            PathStep::Key(key) => match keys.iter().position(|known| known == key) {
                Some(edge) => point.by_key[edge],
                None if keys.len() == KEYS_MAX => {
                    let more = *point.more_keys.get_or_insert(new);
                    self.make(more);
                    return self.step(more, step);
                }
                None => {
                    keys.push(key.clone());
                    point.by_key.push(new);
                    new
                }
            },
            PathStep::Index(index) => {
                let index = *index as usize;
                match point.by_index.binary_search_by_key(&index, |edge| edge.0) {
                    Ok(edge) => point.by_index[edge].1,
                    Err(place) => {
                        point.by_index.insert(place, (index, new));
                        new
                    }
                }
            }
            PathStep::AnyElement => *point.any_element.get_or_insert(new),
            PathStep::AnyMember => *point.any_member.get_or_insert(new),
            rare => match point.selectors.iter().find(|known| known.step == *rare) {
                Some(known) => known.next,
                None => {
                    point.selectors.push(Selector {
                        step: rare.clone(),
                        next: new,
                        firsts: Vec::new(),
                    });
                    new
                }
            },
        };
        self.make(next);
        next
    }

    /// Makes a point if it is the next one to be.
    fn make(&mut self, at: usize) {
        if at == self.points.len() {
            self.points.push((Point::default(), Vec::new()));
        }
    }
}

#[cfg(test)]
mod tests;
