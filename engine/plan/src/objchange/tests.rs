//! Tables for the rules of objects.

use super::*;
use ecow::EcoString;
use std::collections::BTreeMap;
use std::sync::Arc;
use terrane_config::config::IgnoreChanges;
use terrane_lang::source::Span;
use terrane_model::schema::{Attribute, AttributeType, Block, NestedBlock, NestedObject, Nesting};
use terrane_value::{Marks, Path, Type, Value};

#[derive(Clone, Copy)]
enum How {
    Required,
    Optional,
    Computed,
    OptionalComputed,
}

fn attribute(ty: AttributeType, how: How) -> Attribute {
    Attribute {
        ty,
        required: matches!(how, How::Required),
        optional: matches!(how, How::Optional | How::OptionalComputed),
        computed: matches!(how, How::Computed | How::OptionalComputed),
        sensitive: false,
        write_only: false,
        deprecated: None,
        description: "".into(),
    }
}

fn text(how: How) -> Attribute {
    attribute(AttributeType::Plain(Type::String), how)
}

fn block<const N: usize, const M: usize>(
    attributes: [(&str, Attribute); N],
    blocks: [(&str, NestedBlock); M],
) -> Block {
    Block {
        attributes: attributes
            .into_iter()
            .map(|(name, attribute)| (name.into(), attribute))
            .collect(),
        blocks: blocks
            .into_iter()
            .map(|(name, block)| (name.into(), block))
            .collect(),
        ..Block::default()
    }
}

fn nested(nesting: Nesting, block: Block) -> NestedBlock {
    NestedBlock {
        nesting,
        block: Arc::new(block),
        min: 0,
        max: 0,
    }
}

fn nested_attribute(nesting: Nesting, attributes: Vec<(&str, Attribute)>, how: How) -> Attribute {
    let attributes = attributes
        .into_iter()
        .map(|(name, attribute)| (name.into(), attribute))
        .collect();
    let object = NestedObject {
        nesting,
        attributes,
    };
    attribute(AttributeType::Nested(Arc::new(object)), how)
}

fn s(text: &str) -> Value {
    Value::string(text)
}

fn none() -> Value {
    Value::null(Type::String)
}

fn unknown() -> Value {
    Value::unknown(Type::String)
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::object(entries)
}

fn list(items: Vec<Value>) -> Value {
    let element = items.first().expect("an item").ty();
    Value::list(element, items)
}

fn set(items: Vec<Value>) -> Value {
    let element = items.first().expect("an item").ty();
    Value::set(element, items)
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries: BTreeMap<EcoString, Value> = entries
        .into_iter()
        .map(|(key, value)| (key.into(), value))
        .collect();
    let element = entries.values().next().map_or(Type::String, Value::ty);
    Value::map(element, entries)
}

/// `id` computed, `name` required, `zone` optional and computed, `tag` optional.
fn simple() -> Block {
    block(
        [
            ("id", text(How::Computed)),
            ("name", text(How::Required)),
            ("zone", text(How::OptionalComputed)),
            ("tag", text(How::Optional)),
        ],
        [],
    )
}

fn simple_value(id: Value, name: Value, zone: Value, tag: Value) -> Value {
    object([("id", id), ("name", name), ("zone", zone), ("tag", tag)])
}

fn with_blocks(nesting: Nesting) -> Block {
    block(
        [("id", text(How::Computed))],
        [("disk", nested(nesting, simple()))],
    )
}

fn disks(value: Value) -> Value {
    object([("id", none()), ("disk", value)])
}

#[test]
fn a_proposal_lays_configuration_over_the_prior_object() {
    let block = simple();
    let null = Value::null(block.implied_type().clone());
    let prior = simple_value(s("i-1"), s("old"), s("eu"), s("t"));
    let config = simple_value(none(), s("new"), none(), none());
    for (prior, config, expected) in [
        (&null, &null, null.clone()),
        (&null, &config, config.clone()),
        (
            &prior,
            &config,
            simple_value(s("i-1"), s("new"), s("eu"), none()),
        ),
        (
            &prior,
            &simple_value(none(), s("new"), s("us"), unknown()),
            simple_value(s("i-1"), s("new"), s("us"), unknown()),
        ),
    ] {
        assert_eq!(proposed_new(&block, prior, config), expected);
    }
}

#[test]
fn nested_blocks_are_matched_by_place_key_or_content() {
    let prior = |tag: &str| simple_value(s("id"), s(tag), s("eu"), none());
    let config = |tag: &str| simple_value(none(), s(tag), none(), none());
    let merged = |tag: &str| simple_value(s("id"), s(tag), s("eu"), none());
    let cases = [
        // By place: the second is new.
        (
            Nesting::List,
            list(vec![prior("a")]),
            list(vec![config("b"), config("c")]),
            list(vec![merged("b"), config("c")]),
        ),
        // By key.
        (
            Nesting::Map,
            map([("k", prior("a")), ("l", prior("b"))]),
            map([("k", config("c")), ("m", config("d"))]),
            map([("k", merged("c")), ("m", config("d"))]),
        ),
        // By what is configured: only `a` is found again.
        (
            Nesting::Set,
            set(vec![prior("a"), prior("b")]),
            set(vec![config("a"), config("c")]),
            set(vec![merged("a"), config("c")]),
        ),
        (Nesting::Single, prior("a"), config("b"), merged("b")),
        (Nesting::Group, prior("a"), config("b"), merged("b")),
    ];
    for (nesting, prior, config, expected) in cases {
        let block = with_blocks(nesting);
        let expected = object([("id", s("x")), ("disk", expected)]);
        let prior = object([("id", s("x")), ("disk", prior)]);
        assert_eq!(
            proposed_new(&block, &prior, &disks(config)),
            expected,
            "{nesting:?}"
        );
    }
}

#[test]
fn a_prior_element_of_a_set_is_taken_once() {
    let block = with_blocks(Nesting::Set);
    let item = |id: Value, name: &str, zone: Value| simple_value(id, s(name), zone, none());
    let prior = disks(set(vec![
        item(s("1"), "a", s("eu")),
        item(s("2"), "a", s("us")),
    ]));
    let config = disks(set(vec![
        item(none(), "a", none()),
        item(none(), "a", s("us")),
    ]));
    let expected = disks(set(vec![
        item(s("1"), "a", s("eu")),
        item(s("2"), "a", s("us")),
    ]));
    assert_eq!(proposed_new(&block, &prior, &config), expected);
}

#[test]
fn a_removed_optional_nested_attribute_goes_unless_only_the_provider_set_it() {
    let attributes = vec![("a", text(How::Optional)), ("b", text(How::Computed))];
    let block = block(
        [(
            "n",
            nested_attribute(Nesting::Single, attributes, How::OptionalComputed),
        )],
        [],
    );
    let ty = block.implied_type();
    let Type::Object(ty) = ty else {
        panic!("an object")
    };
    let null = object([("n", Value::null(ty.attributes["n"].clone()))]);
    let with = |a: Value, b: Value| object([("n", object([("a", a), ("b", b)]))]);
    let configured = with(s("x"), s("y"));
    let decided = with(none(), s("y"));
    assert_eq!(proposed_new(&block, &configured, &null), null);
    assert_eq!(proposed_new(&block, &decided, &null), decided);
    let config = with(s("z"), none());
    assert_eq!(
        proposed_new(&block, &configured, &config),
        with(s("z"), s("y"))
    );
}

#[test]
fn what_a_deferred_data_source_will_say_is_unknown() {
    let block = with_blocks(Nesting::List);
    let config = disks(list(vec![simple_value(none(), s("a"), none(), none())]));
    let expected = object([
        ("id", unknown()),
        (
            "disk",
            list(vec![simple_value(unknown(), s("a"), unknown(), none())]),
        ),
    ]);
    assert_eq!(planned_unknown_object(&block, &config), expected);
}

fn messages(found: &[(Path, String)]) -> Vec<&str> {
    found.iter().map(|(_, message)| message.as_str()).collect()
}

#[test]
fn planned_objects_must_follow_the_configuration() {
    let block = simple();
    let null = Value::null(block.implied_type().clone());
    let value = simple_value;
    let prior = value(s("1"), s("a"), s("eu"), s("T"));
    let config = value(none(), s("a"), none(), none());
    for (prior, config, planned, expected) in [
        (&null, &config, &config, vec![]),
        (
            &null,
            &config,
            &value(unknown(), s("a"), unknown(), none()),
            vec![],
        ),
        (
            &null,
            &config,
            &null,
            vec!["planned for absence but config wants existence"],
        ),
        (
            &null,
            &null,
            &config,
            vec!["planned for existence but config wants absence"],
        ),
        (&null, &null, &null, vec![]),
        // Not configured and not the provider's to set.
        (
            &null,
            &config,
            &value(none(), s("a"), none(), s("x")),
            vec!["planned value \"x\" for a non-computed attribute"],
        ),
        // Configured, and planned otherwise.
        (
            &null,
            &config,
            &value(none(), s("A"), none(), none()),
            vec!["planned value \"A\" does not match config value \"a\""],
        ),
        // The provider says that what is there is the same as what is configured.
        (
            &prior,
            &value(none(), s("a"), none(), s("t")),
            &value(s("1"), s("a"), s("eu"), s("T")),
            vec![],
        ),
        (
            &prior,
            &value(none(), s("a"), none(), s("t")),
            &value(s("1"), s("a"), s("eu"), s("q")),
            vec!["planned value \"q\" does not match config value \"t\" nor prior value \"T\""],
        ),
        // Configured and optional and computed: not the provider's to change.
        (
            &null,
            &value(none(), s("a"), s("us"), none()),
            &value(none(), s("a"), unknown(), none()),
            vec!["planned value (unknown) does not match config value \"us\""],
        ),
    ] {
        let found = assert_plan_valid(&block, prior, config, planned);
        assert_eq!(messages(&found), expected);
    }
}

#[test]
fn planned_blocks_must_follow_the_configuration() {
    let item = |name: &str| simple_value(none(), s(name), none(), none());
    let element = simple().implied_type().clone();
    let block = with_blocks(Nesting::List);
    let null = Value::null(block.implied_type().clone());
    let config = disks(list(vec![item("a"), item("b")]));
    let unknown_list = Value::unknown(Type::list(element.clone()));
    for (config, planned, expected) in [
        (&config, config.clone(), vec![]),
        (
            &config,
            disks(list(vec![item("a")])),
            vec!["block count in plan (1) disagrees with count in config (2)"],
        ),
        (
            &config,
            disks(unknown_list.clone()),
            vec![super::valid::UNKNOWN_BLOCKS],
        ),
        (
            &config,
            disks(list(vec![item("a"), Value::unknown(element.clone())])),
            vec![super::valid::UNKNOWN_ELEMENT],
        ),
        (
            &config,
            disks(Value::null(Type::list(element.clone()))),
            vec![
                "attribute representing a list of nested blocks must be empty to indicate no blocks, not null",
            ],
        ),
        (
            &config,
            disks(list(vec![item("a"), item("c")])),
            vec!["planned value \"c\" does not match config value \"b\""],
        ),
        (&disks(unknown_list.clone()), disks(unknown_list), vec![]),
    ] {
        let found = assert_plan_valid(&block, &null, config, &planned);
        assert_eq!(messages(&found), expected);
    }
    let block = with_blocks(Nesting::Map);
    let null = Value::null(block.implied_type().clone());
    let config = disks(map([("k", item("a"))]));
    let planned = disks(map([("l", item("a"))]));
    assert_eq!(
        messages(&assert_plan_valid(&block, &null, &config, &planned)),
        [
            "block key \"l\" from plan is not present in config",
            "block key \"k\" from config is not present in plan"
        ]
    );
}

#[test]
fn planned_nested_attributes_must_follow_the_configuration() {
    let attributes = vec![("a", text(How::Optional)), ("b", text(How::Computed))];
    let block = block(
        [(
            "n",
            nested_attribute(Nesting::List, attributes, How::Optional),
        )],
        [],
    );
    let null = Value::null(block.implied_type().clone());
    let item = |a: &str, b: Value| object([("a", s(a)), ("b", b)]);
    let of = |items: Vec<Value>| object([("n", list(items))]);
    let config = of(vec![item("x", none())]);
    let element = item("x", none()).ty();
    for (planned, expected) in [
        (of(vec![item("x", unknown())]), vec![]),
        (
            of(vec![item("y", unknown())]),
            vec!["planned value \"y\" does not match config value \"x\""],
        ),
        (
            of(vec![item("x", none()), item("x", none())]),
            vec!["count in plan (2) disagrees with count in config (1)"],
        ),
        (
            object([("n", Value::unknown(Type::list(element.clone())))]),
            vec!["planned unknown for configured value"],
        ),
        (
            object([("n", Value::null(Type::list(element)))]),
            vec!["planned for absence but config wants existence"],
        ),
    ] {
        let found = assert_plan_valid(&block, &null, &config, &planned);
        assert_eq!(messages(&found), expected);
    }
}

/// The canary never shows up in a message, whether the schema or a mark makes it sensitive.
#[test]
fn messages_do_not_show_what_is_sensitive() {
    let mut block = simple();
    let null = Value::null(block.implied_type().clone());
    let canary = s("canary").with_marks(&Marks::SENSITIVE);
    let config = simple_value(none(), canary, none(), none());
    let planned = simple_value(none(), s("other"), none(), none());
    let expected = "sensitive planned value does not match config value";
    let found = assert_plan_valid(&block, &null, &config, &planned);
    assert_eq!(messages(&found), [expected]);
    let found = assert_object_compatible(&block, &config, &planned);
    assert_eq!(
        messages(&found),
        ["inconsistent values for sensitive attribute"]
    );

    block
        .attributes
        .get_mut("name")
        .expect("it is there")
        .sensitive = true;
    let config = config.unmark_deep();
    let found = assert_plan_valid(&block, &null, &config, &planned);
    assert_eq!(messages(&found), [expected]);
    let found = assert_object_compatible(&block, &config, &planned);
    assert_eq!(
        messages(&found),
        ["inconsistent values for sensitive attribute"]
    );
}

#[test]
fn a_write_only_attribute_is_planned_null() {
    let mut block = simple();
    block
        .attributes
        .get_mut("tag")
        .expect("it is there")
        .write_only = true;
    let null = Value::null(block.implied_type().clone());
    let config = simple_value(none(), s("a"), none(), s("secret"));
    let planned = simple_value(none(), s("a"), none(), none());
    assert_eq!(assert_plan_valid(&block, &null, &config, &planned), []);
    assert_eq!(strip_write_only(&block, &config), planned);
    assert_eq!(write_only_values(&block, &planned), []);
    let path = Path::new().attr("tag");
    assert_eq!(write_only_values(&block, &config), [path]);
    // A secret that comes back is not repeated in the message.
    let problems = assert_object_compatible(&block, &planned, &config);
    assert_eq!(problems.len(), 1);
    assert!(!problems[0].1.contains("secret"), "{}", problems[0].1);
}

#[test]
fn actual_objects_must_be_as_planned() {
    let block = simple();
    let null = Value::null(block.implied_type().clone());
    let planned = simple_value(unknown(), s("a"), none(), s("t"));
    for (planned, actual, expected) in [
        (&null, &null, vec![]),
        (&null, &planned, vec!["was absent, but now present"]),
        (&planned, &null, vec!["was present, but now absent"]),
        (
            &planned,
            &simple_value(s("1"), s("a"), none(), s("t")),
            vec![],
        ),
        (
            &planned,
            &simple_value(none(), s("a"), none(), s("t")),
            vec![],
        ),
        (
            &planned,
            &simple_value(s("1"), s("b"), s("z"), none()),
            vec![
                "was \"a\", but now \"b\"",
                "was \"t\", but now null",
                "was null, but now \"z\"",
            ],
        ),
        (
            &planned,
            &simple_value(s("1"), unknown(), none(), s("t")),
            vec!["was known, but now unknown"],
        ),
        (
            &planned,
            &simple_value(Value::TRUE, s("a"), none(), s("t")),
            vec!["wrong final value type: string required, but have bool"],
        ),
    ] {
        let found = assert_object_compatible(&block, planned, actual);
        assert_eq!(messages(&found), expected);
    }
}

#[test]
fn refinements_bind_the_actual_value() {
    let block = simple();
    let mut refinements = terrane_value::Refinements::NOT_NULL;
    refinements.prefix = Some("i-".into());
    let id = Value::unknown_refined(Type::String, refinements);
    let planned = simple_value(id, s("a"), none(), none());
    for (id, problems) in [(s("i-7"), 0), (s("j-7"), 1), (none(), 1)] {
        let actual = simple_value(id, s("a"), none(), none());
        assert_eq!(
            assert_object_compatible(&block, &planned, &actual).len(),
            problems
        );
    }
}

#[test]
fn actual_sets_may_shrink_but_not_grow() {
    let element = Type::Set(Arc::new(Type::String));
    let block = block(
        [("x", attribute(AttributeType::Plain(element), How::Optional))],
        [],
    );
    let of = |items: Vec<Value>| object([("x", set(items))]);
    let planned = of(vec![s("a"), unknown(), unknown()]);
    for (actual, expected) in [
        (of(vec![s("a"), s("b"), s("c")]), vec![]),
        (of(vec![s("a")]), vec![]),
        (
            of(vec![s("b"), s("c")]),
            vec!["planned set element \"a\" does not correlate with any element in actual"],
        ),
        (
            of(vec![s("a"), s("b"), s("c"), s("d")]),
            vec!["length changed from 3 to 4"],
        ),
    ] {
        let found = assert_object_compatible(&block, &planned, &actual);
        assert_eq!(messages(&found), expected);
    }
    let found = assert_object_compatible(&block, &of(vec![s("a")]), &of(vec![s("b")]));
    assert_eq!(found.len(), 2);
}

#[test]
fn actual_blocks_must_be_as_planned() {
    let item = |id: Value, name: &str| simple_value(id, s(name), none(), none());
    let block = with_blocks(Nesting::List);
    let planned = disks(list(vec![item(unknown(), "a")]));
    let cases = [
        (disks(list(vec![item(s("1"), "a")])), vec![]),
        (
            disks(list(vec![item(s("1"), "a"), item(s("1"), "a")])),
            vec!["block count changed from 1 to 2"],
        ),
        (
            disks(list(vec![item(s("1"), "b")])),
            vec!["was \"a\", but now \"b\""],
        ),
    ];
    for (actual, expected) in cases {
        let found = assert_object_compatible(&block, &planned, &actual);
        assert_eq!(messages(&found), expected);
    }
    let block = with_blocks(Nesting::Set);
    let planned = disks(set(vec![item(unknown(), "a"), item(unknown(), "b")]));
    let good = disks(set(vec![item(s("1"), "b"), item(s("2"), "a")]));
    assert_eq!(assert_object_compatible(&block, &planned, &good), []);
    let wrong = disks(set(vec![item(s("1"), "b"), item(s("2"), "c")]));
    assert_eq!(assert_object_compatible(&block, &planned, &wrong).len(), 2);
}

#[test]
fn legacy_objects_are_mended() {
    let element = simple().implied_type().clone();
    let block = with_blocks(Nesting::List);
    let normal = |value: Value| normalize_from_legacy(&block, &disks(value));
    assert_eq!(
        normal(Value::null(Type::list(element.clone()))),
        disks(Value::list(element.clone(), vec![]))
    );
    let open = Value::unknown(Type::list(element.clone()));
    assert_eq!(normal(open.clone()), disks(open));
    let block = with_blocks(Nesting::Group);
    let normal = |value: Value| normalize_from_legacy(&block, &disks(value));
    assert_eq!(
        normal(Value::null(element.clone())),
        disks(simple_value(none(), none(), none(), none()))
    );
    let open = Value::unknown(element);
    assert_eq!(normal(open.clone()), disks(open));
}

fn ignoring(paths: Vec<Path>) -> IgnoreChanges {
    IgnoreChanges::Paths(
        paths
            .into_iter()
            .map(|path| (path, Span::new(terrane_lang::source::FileId(0), 0, 0)))
            .collect(),
    )
}

#[test]
fn ignored_changes_are_taken_from_the_prior_object() {
    let block = simple();
    let null = Value::null(block.implied_type().clone());
    let prior = simple_value(s("1"), s("a"), s("eu"), s("t"));
    let config = simple_value(none(), s("b"), none(), s("u"));
    let process = |prior: &Value, ignore: &IgnoreChanges| {
        process_ignore_changes(prior, &config, ignore, &block)
    };
    assert_eq!(process(&prior, &IgnoreChanges::None), config);
    let name = ignoring(vec![Path::new().attr("name")]);
    assert_eq!(process(&null, &name), config);
    assert_eq!(
        process(&prior, &name),
        simple_value(none(), s("a"), none(), s("u"))
    );
    assert_eq!(
        process(&prior, &IgnoreChanges::All),
        simple_value(none(), s("a"), s("eu"), s("t"))
    );
}

#[test]
fn keys_of_maps_are_ignored_one_by_one() {
    let ty = Type::map(Type::String);
    let block = block(
        [(
            "tags",
            attribute(AttributeType::Plain(ty.clone()), How::Optional),
        )],
        [],
    );
    let of = |value: Value| object([("tags", value)]);
    let key = |name: &str| Path::new().attr("tags").index(s(name));
    let prior = of(map([("a", s("1")), ("b", s("2"))]));
    for (config, paths, expected) in [
        (map([("a", s("9"))]), vec![key("a")], map([("a", s("1"))])),
        (map([("c", s("9"))]), vec![key("c")], map([])),
        (
            map([("a", s("9"))]),
            vec![key("a"), key("b")],
            map([("a", s("1")), ("b", s("2"))]),
        ),
        (
            Value::null(ty.clone()),
            vec![key("a")],
            map([("a", s("1"))]),
        ),
        (
            Value::null(ty.clone()),
            vec![key("z")],
            Value::null(ty.clone()),
        ),
        (
            Value::unknown(ty.clone()),
            vec![key("a")],
            Value::unknown(ty.clone()),
        ),
        (
            map([("a", s("9"))]),
            vec![Path::new().attr("tags")],
            map([("a", s("1")), ("b", s("2"))]),
        ),
    ] {
        let found = process_ignore_changes(&prior, &of(config), &ignoring(paths), &block);
        assert_eq!(found, of(expected));
    }
}

/// An index with a name means a key of a map. Of an object it means the whole, and nothing if more follows.
#[test]
fn objects_have_no_keys_to_be_ignored() {
    let any = attribute(AttributeType::Plain(Type::Dynamic), How::Optional);
    let block = block([("input", any)], []);
    let of = |a: &str, b: &str| {
        let inner = object([("a", object([("x", s(a))])), ("b", s(b))]);
        object([("input", inner)])
    };
    let (prior, config) = (of("1", "2"), of("8", "9"));
    let input = || Path::new().attr("input");
    for (path, expected) in [
        (input().index(s("b")), of("1", "2")),
        (input().attr("b"), of("8", "2")),
        (input().attr("a").index(s("x")), of("1", "9")),
        (input().index(s("a")).index(s("x")), of("8", "9")),
    ] {
        let found = process_ignore_changes(&prior, &config, &ignoring(vec![path]), &block);
        assert_eq!(found, expected);
    }
    // What is kept of a secret stays one.
    let secret = Marks::SENSITIVE;
    let inner = object([("a", s("1").with_marks(&secret)), ("b", s("2"))]);
    let before = object([("input", inner)]);
    let ignored = ignoring(vec![input().index(s("b"))]);
    let kept = kept_marks(&before, &config, &ignored);
    assert_eq!(kept, vec![(input().attr("a"), secret)]);
}

/// `.a` ignores nothing of a map, so what the configuration marks there stays marked.
#[test]
fn marks_stay_where_nothing_is_ignored() {
    let tags = |value: Value| object([("tags", map([("a", value)]))]);
    let secret = Marks::SENSITIVE;
    let (before, config) = (tags(s("1")), tags(s("2").with_marks(&secret)));
    let at = Path::new().attr("tags");
    let nothing = ignoring(vec![at.clone().attr("a")]);
    let kept = kept_marks(&before, &config, &nothing);
    assert_eq!(kept, vec![(at.clone().index(s("a")), secret)]);
    let key = ignoring(vec![at.index(s("a"))]);
    assert_eq!(kept_marks(&before, &config, &key), Vec::new());
}

#[test]
fn elements_and_nested_attributes_are_ignored() {
    let block = with_blocks(Nesting::List);
    let item = |name: &str| simple_value(none(), s(name), none(), none());
    let prior = disks(list(vec![item("a"), item("b")]));
    let config = disks(list(vec![item("x"), item("y")]));
    let path = |at: i64| {
        Path::new()
            .attr("disk")
            .index(Value::number(at))
            .attr("name")
    };
    let found = process_ignore_changes(&prior, &config, &ignoring(vec![path(1), path(7)]), &block);
    assert_eq!(found, disks(list(vec![item("x"), item("b")])));
}

/// As the peers, watched: a key is of a map, an attribute is of an object, and a key at the end that is of no map means the whole.
#[test]
fn ways_to_what_is_ignored_are_taken_as_they_are_written() {
    let block = block(
        [(
            "input",
            attribute(AttributeType::Plain(Type::Dynamic), How::Optional),
        )],
        [],
    );
    let numbers = |a: i64, b: i64| Value::tuple(vec![Value::number(a), Value::number(b)]);
    let inner = |y: Value, k: i64| object([("y", y), ("o", object([("k", Value::number(k))]))]);
    let prior = inner(numbers(1, 2), 1);
    let config = inner(numbers(3, 4), 2);
    let input = || Path::new().attr("input");
    let zero = || Value::number(0);
    let old_map = map([("a", s("1"))]);
    let new_map = map([("a", s("2"))]);
    for (prior, config, path, expected) in [
        (
            &prior,
            &config,
            input().index(s("y")).index(zero()),
            config.clone(),
        ),
        (
            &prior,
            &config,
            input().attr("y").index(zero()),
            inner(numbers(1, 4), 2),
        ),
        (&prior, &config, input().attr("y"), inner(numbers(1, 2), 2)),
        (&prior, &config, input().index(s("y")), prior.clone()),
        (&prior, &config, input().index(s("none")), prior.clone()),
        (
            &prior,
            &config,
            input().index(s("o")).attr("k"),
            config.clone(),
        ),
        (
            &prior,
            &config,
            input().attr("o").index(s("k")),
            inner(numbers(3, 4), 1),
        ),
        (&old_map, &new_map, input().attr("a"), new_map.clone()),
        (&old_map, &new_map, input().index(s("a")), old_map.clone()),
    ] {
        let of = |value: &Value| object([("input", value.clone())]);
        let ignore = ignoring(vec![path.clone()]);
        let found = process_ignore_changes(&of(prior), &of(config), &ignore, &block);
        assert_eq!(found, of(&expected), "{path:?}");
    }
}

#[test]
fn only_what_changes_forces_a_replacement() {
    let mut block = simple();
    let before = simple_value(s("1"), s("a"), s("eu"), s("t"));
    let planned = simple_value(s("1"), s("b"), unknown(), s("t"));
    let path = |name: &str| Path::new().attr(name);
    let paths = [
        path("name"),
        path("zone"),
        path("tag"),
        path("nope"),
        path("name"),
    ];
    let found = filter_replace_paths(&block, &before, &planned, &paths);
    assert_eq!(found.changed, [path("name"), path("zone")]);
    assert_eq!(found.missing, [path("nope")]);
    assert!(!found.write_only);

    block
        .attributes
        .get_mut("tag")
        .expect("it is there")
        .write_only = true;
    let found = filter_replace_paths(&block, &before, &planned, &paths);
    assert_eq!(found.changed, [path("name"), path("zone"), path("tag")]);
    assert!(found.write_only);

    let null = Value::null(block.implied_type().clone());
    assert_eq!(
        filter_replace_paths(&block, &null, &planned, &paths),
        ReplacePaths::default()
    );
}

#[test]
fn what_is_kept_of_a_secret_stays_one() {
    let secret = |text: &str| s(text).with_marks(&Marks::SENSITIVE);
    let object =
        |a: Value, b: Value| Value::object([(EcoString::from("a"), a), (EcoString::from("b"), b)]);
    let before = object(secret("1"), s("2"));
    let config = object(s("3"), secret("4"));
    let paths = |ignore: &IgnoreChanges| -> Vec<Path> {
        let found = kept_marks(&before, &config, ignore);
        found.into_iter().map(|(path, _)| path).collect()
    };
    let ignoring = |path: Path| {
        IgnoreChanges::Paths(vec![(
            path,
            Span::new(terrane_lang::source::FileId(0), 0, 0),
        )])
    };
    let (a, b) = (Path::new().attr("a"), Path::new().attr("b"));
    assert_eq!(paths(&IgnoreChanges::None), std::slice::from_ref(&b));
    assert_eq!(paths(&IgnoreChanges::All), std::slice::from_ref(&a));
    assert_eq!(paths(&ignoring(a.clone())), [b.clone(), a.clone()]);
    assert_eq!(paths(&ignoring(b.clone())), Vec::<Path>::new());
    assert_eq!(
        paths(&ignoring(a.clone().attr("deep"))),
        [b, a.attr("deep")]
    );
}

#[test]
fn marks_come_from_schemas_and_paths() {
    let mut inner = simple();
    inner
        .attributes
        .get_mut("tag")
        .expect("it is there")
        .sensitive = true;
    let block = block(
        [("id", text(How::Computed))],
        [("disk", nested(Nesting::List, inner))],
    );
    let item = simple_value(none(), s("a"), none(), s("secret"));
    let value = disks(list(vec![item]));
    let marked = schema_marks(&block, &value);
    let tag = Path::new().attr("disk").index(Value::number(0)).attr("tag");
    assert_eq!(marked_paths(&marked), [(tag.clone(), Marks::SENSITIVE)]);
    assert_eq!(marked.unmark_deep(), value);
    assert_eq!(mark_by_paths(&value, &[tag], &Marks::SENSITIVE), marked);
    let nowhere = Path::new().attr("disk").index(Value::number(4)).attr("tag");
    assert_eq!(mark_by_paths(&value, &[nowhere], &Marks::SENSITIVE), value);
}
