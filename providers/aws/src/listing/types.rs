//! How objects of types are listed: `lists/*.txt`, a line for each type.
//!
//! A line is the type, what is asked, where the objects are in the answer, and what identifies one; then what is special:
//!
//! ```text
//! aws_vpc DescribeVpcs Vpcs id=VpcId skip IsDefault=true filter Filters
//! aws_iam_role_policy ListRolePolicies PolicyNames role=^name name=. in aws_iam_role RoleName=name
//! aws_s3_bucket_policy each bucket=^bucket in aws_s3_bucket
//! ```
//!
//! | word | meaning |
//! |---|---|
//! | `OPERATION AT` | the lists in the answer that lead to the objects: `A.B`; `A.*`: what a map holds, as `key` and `value`; `.`: the answer itself; `A,B`: both. A text that is JSON is gone into |
//! | `each` | in their place: there may be one within each object of the other type |
//! | `never` | in their place: AWS has no list of them; they are identified all the same |
//! | `attribute=path` | an attribute of the identity, and where it is in what was found; `.`: it is that itself; `^a`: attribute (or path) `a` of what it is within, `^.`: that itself; `../path`: in what holds it in the answer, the nearest that has it; `:text`: this text; `path>M`, `path<M`: what is behind, before the last `M` there; `path#6`: the seventh part of an ARN. `attribute?=path`: not all have it |
//! | `in TYPE MEMBER=a …` | it is within objects of another type; members of the input, and the attributes (or paths) of these that go there |
//! | `then OPERATION AT MEMBER=path …` | this is asked about each that was found, which holds what is told then; several times: one after the other |
//! | `with JSON` | what is asked with; several times: one after the other; `{region}` and `{account}` stand for these |
//! | `skip PATH=TEXT,…`, `only PATH=TEXT,…` | what AWS made by itself, or has deleted, or what is of another type; `TEXT*`: what begins so, `*TEXT*`: what has it in it; nothing: what is not there; `^a`, `../path`: what is there; `{region}`, `{account}` as above; `PATH=TEXT&PATH=TEXT`: both |
//! | `last PATH=NUMBER` | of those with the same text at this path the one whose number is greatest |
//! | `by ATTRIBUTE` | an attribute of the identity that a list may be narrowed by; those of what it is within always do |
//! | `needs ATTRIBUTE` | one that it has to be narrowed by: there are too many of them |
//! | `id PATTERN` | the import id made of the identity, where the table's own pattern does not say it; `{text\|a}`: the text and attribute `a`, or nothing |
//! | `service NAME` | the service, where it is not that of the table |
//! | `filter MEMBER` | the input takes filters there |
//! | `global` | the type is in no region |

use std::collections::BTreeMap;
use std::sync::LazyLock;

const LISTS: &[&str] = &[
    include_str!("lists/compute.txt"),
    include_str!("lists/data.txt"),
    include_str!("lists/networks.txt"),
    include_str!("lists/services.txt"),
];

static LISTERS: LazyLock<BTreeMap<&'static str, Lister>> = LazyLock::new(|| {
    let lines = LISTS.iter().flat_map(|text| text.lines());
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let listers = lines.filter_map(Lister::parse);
    listers.map(|lister| (lister.name, lister)).collect()
});

/// Who is asked for the objects of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// An operation, and the lists in its answer that lead to the objects.
    Call(&'static str, &'static str),
    /// Nobody: there may be one within each of what it is within.
    Each,
    /// Nobody can tell.
    Never,
}

/// What objects are within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Within {
    pub(crate) name: &'static str,
    /// Members of the input, and what goes there.
    pub(crate) sets: Vec<(&'static str, &'static str)>,
}

/// What is asked about what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Then {
    pub(crate) operation: &'static str,
    pub(crate) at: &'static str,
    /// Members of the input, and what goes there.
    pub(crate) sets: Vec<(&'static str, &'static str)>,
}

/// Paths, and texts that may be there: what is at all of them.
pub(crate) type Choice = Vec<(&'static str, Vec<&'static str>)>;

/// How objects of a type are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lister {
    pub(crate) name: &'static str,
    pub(crate) how: How,
    /// Attributes of the identity, and where they come from.
    pub(crate) keys: Vec<(&'static str, &'static str)>,
    /// Of these, the ones that not all objects have.
    pub(crate) optional: Vec<&'static str>,
    pub(crate) within: Option<Within>,
    pub(crate) then: Vec<Then>,
    /// What is asked with, as JSON.
    pub(crate) inputs: Vec<&'static str>,
    pub(crate) skips: Vec<Choice>,
    pub(crate) only: Vec<Choice>,
    /// Where a name is, and a number: only the one with the greatest number counts.
    pub(crate) last: Option<(&'static str, &'static str)>,
    pub(crate) by: Vec<&'static str>,
    pub(crate) needs: Option<&'static str>,
    pub(crate) id: Option<&'static str>,
    pub(crate) service: Option<&'static str>,
    pub(crate) filter: Option<&'static str>,
    pub(crate) is_global: bool,
}

impl Lister {
    /// `None`: the line is not understood; a test says which.
    pub(super) fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let how = match words.next()? {
            "each" => How::Each,
            "never" => How::Never,
            operation => How::Call(operation, words.next()?),
        };
        let mut lister = Self {
            name,
            how,
            keys: Vec::new(),
            optional: Vec::new(),
            within: None,
            then: Vec::new(),
            inputs: Vec::new(),
            skips: Vec::new(),
            only: Vec::new(),
            last: None,
            by: Vec::new(),
            needs: None,
            id: None,
            service: None,
            filter: None,
            is_global: false,
        };
        let choice = |word: &'static str| {
            let parts = word.split('&').map(|part| {
                let (path, texts) = part.split_once('=')?;
                Some((path, texts.split(',').collect()))
            });
            parts.collect::<Option<Choice>>()
        };
        let mut asks = false;
        while let Some(word) = words.next() {
            match (word, word.split_once('=')) {
                ("in", _) => {
                    asks = false;
                    lister.within = Some(Within {
                        name: words.next()?,
                        sets: Vec::new(),
                    });
                }
                ("then", _) => {
                    asks = true;
                    lister.then.push(Then {
                        operation: words.next()?,
                        at: words.next()?,
                        sets: Vec::new(),
                    });
                }
                ("with", _) => lister.inputs.push(words.next()?),
                ("skip", _) => lister.skips.push(choice(words.next()?)?),
                ("only", _) => lister.only.push(choice(words.next()?)?),
                ("last", _) => lister.last = Some(words.next()?.split_once('=')?),
                ("by", _) => lister.by.push(words.next()?),
                ("needs", _) => lister.needs = Some(words.next()?),
                ("id", _) => lister.id = Some(words.next()?),
                ("service", _) => lister.service = Some(words.next()?),
                ("filter", _) => lister.filter = Some(words.next()?),
                ("global", _) => lister.is_global = true,
                (_, Some(pair)) if asks => lister.then.last_mut()?.sets.push(pair),
                (_, Some(pair)) => match &mut lister.within {
                    Some(within) => within.sets.push(pair),
                    None => {
                        let (name, path) = pair;
                        let bare = name.strip_suffix('?').unwrap_or(name);
                        lister.optional.extend((bare != name).then_some(bare));
                        lister.keys.push((bare, path));
                    }
                },
                _ => return None,
            }
        }
        Some(lister)
    }

    /// Whether all objects have an attribute of the identity.
    pub(crate) fn is_needed(&self, name: &str) -> bool {
        let may_lack = |id: &str| id.contains(&format!("|{name}}}"));
        !self.optional.contains(&name) && !self.id.is_some_and(may_lack)
    }

    /// Attributes that a list may be narrowed by.
    pub(crate) fn narrowed_by(&self) -> impl Iterator<Item = &'static str> {
        let of_others = self.keys.iter();
        let of_others =
            of_others.filter(|(_, path)| path.starts_with('^') || path.starts_with("../"));
        of_others
            .map(|(name, _)| *name)
            .chain(self.by.clone())
            .chain(self.needs)
    }
}

/// All, by name.
pub(crate) fn all() -> impl Iterator<Item = &'static Lister> {
    LISTERS.values()
}

pub(crate) fn lister(name: &str) -> Option<&'static Lister> {
    LISTERS.get(name)
}

#[cfg(test)]
mod tests {
    use super::{How, LISTS, Lister, all};

    #[test]
    fn lines_are_understood_and_sorted() {
        let mut count = 0;
        for list in LISTS {
            let lines: Vec<_> = list.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(lines.is_sorted(), "{:?}", lines.first());
            for line in &lines {
                assert!(Lister::parse(line).is_some(), "{line}");
            }
            count += lines.len();
        }
        assert_eq!(all().count(), count, "a type has two lines");
    }

    #[test]
    fn words_of_lines() {
        let lister = Lister::parse(
            "t Op A.B a=^name b=X.Y in p M=name with {\"a\":1} skip S=x,y* only T=z by b id {a}:{b} global",
        );
        let lister = lister.unwrap();
        assert_eq!(lister.how, How::Call("Op", "A.B"));
        assert_eq!(lister.keys, [("a", "^name"), ("b", "X.Y")]);
        assert_eq!(lister.within.as_ref().unwrap().sets, [("M", "name")]);
        assert_eq!(lister.skips, [vec![("S", vec!["x", "y*"])]]);
        assert_eq!(lister.narrowed_by().collect::<Vec<_>>(), ["a", "b"]);
        assert!(lister.is_global && lister.inputs == ["{\"a\":1}"]);
        assert_eq!(Lister::parse("t Op A x"), None);
        let line = "t Op A a=../X b?=Y#7 then Ask B M=. in p N=n needs a";
        let lister = Lister::parse(line).unwrap();
        assert_eq!(lister.keys, [("a", "../X"), ("b", "Y#7")]);
        assert_eq!((lister.optional, lister.needs), (vec!["b"], Some("a")));
        assert_eq!((lister.then[0].operation, lister.then[0].at), ("Ask", "B"));
        assert_eq!(lister.then[0].sets, [("M", ".")]);
        assert_eq!(lister.within.unwrap().sets, [("N", "n")]);
    }
}
