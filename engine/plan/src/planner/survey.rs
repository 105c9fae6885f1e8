//! `terrane drift`: how all objects are, compared with what state knows of them.
//!
//! It is the planner with nothing to plan: only the provider configurations that objects need are evaluated (from state, where they depend on
//! resources). Every object is read; then the provider is asked of what differs whether it is the same to it, and what there is that state does not know.

use super::prior::{ObjectId, Stage};
use super::{Core, Waiting};
use crate::drift::made::{self, Makers};
use crate::drift::{Class, Drifted, Unlisted, Unmanaged, compare, fits};
use crate::machine::{Listed, PlanInput, ProviderInstance, Surveyed};
use crate::objchange::{self, as_configured};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use terrane_config::config::IgnoreChanges;
use terrane_model::addr::{Mode, ProviderAddr};
use terrane_model::provider::{Answer, Call, CallFailure, ListedObject, Reply};
use terrane_model::schema::{ProviderSchema, Schema};
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

    /// Lists the types that were asked for, by each provider instance of what is looked at. What can't be listed is told.
    fn ask_lists(&mut self) {
        let wanted = self.survey.as_ref().map(|survey| survey.list.clone());
        let Some(wanted) = wanted.filter(|wanted| *wanted != Listed::Nothing) else {
            return;
        };
        let mut of_state: BTreeMap<ProviderInstance, BTreeSet<EcoString>> = BTreeMap::new();
        for id in 0..self.prior.objects.len() {
            let object = &self.prior.objects[id];
            if let Some(provider) = object.provider.clone().filter(|_| self.is_surveyed(id)) {
                let types = of_state.entry(provider).or_default();
                types.insert(object.addr.resource.type_name.clone());
            }
        }
        let mut unknown: BTreeSet<&String> = wanted.patterns().iter().collect();
        for (provider, managed) in of_state {
            let Some(schema) = self.info(provider.config).map(|info| info.schema.clone()) else {
                continue;
            };
            let types = wanted_types(&wanted, &managed, &schema);
            unknown.retain(|pattern| !types.iter().any(|name| fits(pattern, name)));
            for type_name in types {
                self.ask_list(&provider, type_name, &schema);
            }
        }
        if let Some(survey) = &mut self.survey {
            survey
                .unlisted
                .extend(unknown.into_iter().map(|name| Unlisted {
                    provider: None,
                    type_name: name.into(),
                    problem:
                        "no provider of what is looked at can list a type of this name".to_owned(),
                }));
        }
    }

    fn ask_list(
        &mut self,
        provider: &ProviderInstance,
        type_name: EcoString,
        schema: &ProviderSchema,
    ) {
        let Some(listing) = schema.list_resources.get(&type_name) else {
            let problem = "its provider cannot list it".to_owned();
            return self.not_listed(provider, type_name, problem);
        };
        if !self.provider_ready(provider) {
            let problem = "its provider could not be configured".to_owned();
            return self.not_listed(provider, type_name, problem);
        }
        let needs: Vec<&str> = listing
            .block
            .attributes
            .iter()
            .filter(|(_, attribute)| attribute.required)
            .map(|(name, _)| name.as_str())
            .collect();
        if !needs.is_empty() {
            let problem = format!("its listing needs {}", needs.join(", "));
            return self.not_listed(provider, type_name, problem);
        }
        let call = Call::List {
            type_name: type_name.clone(),
            config: listing.block.empty_value(),
            include_objects: false,
            limit: MOST_LISTED,
        };
        self.question(provider, call, Question::List(provider.clone(), type_name));
    }

    fn not_listed(&mut self, provider: &ProviderInstance, type_name: EcoString, problem: String) {
        let provider = self.config.provider(provider.config).addr.clone();
        if let Some(survey) = &mut self.survey {
            survey.unlisted.push(Unlisted {
                provider: Some(provider),
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
            Some(Question::List(provider, type_name)) => self.listed(provider, type_name, outcome),
            None => {}
        }
    }

    fn listed(
        &mut self,
        provider: ProviderInstance,
        type_name: EcoString,
        outcome: Result<Reply, CallFailure>,
    ) {
        let reply = match outcome {
            Ok(reply) => reply,
            Err(failure) => {
                let problem = self.secrets.hide(&failure.message);
                return self.not_listed(&provider, type_name, problem);
            }
        };
        if let Some(message) = reply.diagnostics.iter().find(|message| message.is_error) {
            let message = self.secrets.hide_in(message);
            let problem = format!("{}: {}", message.summary, message.detail);
            return self.not_listed(&provider, type_name, problem);
        }
        self.report_provider(&reply.diagnostics, &type_name, &|_| None);
        let Some(Answer::Listed(objects)) = reply.answer else {
            let problem = "the provider gave no list".to_owned();
            return self.not_listed(&provider, type_name, problem);
        };
        if let Some(problem) = cut_off(objects.len(), MOST_LISTED) {
            self.not_listed(&provider, type_name.clone(), problem);
        }
        if let Some(survey) = &mut self.survey {
            survey.found.push((provider, type_name, objects));
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
        self.explain(&mut surveyed.drifted);
        surveyed
            .drifted
            .sort_by(|a, b| (&a.addr, &a.deposed).cmp(&(&b.addr, &b.deposed)));
        let mut known = Known::default();
        for (provider, type_name, objects) in &survey.found {
            let addr = self.config.provider(provider.config).addr.clone();
            surveyed.listed.insert((type_name.clone(), addr.clone()));
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
        // By all that were asked, and wholly.
        for Unlisted {
            provider,
            type_name,
            ..
        } in &surveyed.unlisted
        {
            if let Some(provider) = provider {
                let one = (type_name.clone(), provider.clone());
                surveyed.listed.remove(&one);
            }
        }
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
            if !difference.configurable || planned.get(root) != object.now.get(root) {
                return true;
            }
            // What nobody has set and the provider may set is planned as it is, whatever it is: that says nothing.
            let attribute = schema.block.attributes.get(root);
            let asked = attribute.is_some_and(|attribute| !attribute.computed);
            difference.before.is_null() && !asked
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

    /// Says which differences come from other objects of the state: those that nobody has made behind its back.
    fn explain(&self, drifted: &mut [Drifted]) {
        let schema_of = |one: &Drifted| {
            let provider = self.infos.get(&one.provider.provider)?;
            let schemas = &provider.schema.resources;
            schemas.get(&one.addr.resource.type_name).cloned()
        };
        let asked = |one: &&Drifted| {
            schema_of(one).is_some_and(|schema| {
                let mut differences = one.differences.iter();
                differences.any(|difference| made::may_be_made(difference, &schema))
            })
        };
        let asked = drifted.iter().filter(asked);
        let wanted = asked.flat_map(|one| made::names_of(&one.before)).collect();
        let objects = self.prior.objects.iter();
        let managed = objects.filter(|object| object.addr.resource.mode == Mode::Managed);
        let makers = Makers::of(
            &wanted,
            managed.map(|object| (&object.addr.resource.type_name, &object.old)),
        );
        for one in drifted {
            if let Some(schema) = schema_of(one) {
                makers.explain(&one.before, &schema, &mut one.differences);
            }
        }
    }

    /// What the configuration, if it has the resource, says about ignoring changes.
    fn ignored(&self, id: ObjectId) -> IgnoreChanges {
        let found = self.prior.objects[id].declared;
        found.map_or(IgnoreChanges::None, |(module, at)| {
            let resource = &self.config.module(module).resources[at as usize];
            resource.lifecycle.ignore_changes.clone()
        })
    }
}

/// The types that are wanted of a provider, whether it can list them or not. Of those that no object is of, only what was named in full is told if it can't.
fn wanted_types(
    wanted: &Listed,
    managed: &BTreeSet<EcoString>,
    schema: &ProviderSchema,
) -> BTreeSet<EcoString> {
    let listable = schema.list_resources.keys().cloned();
    let named = wanted.patterns().iter().map(EcoString::from);
    let named = named.filter(|name| schema.resources.contains_key(name));
    listable
        .chain(managed.iter().cloned())
        .chain(named)
        .filter(|name| wanted.names(name, managed.contains(name)))
        .collect()
}

/// What is said of a list that is as long as it may be.
fn cut_off(count: usize, most: u64) -> Option<String> {
    let is_full = u64::try_from(count).is_ok_and(|count| count >= most);
    is_full.then(|| format!("it was listed up to {most} objects, and there may be more"))
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

#[cfg(test)]
mod tests {
    use super::{cut_off, wanted_types};
    use crate::machine::Listed;
    use terrane_model::schema::{Block, ProviderSchema, Schema};

    /// Of a provider with four types, of which `x_a` and `x_b` can be listed. The state has objects of `x_a` and `x_c`.
    #[test]
    fn types_that_cannot_be_listed_are_asked_for_too() {
        let mut schema = ProviderSchema::default();
        let one = std::sync::Arc::new(Schema::new(0, Block::new()));
        for name in ["x_a", "x_b", "x_c", "x_d"] {
            schema.resources.insert(name.into(), one.clone());
        }
        for name in ["x_a", "x_b"] {
            schema.list_resources.insert(name.into(), one.clone());
        }
        let managed = ["x_a".into(), "x_c".into()].into();
        let types = |names: &[&str]| Listed::Types(names.iter().map(|&name| name.into()).collect());
        for (wanted, expected) in [
            (Listed::Nothing, ""),
            (Listed::OfState, "x_a x_c"),
            (types(&["x_*"]), "x_a x_b x_c"),
            (types(&["x_d"]), "x_d"),
            (types(&["x_b", "y_*"]), "x_b"),
            (types(&["x_e"]), ""),
        ] {
            let found: Vec<_> = wanted_types(&wanted, &managed, &schema)
                .into_iter()
                .collect();
            assert_eq!(found.join(" "), expected, "{wanted:?}");
        }
    }

    #[test]
    fn a_full_list_is_told() {
        assert_eq!(cut_off(1, 2), None);
        let said = cut_off(2, 2).unwrap();
        assert!(said.contains("up to 2 objects"), "{said}");
    }
}
