use crate::provider;
use terrane_model::provider::Call;
use terrane_provider::ProviderFactory as _;
use terrane_provider::conformance::{Case, check};
use terrane_value::Value;

/// The suite that every provider passes. (It configures with nothing, so this provider can make no notes in it: only its schema, its refusals and its manners
/// with bad input are looked at.)
#[tokio::test]
async fn schema_and_manners() {
    let refused = Case::refused("notes_note", [("title", Value::string("a/b"))]);
    let faults = check(&provider(), &[refused]).await;
    assert_eq!(faults, Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_without_name_is_refused() {
    let instance = provider().start().await.unwrap();
    for (folder, refused) in [("", true), ("here", false)] {
        let config = Value::object([("folder", Value::string(folder))]);
        let reply = instance.call(Call::ValidateProviderConfig { config }).await;
        assert_eq!(reply.unwrap().has_errors(), refused, "{folder:?}");
    }
}

/// What the guide shows is what is here.
#[test]
fn the_guide_shows_this_code() {
    let guide = include_str!("../../../docs/guide/write-a-provider.md");
    let sources = [
        include_str!("main.rs"),
        include_str!("settings.rs"),
        include_str!("note.rs"),
        include_str!("count.rs"),
        include_str!("log.rs"),
        include_str!("slug.rs"),
    ];
    let blocks: Vec<&str> = guide
        .split("```rust\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() > 4);
    for block in blocks {
        let found = sources.iter().any(|source| source.contains(block));
        assert!(
            found,
            "the guide shows what is not in the template:\n{block}"
        );
    }
}
