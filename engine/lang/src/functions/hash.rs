//! Digests, identifiers, secrets.

use super::args::{integer, text, unknown};
use super::encoding::to_base64;
use super::file::read;
use super::table::{Context, Fault, Function, Param, Ty};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use terrane_value::{Type, Value};
use uuid::Uuid;

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "base64sha256",
        &[STR],
        Ty::String,
        base64sha256,
        "The SHA-256 digest of a text, in base64.",
    ),
    Function::new(
        "base64sha512",
        &[STR],
        Ty::String,
        base64sha512,
        "The SHA-512 digest of a text, in base64.",
    ),
    Function::new(
        "bcrypt",
        &[STR],
        Ty::String,
        bcrypt,
        "The bcrypt hash of a password; unknown until apply.",
    )
    .variadic(Param::new("cost", Ty::Number)),
    Function::new(
        "filebase64sha256",
        &[PATH],
        Ty::String,
        filebase64sha256,
        "The SHA-256 digest of a file, in base64.",
    ),
    Function::new(
        "filebase64sha512",
        &[PATH],
        Ty::String,
        filebase64sha512,
        "The SHA-512 digest of a file, in base64.",
    ),
    Function::new(
        "filemd5",
        &[PATH],
        Ty::String,
        filemd5,
        "The MD5 digest of a file.",
    ),
    Function::new(
        "filesha1",
        &[PATH],
        Ty::String,
        filesha1,
        "The SHA-1 digest of a file.",
    ),
    Function::new(
        "filesha256",
        &[PATH],
        Ty::String,
        filesha256,
        "The SHA-256 digest of a file.",
    ),
    Function::new(
        "filesha512",
        &[PATH],
        Ty::String,
        filesha512,
        "The SHA-512 digest of a file.",
    ),
    Function::new("md5", &[STR], Ty::String, md5, "The MD5 digest of a text."),
    Function::new(
        "rsadecrypt",
        &[
            Param::new("ciphertext", Ty::String),
            Param::new("privatekey", Ty::String),
        ],
        Ty::String,
        super::rsa::decrypt,
        "The text that was encrypted for an RSA key.",
    ),
    Function::new(
        "sha1",
        &[STR],
        Ty::String,
        sha1,
        "The SHA-1 digest of a text.",
    ),
    Function::new(
        "sha256",
        &[STR],
        Ty::String,
        sha256,
        "The SHA-256 digest of a text.",
    ),
    Function::new(
        "sha512",
        &[STR],
        Ty::String,
        sha512,
        "The SHA-512 digest of a text.",
    ),
    Function::new(
        "uuid",
        &[],
        Ty::String,
        uuid,
        "A random identifier; unknown until apply.",
    ),
    Function::new(
        "uuidv5",
        &[
            Param::new("namespace", Ty::String),
            Param::new("name", Ty::String),
        ],
        Ty::String,
        uuidv5,
        "The identifier of a name in a namespace.",
    ),
];

const STR: Param = Param::new("str", Ty::String);
const PATH: Param = Param::new("path", Ty::String);

type Answer = Result<Value, Fault>;

fn hex_of<D: Digest>(bytes: &[u8]) -> Answer {
    Ok(Value::string(hex::encode(D::digest(bytes))))
}

fn base64_of<D: Digest>(bytes: &[u8]) -> Answer {
    Ok(Value::string(to_base64(&D::digest(bytes))))
}

fn md5(args: &[Value], _: &Context<'_>) -> Answer {
    hex_of::<Md5>(text(args, 0).as_bytes())
}

fn sha1(args: &[Value], _: &Context<'_>) -> Answer {
    hex_of::<Sha1>(text(args, 0).as_bytes())
}

fn sha256(args: &[Value], _: &Context<'_>) -> Answer {
    hex_of::<Sha256>(text(args, 0).as_bytes())
}

fn sha512(args: &[Value], _: &Context<'_>) -> Answer {
    hex_of::<Sha512>(text(args, 0).as_bytes())
}

fn base64sha256(args: &[Value], _: &Context<'_>) -> Answer {
    base64_of::<Sha256>(text(args, 0).as_bytes())
}

fn base64sha512(args: &[Value], _: &Context<'_>) -> Answer {
    base64_of::<Sha512>(text(args, 0).as_bytes())
}

fn filemd5(args: &[Value], context: &Context<'_>) -> Answer {
    hex_of::<Md5>(&read(args, context)?)
}

fn filesha1(args: &[Value], context: &Context<'_>) -> Answer {
    hex_of::<Sha1>(&read(args, context)?)
}

fn filesha256(args: &[Value], context: &Context<'_>) -> Answer {
    hex_of::<Sha256>(&read(args, context)?)
}

fn filesha512(args: &[Value], context: &Context<'_>) -> Answer {
    hex_of::<Sha512>(&read(args, context)?)
}

fn filebase64sha256(args: &[Value], context: &Context<'_>) -> Answer {
    base64_of::<Sha256>(&read(args, context)?)
}

fn filebase64sha512(args: &[Value], context: &Context<'_>) -> Answer {
    base64_of::<Sha512>(&read(args, context)?)
}

fn bcrypt(args: &[Value], context: &Context<'_>) -> Answer {
    const DEFAULT_COST: i64 = 10;
    const LONGEST: usize = 72;
    /// The greatest cost: some ten seconds.
    const MAX_COST: u32 = 18;
    /// What a round counts for: with a cost of 18 the most that an evaluation affords is a few.
    const STEPS: usize = 100;
    let cost = match args.len() {
        1 => DEFAULT_COST,
        2 => integer(args, 1)?,
        _ => return Err(Fault::new("bcrypt() takes no more than two arguments")),
    };
    // As with the peers, a cost that is too low to be one means the usual one.
    let cost = if cost < 4 { DEFAULT_COST } else { cost };
    let cost = u32::try_from(cost)
        .ok()
        .filter(|cost| *cost <= 31)
        .ok_or_else(|| {
            Fault::new(format!(
                "error occurred generating password: cost {cost} is outside allowed range (4,31)"
            ))
        })?;
    let password = text(args, 0);
    if password.len() > LONGEST {
        return Err(Fault::new(
            "error occurred generating password: password length exceeds 72 bytes",
        ));
    }
    if cost > MAX_COST {
        return Err(Fault::new(format!(
            "cost {cost} would take minutes or longer; at most {MAX_COST} is accepted"
        ))
        .at(1));
    }
    let Some(impure) = &context.functions.impure else {
        return Ok(unknown(Type::String));
    };
    context.charge(STEPS << cost)?;
    let mut salt = [0; 16];
    impure.random.fill(&mut salt);
    bcrypt::hash_with_salt(password, cost, salt)
        .map(|parts| Value::string(parts.format_for_version(bcrypt::Version::TwoA)))
        .map_err(|error| Fault::new(format!("error occurred generating password: {error}")))
}

fn uuid(_: &[Value], context: &Context<'_>) -> Answer {
    let Some(impure) = &context.functions.impure else {
        return Ok(unknown(Type::String));
    };
    let mut bytes = [0; 16];
    impure.random.fill(&mut bytes);
    let made = uuid::Builder::from_random_bytes(bytes).into_uuid();
    Ok(Value::string(made.to_string()))
}

fn uuidv5(args: &[Value], context: &Context<'_>) -> Answer {
    let given = text(args, 0);
    let namespace = match given {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        _ => Uuid::parse_str(given).map_err(|error| {
            let given = if context.sensitive {
                "(sensitive value)"
            } else {
                given
            };
            Fault::new(format!(
                "uuidv5() doesn't support namespace {given} ({error})"
            ))
        })?,
    };
    let made = Uuid::new_v5(&namespace, text(args, 1).as_bytes());
    Ok(Value::string(made.to_string()))
}
