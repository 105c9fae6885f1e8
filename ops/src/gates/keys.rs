//! Private keys: files as OpenSSH writes them, with a passphrase.

use crate::failure::Failure;
use crate::rules;
use crate::session::Session;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{Cipher, Kdf, LineEnding};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use terrane_gate::key::{PrivateKey, PublicKey};

/// Names the file of the key.
const VARIABLE: &str = "TERRANE_KEY";
/// Its passphrase, where nobody can be asked.
const PASSPHRASE: &str = "TERRANE_KEY_PASSPHRASE";
/// How often the passphrase is hashed: about as long as `ssh-keygen` takes.
const ROUNDS: u32 = 16;

/// Asks for a passphrase; `None`: nobody can be asked.
pub type Ask<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// Where the key is: what is given, else what the environment says, else in the user's folder.
///
/// # Errors
/// When there is no folder for it.
pub fn path(session: &Session, given: Option<&str>) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return Ok(given.into());
    }
    let var = |name: &str| session.env.get(name).filter(|value| !value.is_empty());
    if let Some(path) = var(VARIABLE) {
        return Ok(path.into());
    }
    let folder = match (var("XDG_CONFIG_HOME"), var("HOME"), var("APPDATA")) {
        (Some(folder), _, _) | (None, None, Some(folder)) => PathBuf::from(folder),
        (None, Some(home), _) => Path::new(home).join(".config"),
        (None, None, None) => {
            return Err(Failure::input(
                &rules::gates::NO_KEY,
                "There is no home folder to keep a key in. Name a file with -key=FILE or TERRANE_KEY.",
            ));
        }
    };
    Ok(folder.join("terrane").join("key"))
}

/// Makes a key and writes it. An empty passphrase leaves it unprotected.
///
/// # Errors
/// When there is a file already, or it can't be written.
pub fn generate(path: &Path, passphrase: &str, comment: &str) -> Result<PublicKey, Failure> {
    let seed: [u8; 32] = rand::random();
    let pair = Ed25519Keypair::from_seed(&seed);
    let broken = |_| {
        Failure::input(
            &rules::gates::NO_KEY,
            "The key can't be written in the form of OpenSSH.",
        )
    };
    let mut key = ssh_key::PrivateKey::new(KeypairData::Ed25519(pair), comment).map_err(broken)?;
    if !passphrase.is_empty() {
        let salt: [u8; 16] = rand::random();
        let kdf = Kdf::Bcrypt {
            salt: salt.to_vec(),
            rounds: ROUNDS,
        };
        key = key
            .encrypt_with(Cipher::Aes256Ctr, kdf, rand::random(), passphrase)
            .map_err(broken)?;
    }
    let text = key.to_openssh(LineEnding::LF).map_err(broken)?;
    let public = ssh_key::PublicKey::new(key.public_key().key_data().clone(), comment);
    let public = public.to_openssh().map_err(broken)?;
    write_new(path, text.as_bytes())?;
    // Another file of that name would be of another key: it is left, and `find` does not take its word.
    let beside = beside(path);
    if !beside.exists() {
        write_new(&beside, format!("{public}\n").as_bytes())?;
    }
    Ok(PrivateKey::from_seed(&seed).public())
}

/// Where the public half lies, as with `ssh-keygen`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = || Failure::io(format!("Writing the key to {} failed", path.display()));
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(failed())?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(Failure::input(
                &rules::gates::KEY_EXISTS,
                format!(
                    "There is a file {} already, and a key that is overwritten is lost. Name another one with -key=FILE.",
                    path.display()
                ),
            ));
        }
        opened => opened.map_err(failed())?,
    };
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed())
}

/// A key in a file, and whether it is protected.
#[derive(Debug)]
pub struct Found {
    /// The public key.
    pub public: PublicKey,
    /// Whether it has a passphrase.
    pub is_protected: bool,
    /// Whom it says it belongs to.
    pub comment: String,
}

/// Looks at a key, without its passphrase.
///
/// # Errors
/// When there is none, or it is of another kind.
pub fn find(path: &Path) -> Result<Found, Failure> {
    let key = read(path)?;
    let public = key.public_key();
    let bytes = public
        .key_data()
        .ed25519()
        .ok_or_else(|| other_kind(path))?;
    Ok(Found {
        public: PublicKey(bytes.0),
        is_protected: key.is_encrypted(),
        comment: comment(path, &key),
    })
}

/// A passphrase hides the comment too; the file beside the key tells it, if it is of this key.
fn comment(path: &Path, key: &ssh_key::PrivateKey) -> String {
    if !key.is_encrypted() {
        return key.comment().to_string();
    }
    std::fs::read_to_string(beside(path))
        .ok()
        .and_then(|text| ssh_key::PublicKey::from_openssh(text.trim()).ok())
        .filter(|public| public.key_data() == key.public_key().key_data())
        .map(|public| public.comment().to_string())
        .unwrap_or_default()
}

/// Opens a key.
///
/// # Errors
/// When there is none, others may read it, or the passphrase is not right.
pub fn load(session: &Session, path: &Path, ask: Ask<'_>) -> Result<PrivateKey, Failure> {
    check_private(path)?;
    let mut key = read(path)?;
    if key.is_encrypted() {
        let by_env = session.env.get(PASSPHRASE).cloned();
        let passphrase = match by_env {
            Some(passphrase) => passphrase,
            None => ask(&format!("Passphrase of {}: ", path.display())).ok_or_else(|| {
                Failure::input(
                    &rules::gates::NO_KEY,
                    format!("The key {} has a passphrase, and nobody can be asked for it. Set {PASSPHRASE}.", path.display()),
                )
            })?,
        };
        key = key.decrypt(passphrase).map_err(|_| {
            Failure::input(
                &rules::gates::NO_KEY,
                format!("The passphrase of {} is another one.", path.display()),
            )
        })?;
    }
    let pair = key.key_data().ed25519().ok_or_else(|| other_kind(path))?;
    Ok(PrivateKey::from_seed(&pair.private.to_bytes()))
}

fn read(path: &Path) -> Result<ssh_key::PrivateKey, Failure> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::input(
                &rules::gates::NO_KEY,
                format!(
                    "There is no key {}. Make one with `terrane key generate`, or name another file with -key=FILE or {VARIABLE}.",
                    path.display()
                ),
            ));
        }
        read => read.map_err(Failure::io(format!("Reading {} failed", path.display())))?,
    };
    ssh_key::PrivateKey::from_openssh(text).map_err(|_| {
        Failure::input(
            &rules::gates::NO_KEY,
            format!(
                "{} is no private key in the form of OpenSSH.",
                path.display()
            ),
        )
    })
}

fn other_kind(path: &Path) -> Failure {
    Failure::input(
        &rules::gates::NO_KEY,
        format!(
            "{} is no Ed25519 key, and only these sign decisions. `terrane key generate` makes one, and so does `ssh-keygen -t ed25519`.",
            path.display()
        ),
    )
}

/// A key that others can read is nobody's.
#[cfg(unix)]
fn check_private(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::input(
        &rules::gates::NO_KEY,
        format!(
            "Others may read {0} too, so what it signs says nothing. Run `chmod 600 {0}`.",
            path.display()
        ),
    ))
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> Result<(), Failure> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{find, generate, load};
    use crate::session::Session;
    use std::collections::BTreeMap;

    #[test]
    fn a_key_is_kept_under_its_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/key");
        let session = Session::new("/", BTreeMap::new(), "test");
        let public = generate(&path, "open sesame", "ana@laptop").unwrap();
        let found = find(&path).unwrap();
        assert!(found.is_protected);
        assert_eq!(
            (found.public, found.comment.as_str()),
            (public, "ana@laptop")
        );
        let with = |text: &'static str| load(&session, &path, &mut |_| Some(text.to_owned()));
        assert_eq!(with("open sesame").unwrap().public(), public);
        assert!(with("sesame").is_err());
        assert!(load(&session, &path, &mut |_| None).is_err());
        assert!(generate(&path, "", "").is_err(), "it is not overwritten");
        let open = folder.path().join("b");
        generate(&open, "", "").unwrap();
        assert!(load(&session, &open, &mut |_| None).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
            assert!(
                load(&session, &open, &mut |_| None).is_err(),
                "others may read it"
            );
        }
    }
}
