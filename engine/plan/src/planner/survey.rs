//! `terrane drift`: how all objects are, compared with what state knows of them.
//!
//! It is the planner with nothing to plan: only the provider configurations that objects need are evaluated (from state, where they depend on
//! resources). Every object is read; then the provider is asked of what differs whether it is the same to it, and what there is that state does not know.

use super::prior::{ObjectId, Stage};
use super::{Core, Waiting};
use crate::drift::{Class, Drifted, Unlisted, Unmanaged, compare};
use crate::machine::{Listed, PlanInput, ProviderInstance, Surveyed};
use crate::objchange::{self, as_configured};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_config::config::IgnoreChanges;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::provider::{Answer, Call, CallFailure, ListedObject, Reply};
use terrane_model::schema::Schema;
use terrane_value::{EcoString, Kind, Value};

/// More objects of a type than these are not listed.
const MOST_LISTED: u64 = 1_000_000;

/// How far it is.
#[derive(Debug, Default)]
pub(super) struct Survey {
    list: Listed,
    /// Everything was read, and the questions that come of it were asked.
    asked: bool,
    questions: Vec<Question>,
    /// What the provider would make of an object as it is, if the configuration were what state holds.
    planned: BTreeMap<ObjectId, Value>,
    found: Vec<(ProviderInstance, EcoString, Vec<ListedObject>)>,
    unlisted: Vec<Unlisted>,
}

#[derive(Clone, Debug)]
enum Question {
    Same(ObjectId),
    List(ProviderInstance, EcoString),
}

impl Core {
    /// A core that only looks.
    pub(crate) fn survey(input: PlanInput, list: Listed) -> Self {
        let mut core = Self::unprepared(input);
        core.recovering = true;
        core.orphans_planned = true;
        core.survey = Some(Survey {
            list,
            ..Survey::default()
        });
        core.prepare();
        core
    }

    /// What is looked at: all that is managed, or what was named.
    pub(super) fn begin_survey(&mut self) {
        for object in &mut self.prior.objects {
            object.in_scope = self.scope.instance(None, &object.addr);
        }
        self.assign_providers();
    }

    /// Asks what comes of the objects, once all are read. Whether there was something to ask.
    pub(super) fn ask_survey(&mut self) -> bool {
        let Some(survey) = self.survey.as_mut().filter(|survey| !survey.asked) else {
            return false;
        };
        survey.asked = true;
        for id in 0..self.prior.objects.len() {
            self.ask_same(id);
        }
        self.ask_lists();
        true
    }

    fn question(&mut self, provider: &ProviderInstance, call: Call, question: Question) {
        let Some(survey) = &mut self.survey else {
            return;
        };
        let at = survey.questions.len();
        survey.questions.push(question);
        self.ask(provider, call, Waiting::Survey(at));
    }

    /// What would the provider do about an object, if what state holds were configured? Where it would do nothing, both are the same to it.
    fn ask_same(&mut self, id: ObjectId) {
        let object = &self.prior.objects[id];
        let (Some(schema), Some(provider)) = (object.schema.clone(), object.provider.clone())
        else {
            return;
        };
        if !self.is_surveyed(id) || object.stage != Stage::Ready || object.now == object.old {
            return;
        }
        let config = as_configured(&schema.block, &object.old);
        let call = Call::Plan {
            type_name: object.addr.resource.type_name.clone(),
            prior: object.now.clone(),
            proposed: objchange::proposed_new(&schema.block, &object.now, &config),
            config,
            private: object.private.clone(),
            meta: self.meta_for(&object.addr.resource.module, provider.config),
            identity: object.identity.clone(),
        };
        self.question(&provider, call, Question::Same(id));
    }

    /// Lists the types that were asked for, by each provider instance that is ready.
    fn ask_lists(&mut self) {
        let Some(wanted) = self.survey.as_ref().map(|survey| survey.list.clone()) else {
            return;
        };
        let mut of_state: BTreeMap<ProviderInstance, BTreeSet<EcoString>> = BTreeMap::new();
        for object in &self.prior.objects {
            if let Some(provider) = &object.provider {
                let types = of_state.entry(provider.clone()).or_default();
                types.insert(object.addr.resource.type_name.clone());
            }
        }
        for (provider, managed) in of_state {
            if !self.provider_ready(&provider) {
                continue;
            }
            let Some(schema) = self.info(provider.config).map(|info| info.schema.clone()) else {
                continue;
            };
            let names: Vec<EcoString> = schema
                .list_resources
                .keys()
                .filter(|name| wanted.names(name, managed.contains(name.as_str())))
                .map(|name| EcoString::from(name.as_str()))
                .collect();
            for type_name in names {
                let Some(listing) = schema.list_resources.get(&type_name).cloned() else {
                    continue;
                };
                let needs = listing.block.attributes.iter();
                let needs: Vec<&str> = needs
                    .filter(|(_, attribute)| attribute.required)
                    .map(|(name, _)| name.as_str())
                    .collect();
                if !needs.is_empty() {
                    let problem = format!("its listing needs {}", needs.join(", "));
                    self.not_listed(&provider, type_name, problem);
                    continue;
                }
                let call = Call::List {
                    type_name: type_name.clone(),
                    config: listing.block.empty_value(),
                    include_objects: false,
                    limit: MOST_LISTED,
                };
                self.question(&provider, call, Question::List(provider.clone(), type_name));
            }
        }
    }

    fn not_listed(&mut self, provider: &ProviderInstance, type_name: EcoString, problem: String) {
        let provider = self.config.provider(provider.config).addr.clone();
        if let Some(survey) = &mut self.survey {
            survey.unlisted.push(Unlisted {
                provider,
                type_name,
                problem,
            });
        }
    }

    pub(super) fn survey_answered(&mut self, at: usize, outcome: Result<Reply, CallFailure>) {
        let question = self
            .survey
            .as_ref()
            .and_then(|survey| survey.questions.get(at).cloned());
        match question {
            // A provider that can't say leaves it at what was read.
            Some(Question::Same(id)) => {
                if let (Some(survey), Ok(reply)) = (&mut self.survey, outcome)
                    && !reply.has_errors()
                    && let Some(Answer::Plan {
                        planned,
                        deferred: None,
                        ..
                    }) = reply.answer
                {
                    survey.planned.insert(id, planned);
                }
            }
            Some(Question::List(provider, type_name)) => {
                let problem = match outcome {
                    Ok(Reply {
                        answer: Some(Answer::Listed(objects)),
                        diagnostics,
                    }) if !diagnostics.iter().any(|message| message.is_error) => {
                        if let Some(survey) = &mut self.survey {
                            survey.found.push((provider, type_name, objects));
                        }
                        return;
                    }
                    Ok(reply) => {
                        let mut messages = reply.diagnostics.iter();
                        let first = messages.find(|message| message.is_error);
                        first.map_or_else(
                            || "the provider gave no list".to_owned(),
                            |message| {
                                let message = self.secrets.hide_in(message);
                                format!("{}: {}", message.summary, message.detail)
                            },
                        )
                    }
                    Err(failure) => failure.message,
                };
                self.not_listed(&provider, type_name, problem);
            }
            None => {}
        }
    }

    fn is_surveyed(&self, id: ObjectId) -> bool {
        let object = &self.prior.objects[id];
        object.in_scope && object.addr.resource.mode == Mode::Managed
    }

    pub(crate) fn finish_survey(mut self) -> Surveyed {
        let survey = self.survey.take().unwrap_or_default();
        let mut surveyed = Surveyed {
            cancelled: self.cancelled,
            ..Surveyed::default()
        };
        for id in 0..self.prior.objects.len() {
            if !self.is_surveyed(id) {
                continue;
            }
            let object = &self.prior.objects[id];
            match object.stage {
                Stage::Ready | Stage::Gone => surveyed.read += 1,
                Stage::Waiting | Stage::Asked | Stage::Failed => {
                    surveyed.unread.push(object.addr.clone());
                    continue;
                }
            }
            if object.now != object.old {
                surveyed
                    .drifted
                    .extend(self.drifted(id, survey.planned.get(&id)));
            }
        }
        surveyed
            .drifted
            .sort_by(|a, b| (&a.addr, &a.deposed).cmp(&(&b.addr, &b.deposed)));
        let mut known = Known::default();
        for (provider, type_name, objects) in &survey.found {
            let addr = self.config.provider(provider.config).addr.clone();
            surveyed.listed += objects.len();
            known.learn(&self, &addr.provider, type_name);
            let strangers = objects
                .iter()
                .filter(|object| !known.has(&addr.provider, type_name, &object.identity));
            surveyed.unmanaged.extend(strangers.map(|object| Unmanaged {
                provider: addr.clone(),
                type_name: type_name.clone(),
                identity: object.identity.clone(),
                name: object.display_name.clone(),
            }));
        }
        let order = |one: &Unmanaged| (one.type_name.clone(), one.name.clone());
        surveyed.unmanaged.sort_by_key(order);
        surveyed.unlisted = survey.unlisted;
        surveyed
            .unlisted
            .sort_by(|a, b| (&a.type_name, &a.provider).cmp(&(&b.type_name, &b.provider)));
        surveyed.diagnostics = self.diagnostics;
        surveyed
    }

    /// The object with its differences. `None` where all of them are the same to the provider.
    fn drifted(&self, id: ObjectId, planned: Option<&Value>) -> Option<Drifted> {
        let object = &self.prior.objects[id];
        let schema: &Arc<Schema> = object.schema.as_ref()?;
        let mut drifted = Drifted {
            addr: object.addr.clone(),
            deposed: object.deposed.clone(),
            provider: object.provider_addr.clone(),
            before: self.marked(id, &object.old),
            after: self.marked(id, &object.now),
            differences: Vec::new(),
        };
        if drifted.after.is_null() {
            return Some(drifted);
        }
        let type_name = &object.addr.resource.type_name;
        let mut differences = compare(type_name, schema, &drifted.before, &drifted.after);
        differences.retain(|difference| {
            let (Some(planned), Some(root)) = (planned, difference.root()) else {
                return true;
            };
            !(difference.configurable && planned.get(root) == object.now.get(root))
        });
        let ignored = self.ignored(id);
        for difference in &mut differences {
            let is_ignored = match &ignored {
                IgnoreChanges::None => false,
                IgnoreChanges::All => true,
                IgnoreChanges::Paths(paths) => paths
                    .iter()
                    .any(|(start, _)| objchange::begins(&difference.path, start)),
            };
            if is_ignored && difference.configurable {
                difference.class = Class::Harmless;
                difference.why = "the configuration ignores changes of it";
            }
        }
        drifted.differences = differences;
        (!drifted.differences.is_empty()).then_some(drifted)
    }

    /// What the configuration, if it has the resource, says about ignoring changes.
    fn ignored(&self, id: ObjectId) -> IgnoreChanges {
        let found = self.index.resource(&self.prior.objects[id].addr.resource);
        found.map_or(IgnoreChanges::None, |(module, at)| {
            let resource = &self.config.module(module).resources[at as usize];
            resource.lifecycle.ignore_changes.clone()
        })
    }
}

/// What state knows of the objects of types.
#[derive(Default)]
struct Known {
    types: BTreeMap<(ProviderAddr, EcoString), OfType>,
}

#[derive(Default)]
struct OfType {
    /// Identities, by hash.
    identities: BTreeMap<u64, Vec<Value>>,
    /// Objects whose identity is not known, and where they are by their attributes.
    objects: Vec<Value>,
    by_attribute: BTreeMap<(EcoString, EcoString), Vec<usize>>,
}

impl Known {
    fn learn(&mut self, core: &Core, provider: &ProviderAddr, type_name: &EcoString) {
        let key = (provider.clone(), type_name.clone());
        if self.types.contains_key(&key) {
            return;
        }
        let mut of_type = OfType::default();
        let objects = core.prior.objects.iter().filter(|object| {
            object.addr.resource.mode == Mode::Managed
                && object.addr.resource.type_name == *type_name
                && object.provider_addr.provider == *provider
        });
        for object in objects {
            if !object.identity.is_null() {
                let hash = object.identity.content_hash();
                let same = of_type.identities.entry(hash).or_default();
                same.push(object.identity.clone());
            }
            let at = of_type.objects.len();
            if let Kind::Object(content) = object.old.kind() {
                for (name, value) in content.iter() {
                    if let Some(text) = value.as_str() {
                        let key = (name.clone(), text.into());
                        of_type.by_attribute.entry(key).or_default().push(at);
                    }
                }
            }
            of_type.objects.push(object.old.clone());
        }
        self.types.insert(key, of_type);
    }

    /// By identity, or by all attributes of it that objects have too.
    fn has(&self, provider: &ProviderAddr, type_name: &EcoString, identity: &Value) -> bool {
        let Some(of_type) = self.types.get(&(provider.clone(), type_name.clone())) else {
            return false;
        };
        let same = of_type.identities.get(&identity.content_hash());
        if same.is_some_and(|same| same.contains(identity)) {
            return true;
        }
        let Kind::Object(content) = identity.kind() else {
            return false;
        };
        let parts: Vec<(&EcoString, &str)> = content
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?)))
            .collect();
        // The part of which there are the fewest: regions and accounts are the same for many.
        let candidates = parts.iter().filter_map(|(name, text)| {
            of_type
                .by_attribute
                .get(&((*name).clone(), EcoString::from(*text)))
        });
        let Some(candidates) = candidates.min_by_key(|candidates| candidates.len()) else {
            return false;
        };
        candidates.iter().any(|at| {
            let object = &of_type.objects[*at];
            parts.iter().all(|(name, text)| {
                object
                    .get(name)
                    .and_then(Value::as_str)
                    .is_none_or(|own| own == *text)
            })
        })
    }
}
