//! `local_file` and `local_sensitive_file`: a file with a given content. Every change makes a new one.

use super::digest;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{ErrorKind, Write as _};
use std::path::{Path as FilePath, PathBuf};
use terrane_model::provider::{ImportedObject, Private, ProviderDiagnostic, Resolution};
use terrane_model::schema::{Attribute, Block, Schema};
use terrane_provider::args;
use terrane_provider::native::{Answered, Change, Object, Refusal, Resource};
use terrane_provider::plan::Rules;
use terrane_value::Value;

#[derive(Debug)]
pub(super) struct File {
    /// Whether this is `local_sensitive_file`.
    pub(super) secret: bool,
}

impl File {
    /// The arguments of which exactly one gives the content.
    fn contents(&self) -> &'static [&'static str] {
        if self.secret {
            &["content", "content_base64", "source"]
        } else {
            &["content", "sensitive_content", "content_base64", "source"]
        }
    }

    fn type_name(&self) -> &'static str {
        if self.secret {
            "local_sensitive_file"
        } else {
            "local_file"
        }
    }

    fn default_permission(&self) -> &'static str {
        if self.secret { "0700" } else { "0777" }
    }
}

/// Three or four octal digits, as a number.
fn mode(text: &str) -> Option<u32> {
    let digits =
        (3..=4).contains(&text.len()) && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    digits.then(|| u32::from_str_radix(text, 8).ok()).flatten()
}

fn check_mode(config: &Value, name: &str) -> Option<ProviderDiagnostic> {
    let text = args::string(config, name)?;
    mode(text).is_none().then(|| {
        args::complaint(
            name,
            "Invalid Attribute Value",
            format!("Attribute {name} must be three or four octal digits such as \"0644\", got: \"{text}\""),
        )
    })
}

/// What a file is to be made of.
struct Job {
    filename: PathBuf,
    /// `None`: not said (a plan that was kept without its secrets).
    content: Option<Content>,
    file_mode: u32,
    directory_mode: u32,
}

enum Content {
    Bytes(Vec<u8>),
    Source(PathBuf),
}

fn job(object: &Value) -> Result<Job, Refusal> {
    let text = |name| args::string(object, name);
    let invalid = |name: &str| {
        args::complaint(
            name,
            "Create local file error",
            format!("Attribute {name} is not valid."),
        )
    };
    let content = if let Some(text) = text("content").or_else(|| text("sensitive_content")) {
        Some(Content::Bytes(text.as_bytes().to_vec()))
    } else if let Some(encoded) = text("content_base64") {
        let bytes = STANDARD.decode(encoded).map_err(|problem| {
            args::complaint(
                "content_base64",
                "Create local file error",
                format!("The content is not base64: {problem}"),
            )
        })?;
        Some(Content::Bytes(bytes))
    } else {
        text("source").map(|source| Content::Source(source.into()))
    };
    Ok(Job {
        filename: text("filename").ok_or_else(|| invalid("filename"))?.into(),
        content,
        file_mode: text("file_permission")
            .and_then(mode)
            .ok_or_else(|| invalid("file_permission"))?,
        directory_mode: text("directory_permission")
            .and_then(mode)
            .ok_or_else(|| invalid("directory_permission"))?,
    })
}

/// Writes the file and gives its content.
fn write(job: Job) -> Result<Vec<u8>, Refusal> {
    let Job {
        filename,
        content,
        file_mode,
        directory_mode,
    } = job;
    let failed = |what: &str, path: &FilePath, error: &std::io::Error| {
        Refusal::error(
            "Create local file error",
            format!(
                "An unexpected error occurred while {what} {}: {error}",
                path.display()
            ),
        )
    };
    let content = match content {
        None => Vec::new(),
        Some(Content::Bytes(bytes)) => bytes,
        Some(Content::Source(source)) => {
            std::fs::read(&source).map_err(|error| failed("reading", &source, &error))?
        }
    };
    if let Some(parent) = filename
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        make_directories(parent, directory_mode)
            .map_err(|error| failed("making the directory", parent, &error))?;
    }
    open(&filename, file_mode)
        .and_then(|mut file| file.write_all(&content))
        .map_err(|error| failed("writing", &filename, &error))?;
    Ok(content)
}

#[cfg(unix)]
fn make_directories(path: &FilePath, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
}

#[cfg(not(unix))]
fn make_directories(path: &FilePath, _mode: u32) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Opens an empty file. The permissions are those of a new file; one that was there keeps its own.
fn open(path: &FilePath, mode: u32) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

/// Runs file work where it does not hold up others.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Answered<T> + Send + 'static,
) -> Answered<T> {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|problem| Refusal::error("File work was interrupted", problem.to_string()))?
}

#[async_trait]
impl Resource for File {
    fn schema(&self) -> Schema {
        let given = |text: &str| {
            let attribute = Attribute::string().optional().described(text);
            if self.secret {
                attribute.sensitive()
            } else {
                attribute
            }
        };
        let permission = |text: &str| Attribute::string().optional().computed().described(text);
        let mut block = digest::with_schema(Block::new())
            .attr("content", given("The content, as a string."))
            .attr("content_base64", given("The content, in base64."))
            .attr(
                "directory_permission",
                permission("Permissions of directories that are made, in octal digits, before umask."),
            )
            .attr(
                "file_permission",
                permission("Permissions of the file, in octal digits, before umask."),
            )
            .attr(
                "filename",
                Attribute::string()
                    .required()
                    .described("The path of the file. Missing directories are made; a file that is there is overwritten."),
            )
            .attr(
                "source",
                Attribute::string().optional().described("A file to copy."),
            );
        if !self.secret {
            block = block.attr(
                "sensitive_content",
                Attribute::string()
                    .optional()
                    .sensitive()
                    .deprecated("Use the `local_sensitive_file` resource instead")
                    .described("The content, as a string that is not shown."),
            );
        }
        Schema::new(0, block)
    }

    fn rules(&self) -> Rules {
        let permission = Value::string(self.default_permission());
        Rules::new()
            .unset_is("directory_permission", permission.clone())
            .unset_is("file_permission", permission)
            .replace(self.contents())
            .replace(&["directory_permission", "file_permission", "filename"])
    }

    async fn validate(&self, config: &Value) -> Vec<ProviderDiagnostic> {
        let one = args::check_exactly_one(config, self.contents());
        let modes = ["directory_permission", "file_permission"]
            .into_iter()
            .filter_map(|name| check_mode(config, name));
        one.into_iter().chain(modes).collect()
    }

    async fn create(&self, change: Change) -> Answered<Object> {
        let job = job(&change.planned)?;
        let sums = aside(move || Ok(digest::attributes(&write(job)?))).await?;
        Ok(change.done(args::with_all(&change.planned, sums)))
    }

    /// A file that is missing, or whose content is another, counts as gone: it is made again.
    async fn read(&self, object: Object) -> Answered<Option<Object>> {
        let filename = args::string(&object.state, "filename").unwrap_or_default();
        let filename = PathBuf::from(filename);
        let found = aside(move || match std::fs::read(&filename) {
            Ok(content) => Ok(Some(digest::id(&content))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Refusal::error(
                "Read local file error",
                format!(
                    "An unexpected error occurred while reading {}: {error}",
                    filename.display()
                ),
            )),
        })
        .await?;
        let same = found.as_deref() == args::string(&object.state, "id");
        Ok(same.then_some(object))
    }

    /// The file tells: it is there, with the planned content or another, or it is not.
    async fn resolve(&self, _token: &str, planned: &Value) -> Answered<Resolution> {
        let Some(filename) = args::string(planned, "filename").map(PathBuf::from) else {
            return Ok(Resolution::CannotTell);
        };
        let wanted = job(planned).ok().map(|job| job.content);
        let found = aside(move || {
            let content = match std::fs::read(&filename) {
                Ok(content) => content,
                // Where a folder on the way is a file, there is nothing either.
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
                {
                    return Ok(None);
                }
                Err(_) => return Ok(Some(None)),
            };
            let same = match wanted {
                Some(Some(Content::Bytes(bytes))) => bytes == content,
                Some(Some(Content::Source(source))) => {
                    std::fs::read(source).is_ok_and(|bytes| bytes == content)
                }
                Some(None) | None => false,
            };
            Ok(Some(same.then(|| digest::attributes(&content))))
        })
        .await?;
        Ok(match found {
            None => Resolution::NeverHappened,
            Some(None) => Resolution::CannotTell,
            Some(Some(sums)) => Resolution::Happened(ImportedObject {
                type_name: self.type_name().into(),
                state: args::with_all(planned, sums),
                private: Private::default(),
                identity: Value::NULL,
            }),
        })
    }

    async fn delete(&self, change: Change) -> Answered<()> {
        let filename = args::string(&change.prior, "filename").unwrap_or_default();
        let filename = PathBuf::from(filename);
        aside(move || match std::fs::remove_file(&filename) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Refusal::error(
                "Delete local file error",
                format!(
                    "An unexpected error occurred while deleting {}: {error}",
                    filename.display()
                ),
            )),
            _ => Ok(()),
        })
        .await
    }
}
