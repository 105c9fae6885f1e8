//! A world that outlives its process: every change of the ledger is a line of a file before it is answered.
//!
//! For tests that kill real processes. A line that was cut off by the kill never was: the change is lost together with its answer, as if the request had not
//! arrived. One process writes at a time; another one may read a copy of the ledger with [`World::recorded`] once the first is gone.

use crate::schema::kind;
use crate::world::{Done, Entity, Inner, World};
use ecow::EcoString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use terrane_value::{Type, Value, json};

/// The file of a recorded world.
#[derive(Debug)]
pub(crate) struct Record(File);

/// What became of an object.
struct Line<'a> {
    type_name: &'a str,
    id: &'a str,
    /// The token of the change; empty for drift.
    token: &'a str,
    /// The token of the creation.
    made_by: &'a str,
    /// The object; `None`: it is gone.
    state: Option<&'a Value>,
}

fn line_type() -> Type {
    Type::object(["type", "id", "token", "made_by", "state"].map(|name| (name, Type::String)))
}

impl World {
    /// The world whose ledger is in this file: an empty one if there is no such file. Changes are appended to it.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn recorded(path: &Path, seed: u64) -> io::Result<Self> {
        let world = Self::new(seed);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        let mut inner = world.lock();
        let mut whole = 0;
        let mut reader = BufReader::new(&file);
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 && line.ends_with('\n') {
            inner.replay(&line).map_err(|problem| {
                io::Error::new(io::ErrorKind::InvalidData, format!("ledger: {problem}"))
            })?;
            whole += u64::try_from(line.len()).unwrap_or_default();
            line.clear();
        }
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        inner.record = Some(Record(file));
        drop(inner);
        Ok(world)
    }
}

impl Inner {
    /// Writes down what became of an object. Nothing where the world is not recorded.
    ///
    /// # Panics
    /// When the file cannot be written: a test whose ledger is not kept must not go on.
    pub(crate) fn note(&mut self, type_name: &str, id: &str, token: &str) {
        let Some(Record(file)) = &mut self.record else {
            return;
        };
        let entity = self.entities.get(id);
        let line = Line {
            type_name,
            id,
            token,
            made_by: entity.map_or("", |entity| entity.token.as_str()),
            state: entity.map(|entity| &entity.state),
        };
        file.write_all(line.text().as_bytes())
            .expect("the ledger of a recorded world can be written");
    }

    fn replay(&mut self, text: &str) -> Result<(), String> {
        let line = json::decode(text, &line_type()).map_err(|error| error.to_string())?;
        let part = |name: &str| {
            let text = line.get(name).and_then(Value::as_str);
            text.map(EcoString::from)
        };
        let (Some(type_name), Some(id), Some(token), Some(made_by)) =
            (part("type"), part("id"), part("token"), part("made_by"))
        else {
            return Err("a line is incomplete".to_owned());
        };
        let kind = kind(&type_name).ok_or("a line of an unknown type")?;
        let state = match part("state") {
            None => None,
            Some(text) => {
                let ty = kind.schema.block.implied_type();
                Some(json::decode(&text, ty).map_err(|error| error.to_string())?)
            }
        };
        match &state {
            None => {
                self.entities.remove(&id);
            }
            Some(state) => {
                let entity = Entity {
                    type_name: type_name.clone(),
                    id: id.clone(),
                    state: state.clone(),
                    token: made_by,
                    before: None,
                };
                self.entities.insert(id.clone(), entity);
            }
        }
        if !token.is_empty() {
            let done = Done {
                type_name,
                id,
                state,
            };
            self.done.insert(token, done);
        }
        Ok(())
    }
}

impl Line<'_> {
    fn text(&self) -> String {
        let Self {
            type_name,
            id,
            token,
            made_by,
            state,
        } = self;
        let state = match state {
            Some(state) => {
                let ty = kind(type_name).map_or(Type::Dynamic, |kind| {
                    kind.schema.block.implied_type().clone()
                });
                Value::string(json::encode(state, &ty).unwrap_or_default())
            }
            None => Value::null(Type::String),
        };
        let line = Value::object([
            ("type", Value::string(*type_name)),
            ("id", Value::string(*id)),
            ("token", Value::string(*token)),
            ("made_by", Value::string(*made_by)),
            ("state", state),
        ]);
        let mut text = json::encode(&line, &line_type()).unwrap_or_default();
        text.push('\n');
        text
    }
}
