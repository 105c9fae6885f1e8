//! Hashes, secrets, identifiers.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Hashes and identifiers",
    about: "Texts are hashed as UTF-8. Digests are written in small hexadecimal digits where nothing else is said. In the examples, `hello.txt` holds `Hello, ${name}!`.",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "base64sha256",
        &["any text"],
        "The digest itself in base64, which is not `base64encode(sha256(...))`.",
        &[(
            "base64sha256(\"hello world\")",
            "\"uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=\"",
        )],
    ),
    entry(
        "base64sha512",
        &["any text"],
        "The digest itself in base64, which is not `base64encode(sha512(...))`.",
        &[(
            "base64sha512(\"hello world\")",
            "\"MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw==\"",
        )],
    ),
    entry(
        "bcrypt",
        &[
            "the password, at most 72 bytes",
            "how slow it is: 4 to 18, 10 if not given",
        ],
        "Another one each time, since the salt is random. Each step doubles the time; above 18, which takes some ten seconds, it is an error.",
        &[("length(bcrypt(\"hello world\", 4))", "60")],
    ),
    entry(
        "filebase64sha256",
        &["the path of a file"],
        "",
        &[(
            "filebase64sha256(\"hello.txt\")",
            "\"4OP+/CyIuV4iHTevsOPE2h4QBz8EbTQW9LZOkcExzpo=\"",
        )],
    ),
    entry(
        "filebase64sha512",
        &["the path of a file"],
        "",
        &[(
            "filebase64sha512(\"hello.txt\")",
            "\"rkpVcRiMk5Mh+8AS/3AAnI80QlfAVWBPkHOqVS4PwhzYBWd2kXATQoEbVHU0+VcA3Hd5iJDPeVyh9jr6T7in7g==\"",
        )],
    ),
    entry(
        "filemd5",
        &["the path of a file"],
        "",
        &[(
            "filemd5(\"hello.txt\")",
            "\"8e147b8c19f76e99063c99dc2a144f5d\"",
        )],
    ),
    entry(
        "filesha1",
        &["the path of a file"],
        "",
        &[(
            "filesha1(\"hello.txt\")",
            "\"b6e927178337b9976a3496499682e5f231bdef03\"",
        )],
    ),
    entry(
        "filesha256",
        &["the path of a file"],
        "",
        &[(
            "filesha256(\"hello.txt\")",
            "\"e0e3fefc2c88b95e221d37afb0e3c4da1e10073f046d3416f4b64e91c131ce9a\"",
        )],
    ),
    entry(
        "filesha512",
        &["the path of a file"],
        "",
        &[(
            "filesha512(\"hello.txt\")",
            "\"ae4a5571188c939321fbc012ff70009c8f344257c055604f9073aa552e0fc21cd805677691701342811b547534f95700dc77798890cf795ca1f63afa4fb8a7ee\"",
        )],
    ),
    entry(
        "md5",
        &["any text"],
        "Not for secrets: two texts with one digest are found easily.",
        &[(
            "md5(\"hello world\")",
            "\"5eb63bbbe01eeed093cb22bb8f5acdc3\"",
        )],
    ),
    entry(
        "rsadecrypt",
        &[
            "what was encrypted for the key with PKCS #1 v1.5, in base64",
            "the key in PEM, without a passphrase",
        ],
        "The result is as secret as the key: use `sensitive`.",
        &[("can(rsadecrypt(\"AAAA\", \"no key\"))", "false")],
    ),
    entry(
        "sha1",
        &["any text"],
        "Not for secrets: two texts with one digest can be found.",
        &[(
            "sha1(\"hello world\")",
            "\"2aae6c35c94fcfb415dbe95f408b9ce91ee846ed\"",
        )],
    ),
    entry(
        "sha256",
        &["any text"],
        "",
        &[(
            "sha256(\"hello world\")",
            "\"b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9\"",
        )],
    ),
    entry(
        "sha512",
        &["any text"],
        "",
        &[(
            "sha512(\"hello world\")",
            "\"309ecc489c12d6eb4cc40f50c902f2b4d0ed77ee511a7c7a9bcd3ca86d4cd86f989dd35bc5ff499670da34255b45b0cfd830e81f605dcf7dc5542e93ae9cd76f\"",
        )],
    ),
    entry(
        "uuid",
        &[],
        "Another one each time, so what is made from it changes in every plan. A resource such as `random_uuid` keeps one.",
        &[("length(uuid())", "36")],
    ),
    entry(
        "uuidv5",
        &["`dns`, `url`, `oid`, `x500`, or a UUID", "the name"],
        "The same names give the same identifier.",
        &[(
            "uuidv5(\"dns\", \"www.example.com\")",
            "\"2ed6657d-e927-568b-95e1-2665a8aea6a2\"",
        )],
    ),
];
