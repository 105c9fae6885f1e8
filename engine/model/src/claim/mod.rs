//! What a run reads and writes of a state: the part of it that it must have for itself, or may share.
//!
//! Two runs may go on at the same time where neither writes what the other reads or writes. A part is named by address: a whole resource as it is
//! configured (all its instances, also those that are not there yet), one instance, or a root output.

use crate::addr::{ConfigResource, InstanceAddr, Mode};
use crate::event::EventKind;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::fmt;

/// How a part is used. Order: what is stronger is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// It must stay as it is. Shared with others who read it.
    Read,
    /// It is changed. Shared with nobody.
    Write,
}

impl Access {
    /// Whether two runs may use the same part so at the same time.
    #[must_use]
    pub fn is_compatible(self, other: Self) -> bool {
        self == Self::Read && other == Self::Read
    }
}

/// A part of a state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A resource as configured: all its instances in all instances of its module, whether they exist or not.
    Resource(ConfigResource),
    /// One instance with all its objects.
    Instance(InstanceAddr),
    /// A root output.
    Output(EcoString),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(addr) => addr.fmt(f),
            Self::Instance(addr) => addr.fmt(f),
            Self::Output(name) => write!(f, "output.{name}"),
        }
    }
}

/// What is claimed of one configured resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OfResource {
    /// All of it.
    whole: Option<Access>,
    /// Instances; what is no stronger than `whole` is left out.
    instances: BTreeMap<InstanceAddr, Access>,
}

impl OfResource {
    fn conflict(&self, other: &Self, addr: &ConfigResource) -> Option<Part> {
        let clash = |a: Option<Access>, b: Option<Access>| {
            a.zip(b).is_some_and(|(a, b)| !a.is_compatible(b))
        };
        if clash(self.whole, other.whole) {
            return Some(Part::Resource(addr.clone()));
        }
        let within = |whole: Option<Access>, instances: &BTreeMap<InstanceAddr, Access>| {
            instances
                .iter()
                .find(|(_, access)| clash(whole, Some(**access)))
                .map(|(addr, _)| Part::Instance(addr.clone()))
        };
        within(self.whole, &other.instances)
            .or_else(|| within(other.whole, &self.instances))
            .or_else(|| {
                common(&self.instances, &other.instances)
                    .find(|(_, a, b)| !a.is_compatible(*b))
                    .map(|(addr, ..)| Part::Instance(addr.clone()))
            })
    }
}

/// The entries of both maps: walks the smaller one.
fn common<'a, K: Ord>(
    a: &'a BTreeMap<K, Access>,
    b: &'a BTreeMap<K, Access>,
) -> impl Iterator<Item = (&'a K, Access, Access)> {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    few.iter()
        .filter_map(|(key, one)| many.get(key).map(|other| (key, *one, *other)))
}

/// What a run reads and writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The whole state; then nothing else is named.
    whole: Option<Access>,
    resources: BTreeMap<ConfigResource, OfResource>,
    outputs: BTreeMap<EcoString, Access>,
}

impl Claim {
    /// Nothing yet: a run that only records that it took place.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The whole state, for writing.
    #[must_use]
    pub fn whole() -> Self {
        Self::all(Access::Write)
    }

    /// The whole state.
    #[must_use]
    pub fn all(access: Access) -> Self {
        Self {
            whole: Some(access),
            ..Self::default()
        }
    }

    /// With one more part to read.
    #[must_use]
    pub fn read(mut self, part: Part) -> Self {
        self.add(part, Access::Read);
        self
    }

    /// With one more part to write.
    #[must_use]
    pub fn write(mut self, part: Part) -> Self {
        self.add(part, Access::Write);
        self
    }

    /// Takes in one more part. Of two accesses to the same part the stronger one holds.
    pub fn add(&mut self, part: Part, access: Access) {
        if self.whole >= Some(access) {
            return;
        }
        match part {
            Part::Resource(addr) => {
                let found = self.resources.entry(addr).or_default();
                // Most calls say again what is known: what is said of instances is gone through only where that changes.
                if found.whole < Some(access) {
                    found.whole = Some(access);
                    found.instances.retain(|_, known| *known > access);
                }
            }
            Part::Instance(addr) => {
                let found = self.resources.entry(addr.resource.config()).or_default();
                if found.whole < Some(access) {
                    let known = found.instances.entry(addr).or_insert(access);
                    *known = (*known).max(access);
                }
            }
            Part::Output(name) => {
                let known = self.outputs.entry(name).or_insert(access);
                *known = (*known).max(access);
            }
        }
    }

    /// The access to the whole state, if that is claimed.
    #[must_use]
    pub fn to_all(&self) -> Option<Access> {
        self.whole
    }

    /// Whether the whole state is claimed for writing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole == Some(Access::Write)
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        !self.is_whole() && self.parts().all(|(_, access)| access == Access::Read)
    }

    /// All parts that are named, in order: resources with their instances, then outputs.
    pub fn parts(&self) -> impl Iterator<Item = (Part, Access)> + '_ {
        let resources = self.resources.iter().flat_map(|(addr, found)| {
            let whole = found
                .whole
                .map(|access| (Part::Resource(addr.clone()), access));
            let instances = found
                .instances
                .iter()
                .map(|(addr, access)| (Part::Instance(addr.clone()), *access));
            whole.into_iter().chain(instances)
        });
        let outputs = self
            .outputs
            .iter()
            .map(|(name, access)| (Part::Output(name.clone()), *access));
        resources.chain(outputs)
    }

    /// How many parts are named.
    #[must_use]
    pub fn len(&self) -> usize {
        let resources = self.resources.values();
        let resources =
            resources.map(|found| usize::from(found.whole.is_some()) + found.instances.len());
        resources.sum::<usize>() + self.outputs.len()
    }

    /// Whether nothing is claimed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.whole.is_none() && self.len() == 0
    }

    /// The access to a part that this claim gives.
    #[must_use]
    pub fn access(&self, part: &Part) -> Option<Access> {
        let named = match part {
            Part::Resource(addr) => self.resources.get(addr).and_then(|found| found.whole),
            Part::Instance(addr) => self.instance(addr),
            Part::Output(name) => self.outputs.get(name).copied(),
        };
        self.whole.max(named)
    }

    fn instance(&self, addr: &InstanceAddr) -> Option<Access> {
        let found = self.resources.get(&addr.resource.config())?;
        found.whole.max(found.instances.get(addr).copied())
    }

    /// A part that both claim and that they can't have at the same time; `None`: both may go on. The whole state is no part: where one claims that,
    /// the first part of the other is named.
    #[must_use]
    pub fn conflict(&self, other: &Self) -> Option<Conflict> {
        for (whole, rest) in [(self.whole, other), (other.whole, self)] {
            let Some(whole) = whole else { continue };
            if rest.whole.is_some_and(|rest| !rest.is_compatible(whole)) {
                return Some(Conflict::Whole);
            }
            let part = rest
                .parts()
                .find(|(_, access)| !access.is_compatible(whole));
            if let Some((part, _)) = part {
                return Some(Conflict::Part(part));
            }
            // A run that writes everything waits for all others, also those that record nothing but themselves.
            if whole == Access::Write && rest.whole.is_none() {
                return Some(Conflict::Whole);
            }
        }
        let (few, many) = if self.resources.len() <= other.resources.len() {
            (self, other)
        } else {
            (other, self)
        };
        let resources = few
            .resources
            .iter()
            .find_map(|(addr, found)| found.conflict(many.resources.get(addr)?, addr));
        let output = || {
            common(&self.outputs, &other.outputs)
                .find(|(_, a, b)| !a.is_compatible(*b))
                .map(|(name, ..)| Part::Output(name.clone()))
        };
        resources.or_else(output).map(Conflict::Part)
    }

    /// Whether two runs with these claims may go on at the same time.
    #[must_use]
    pub fn is_compatible(&self, other: &Self) -> bool {
        self.conflict(other).is_none()
    }

    /// The first part that an event changes and that this claim does not have for writing.
    ///
    /// That a run took place, what came of checks, and what a data source gave, may be recorded with any claim: the last one who looked is right.
    #[must_use]
    pub fn uncovered(&self, event: &EventKind) -> Option<Conflict> {
        if self.is_whole() {
            return None;
        }
        let instance = |addr: &InstanceAddr| {
            let data = addr.resource.mode == Mode::Data;
            (!data && self.whole.max(self.instance(addr)) != Some(Access::Write))
                .then(|| Conflict::Part(Part::Instance(addr.clone())))
        };
        match event {
            EventKind::Run { .. } | EventKind::Checked(_) => None,
            EventKind::Began { intent, .. } => instance(&intent.object.instance),
            EventKind::Ended { object, .. } | EventKind::Set { object, .. } => {
                instance(&object.instance)
            }
            EventKind::Deposed { instance: addr, .. }
            | EventKind::Restored { instance: addr, .. } => instance(addr),
            EventKind::Moved { from, to, .. } => instance(from).or_else(|| instance(to)),
            EventKind::Output { name, .. } => {
                let part = Part::Output(name.clone());
                (self.access(&part) != Some(Access::Write)).then_some(Conflict::Part(part))
            }
            EventKind::Replaced(_) => Some(Conflict::Whole),
        }
    }

    /// The same claim or a wider one that names few parts: resources with more than `most` instances are claimed whole, and a claim that still has
    /// more than `most` parts is one to the whole state.
    #[must_use]
    pub fn coarse(mut self, most: usize) -> Self {
        for found in self.resources.values_mut() {
            if found.instances.len() > most {
                let strongest = found.instances.values().max().copied();
                found.whole = found.whole.max(strongest);
                found.instances.clear();
            }
        }
        if self.len() <= most {
            return self;
        }
        let access = self.parts().map(|(_, access)| access).max();
        Self {
            whole: self.whole.max(access),
            ..Self::default()
        }
    }
}

/// What two claims can't both have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The whole state.
    Whole,
    /// A part of it.
    Part(Part),
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("the whole state"),
            Self::Part(part) => part.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
