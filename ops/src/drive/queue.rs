//! Calls of one provider instance that wait to be sent, and the gathering of reads: where the provider reads many objects of a type in one call,
//! those that wait are sent together. Nothing waits for others to come.

use ecow::EcoString;
use std::collections::{BTreeMap, VecDeque};
use terrane_model::addr::InstanceAddr;
use terrane_model::provider::{Answer, BulkRead, Call, KnownObject, Reply};
use terrane_plan::machine::RequestId;

/// How many objects are asked for in one call where the provider takes any number.
const MOST_TOGETHER: usize = 10_000;

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// The instance that it is about, if it is one.
    pub(super) about: Option<InstanceAddr>,
    pub(super) call: Call,
}

/// A call that waits for its turn.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) id: RequestId,
    /// The requests behind the other objects of a [`Call::ReadMany`], in their order.
    pub(super) more: Vec<RequestId>,
    pub(super) asked: Asked,
    /// Which attempt it will be, from 1.
    pub(super) attempt: u32,
}

/// What waits, in the order in which it is sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Types whose objects are read many at a time, with how many at most.
    reads_many: BTreeMap<EcoString, u32>,
    entries: VecDeque<Entry>,
    /// Reads that can be gathered, by type. Of each that is not empty there is one entry.
    reads: BTreeMap<EcoString, VecDeque<Queued>>,
    len: usize,
}

#[derive(Debug)]
enum Entry {
    Call(Box<Queued>),
    /// Reads of this type.
    Reads(EcoString),
}

impl Queued {
    /// A request that comes for the first time.
    pub(super) fn new(id: RequestId, asked: Asked) -> Self {
        Self {
            id,
            more: Vec::new(),
            asked,
            attempt: 1,
        }
    }

    /// What is kept open must not run out because others came first.
    fn is_urgent(&self) -> bool {
        matches!(self.asked.call, Call::RenewEphemeral { .. })
    }

    /// For how many requests it stands.
    fn requests(&self) -> usize {
        1 + self.more.len()
    }
}

impl Queue {
    pub(super) fn new(reads_many: BTreeMap<EcoString, u32>) -> Self {
        Self {
            reads_many,
            ..Self::default()
        }
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes a request that comes for the first time.
    pub(super) fn submit(&mut self, queued: Queued) {
        match &queued.asked.call {
            Call::Read { type_name, .. } if self.reads_many.contains_key(type_name) => {
                let type_name = type_name.clone();
                let reads = self.reads.entry(type_name.clone()).or_default();
                if reads.is_empty() {
                    self.entries.push_back(Entry::Reads(type_name));
                }
                reads.push_back(queued);
                self.len += 1;
            }
            _ if queued.is_urgent() => self.push_front(queued),
            _ => self.push_back(queued),
        }
    }

    /// Takes a call that is sent before all others, as it is.
    pub(super) fn push_front(&mut self, queued: Queued) {
        self.len += queued.requests();
        self.entries.push_front(Entry::Call(Box::new(queued)));
    }

    /// Takes a call that is sent after all others, as it is.
    pub(super) fn push_back(&mut self, queued: Queued) {
        self.len += queued.requests();
        self.entries.push_back(Entry::Call(Box::new(queued)));
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether what comes next has to be sent whatever the limits are.
    pub(super) fn is_urgent(&self) -> bool {
        matches!(self.entries.front(), Some(Entry::Call(queued)) if queued.is_urgent())
    }

    /// The next call.
    pub(super) fn pop(&mut self) -> Option<Queued> {
        let queued = match self.entries.pop_front()? {
            Entry::Call(queued) => *queued,
            Entry::Reads(type_name) => self.gather(type_name)?,
        };
        self.len -= queued.requests();
        Some(queued)
    }

    /// As many reads of a type as one call takes.
    fn gather(&mut self, type_name: EcoString) -> Option<Queued> {
        let most = match self.reads_many.get(&type_name) {
            None => 1,
            Some(0) => MOST_TOGETHER,
            Some(most) => usize::try_from(*most).unwrap_or(usize::MAX),
        };
        let reads = self.reads.get_mut(&type_name)?;
        let first = reads.pop_front()?;
        let mut rest = Vec::new();
        while 1 + rest.len() < most.min(MOST_TOGETHER)
            && let Some(next) = reads.front()
            && meta(&next.asked.call) == meta(&first.asked.call)
        {
            rest.extend(reads.pop_front());
        }
        if !reads.is_empty() {
            self.entries.push_back(Entry::Reads(type_name.clone()));
        }
        Some(if rest.is_empty() {
            first
        } else {
            together(type_name, first, rest)
        })
    }

    /// Takes out what waits and what it was asked for, but for what winds up.
    pub(super) fn give_up(&mut self) -> Vec<RequestId> {
        let mut ids = Vec::new();
        for entry in std::mem::take(&mut self.entries) {
            match entry {
                Entry::Call(queued) if winds_up(&queued.asked.call) => {
                    self.entries.push_back(Entry::Call(queued));
                }
                Entry::Call(queued) => {
                    ids.push(queued.id);
                    ids.extend(queued.more);
                }
                Entry::Reads(type_name) => {
                    let reads = self.reads.remove(&type_name).unwrap_or_default();
                    ids.extend(reads.into_iter().map(|queued| queued.id));
                }
            }
        }
        self.len -= ids.len();
        ids
    }

    /// Deals out the answer to a [`Call::ReadMany`]: what is known of each request. What has to be read singly is queued. If there is no proper answer, that
    /// is so for all of them, and for others of the type from now on.
    pub(super) fn deal(&mut self, queued: Queued, reply: Option<Reply>) -> Vec<(RequestId, Reply)> {
        let Queued {
            id, more, asked, ..
        } = queued;
        let Call::ReadMany {
            type_name,
            objects,
            meta,
        } = asked.call
        else {
            return Vec::new();
        };
        let reply = reply.filter(|reply| !reply.has_errors());
        let (answers, mut messages) = match reply {
            Some(Reply {
                answer: Some(Answer::ReadMany(answers)),
                diagnostics,
            }) if answers.len() == objects.len() => (answers, diagnostics),
            _ => {
                tracing::debug!(type_name = type_name.as_str(), "read singly from now on");
                self.reads_many.remove(&type_name);
                let singly = objects.iter().map(|_| BulkRead::Singly);
                (singly.collect(), Vec::new())
            }
        };
        let ids = std::iter::once(id).chain(more);
        let mut dealt = Vec::new();
        for ((id, object), answer) in ids.zip(objects).zip(answers) {
            match answer {
                BulkRead::Read(mut reply) => {
                    // What is said of all of them is said with the first.
                    reply.diagnostics.append(&mut messages);
                    dealt.push((id, reply));
                }
                BulkRead::Singly => {
                    let KnownObject {
                        current,
                        private,
                        identity,
                    } = object;
                    let call = Call::Read {
                        type_name: type_name.clone(),
                        current,
                        private,
                        meta: meta.clone(),
                        identity,
                    };
                    self.push_back(Queued::new(id, Asked { about: None, call }));
                }
            }
        }
        dealt
    }
}

/// What was opened is kept open and closed, whatever else is given up.
pub(super) fn winds_up(call: &Call) -> bool {
    matches!(
        call,
        Call::RenewEphemeral { .. } | Call::CloseEphemeral { .. }
    )
}

/// The `provider_meta` of a read.
fn meta(call: &Call) -> Option<&terrane_value::Value> {
    match call {
        Call::Read { meta, .. } => Some(meta),
        _ => None,
    }
}

/// Reads of one type and `provider_meta`, as one call.
fn together(type_name: EcoString, first: Queued, rest: Vec<Queued>) -> Queued {
    let id = first.id;
    let more = rest.iter().map(|queued| queued.id).collect();
    let mut objects = Vec::with_capacity(1 + rest.len());
    let mut common = terrane_value::Value::NULL;
    for queued in std::iter::once(first).chain(rest) {
        if let Call::Read {
            current,
            private,
            meta,
            identity,
            ..
        } = queued.asked.call
        {
            objects.push(KnownObject {
                current,
                private,
                identity,
            });
            common = meta;
        }
    }
    let call = Call::ReadMany {
        type_name,
        objects,
        meta: common,
    };
    Queued {
        id,
        more,
        asked: Asked { about: None, call },
        attempt: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Queue, Queued};
    use std::collections::BTreeMap;
    use terrane_model::provider::{Answer, BulkRead, Call, Private, ProviderDiagnostic, Reply};
    use terrane_plan::machine::RequestId;
    use terrane_value::Value;

    fn read(id: u64, type_name: &str, meta: &str) -> Queued {
        let call = Call::Read {
            type_name: type_name.into(),
            current: Value::string(id.to_string()),
            private: Private::default(),
            meta: Value::string(meta),
            identity: Value::NULL,
        };
        Queued::new(RequestId(id), Asked { about: None, call })
    }

    fn queue(most: u32) -> Queue {
        Queue::new(BTreeMap::from([("many".into(), most)]))
    }

    /// What is sent, in order: `1+2` is one call about two requests.
    fn sent(queue: &mut Queue) -> String {
        let mut words = Vec::new();
        while let Some(queued) = queue.pop() {
            let ids = std::iter::once(queued.id).chain(queued.more);
            let ids: Vec<String> = ids.map(|id| id.0.to_string()).collect();
            words.push(ids.join("+"));
        }
        assert_eq!(queue.len(), 0);
        words.join(" ")
    }

    #[test]
    fn reads_that_wait_are_sent_together() {
        for (most, calls, expected) in [
            (0, "a1 a2 a3", "1+2+3"),
            (2, "a1 a2 a3", "1+2 3"),
            (1, "a1 a2", "1 2"),
            // Another type waits where it is, and is not gathered.
            (0, "b1 a2 b3 a4", "1 2+4 3"),
            (2, "a1 b2 a3 a4 b5", "1+3 2 5 4"),
            // Only what says the same of its module.
            (0, "a1 a2 c3 a4", "1+2 3 4"),
            (0, "", ""),
        ] {
            let mut queue = queue(most);
            for word in calls.split_whitespace() {
                let (kind, id) = word.split_at(1);
                let type_name = if kind == "b" { "one" } else { "many" };
                queue.submit(read(
                    id.parse().unwrap(),
                    type_name,
                    if kind == "c" { "m" } else { "" },
                ));
            }
            assert_eq!(sent(&mut queue), expected, "{calls} by {most}");
        }
    }

    #[test]
    fn what_is_given_up_does_not_wait_any_more() {
        let mut queue = queue(0);
        for (id, type_name) in [(1, "many"), (2, "one"), (3, "many")] {
            queue.submit(read(id, type_name, ""));
        }
        let close = Call::CloseEphemeral {
            type_name: "token".into(),
            private: Private::default(),
        };
        let asked = Asked {
            about: None,
            call: close,
        };
        queue.submit(Queued::new(RequestId(4), asked));
        let given_up = queue.give_up();
        assert_eq!(given_up, [RequestId(1), RequestId(3), RequestId(2)]);
        assert_eq!(sent(&mut queue), "4");
        // Reads can be gathered again.
        queue.submit(read(5, "many", ""));
        assert_eq!(sent(&mut queue), "5");
    }

    #[test]
    fn what_is_not_answered_is_read_singly() {
        let all = |answers| Some(Reply::ok(Answer::ReadMany(answers)));
        let one = || BulkRead::Read(Reply::ok(Answer::Done));
        let refusal = Reply::error(ProviderDiagnostic::error("no", "not allowed"));
        for (reply, dealt, rest) in [
            (all(vec![one(), one(), one()]), "1 2 3", "4+5"),
            (all(vec![one(), BulkRead::Singly, one()]), "1 3", "4+5 2"),
            // What can't be done in bulk is not tried again.
            (all(vec![one()]), "", "4 1 2 3 5"),
            (Some(refusal), "", "4 1 2 3 5"),
            (None, "", "4 1 2 3 5"),
        ] {
            let mut queue = queue(0);
            for id in 1..=3 {
                queue.submit(read(id, "many", ""));
            }
            let batch = queue.pop().unwrap();
            queue.submit(read(4, "many", ""));
            queue.submit(read(5, "many", ""));
            let what = format!("{reply:?}");
            let found = queue.deal(batch, reply);
            let found: Vec<String> = found.iter().map(|(id, _)| id.0.to_string()).collect();
            assert_eq!(found.join(" "), dealt, "{what}");
            assert_eq!(sent(&mut queue), rest, "{what}");
        }
    }
}
