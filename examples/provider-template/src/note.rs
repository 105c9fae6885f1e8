//! `notes_note`: one note.

use crate::settings::Folder;
use async_trait::async_trait;
use std::io::ErrorKind;
use std::path::PathBuf;
use terrane_model::provider::{ImportTarget, ProviderDiagnostic};
use terrane_model::schema::{Attribute, Block, IdentitySchema, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::Rules;
use terrane_value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Note(pub(crate) Folder);

impl Note {
    fn path(&self, id: &str) -> Answered<PathBuf> {
        Ok(self.0.path()?.join(format!("{id}.txt")))
    }

    /// Writes the file. `state` has the title and the text.
    fn write(&self, state: &Value) -> Answered<Object> {
        let id = args::string(state, "title").unwrap_or_default().to_owned();
        let text = args::string(state, "text").unwrap_or_default();
        let path = self.path(&id)?;
        std::fs::create_dir_all(self.0.path()?)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|error| Refusal::error("Can't write the note", error.to_string()))?;
        Ok(object(state, &id, text))
    }
}

/// What is stored of a note.
fn object(state: &Value, id: &str, text: &str) -> Object {
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let changes = [
        ("id", Value::string(id)),
        ("title", Value::string(id)),
        ("text", Value::string(text)),
        ("length", Value::number(length)),
    ];
    Object {
        identity: Value::object([("title", Value::string(id))]),
        ..Object::new(args::with_all(state, changes))
    }
}

#[async_trait]
impl Resource for Note {
    fn schema(&self) -> Schema {
        let block = Block::new()
            .attr(
                "title",
                Attribute::string()
                    .required()
                    .described("Names the file. Another title is another note."),
            )
            .attr(
                "text",
                Attribute::string()
                    .optional()
                    .computed()
                    .described("Nothing, if it is not set."),
            )
            .attr("id", Attribute::string().computed())
            .attr("length", Attribute::number().computed());
        Schema::new(0, block)
    }

    /// The rules of the usual plan: what needs a new note, what is the default, what is known only afterwards.
    fn rules(&self) -> Rules {
        Rules::new()
            .replace(&["title"])
            .unset_is("text", Value::string(""))
            .recomputed(&["length"])
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new([("title", Type::String, true)]))
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        match args::string(config, "title") {
            Some(title) if title.is_empty() || title.contains(['/', '\0']) => {
                vec![args::complaint(
                    "title",
                    "Unsuitable title",
                    "A title must not be empty, and holds no slash.",
                )]
            }
            _ => Vec::new(),
        }
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        self.write(&change.planned)
    }

    async fn update(&self, change: Change) -> Answered<Object> {
        self.write(&change.planned)
    }

    async fn delete(&self, change: Change) -> Answered<()> {
        let id = args::string(&change.prior, "id").unwrap_or_default();
        match std::fs::remove_file(self.path(id)?) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Refusal::error("Can't delete the note", error.to_string()))
            }
            _ => Ok(()),
        }
    }

    async fn read(&self, before: Object) -> Answered<Option<Object>> {
        let id = args::string(&before.state, "id").unwrap_or_default();
        match std::fs::read_to_string(self.path(id)?) {
            Ok(text) => Ok(Some(object(&before.state, id, &text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Refusal::error("Can't read the note", error.to_string())),
        }
    }

    /// Gives as much as it takes to find the note: it is read next.
    async fn import(&self, target: &ImportTarget) -> Answered<Object> {
        let title = match target {
            ImportTarget::Id(id) => id.as_str(),
            ImportTarget::Identity(identity) => args::string(identity, "title").unwrap_or_default(),
        };
        match std::fs::read_to_string(self.path(title)?) {
            Ok(text) => {
                let nothing = self.schema().block.empty_value();
                Ok(object(&nothing, title, &text))
            }
            Err(error) => Err(Refusal::error(
                "No such note",
                format!("The note {title} can't be read: {error}."),
            )),
        }
    }
}
