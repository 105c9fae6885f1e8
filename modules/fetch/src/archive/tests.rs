//! Hostile archives and good ones.

use super::{ArchiveError, Format, Links, Rules, check_links, unpack};
use std::io::Write as _;
use tar::{Builder, EntryType, Header};

/// An entry of a tar archive that is written as it is, whatever it means.
#[derive(Clone)]
struct Raw<'a> {
    name: &'a str,
    kind: EntryType,
    target: &'a str,
    data: &'a [u8],
    mode: u32,
}

fn file<'a>(name: &'a str, data: &'a [u8]) -> Raw<'a> {
    Raw {
        name,
        kind: EntryType::Regular,
        target: "",
        data,
        mode: 0o644,
    }
}

fn special<'a>(name: &'a str, kind: EntryType, target: &'a str) -> Raw<'a> {
    Raw {
        kind,
        target,
        ..file(name, b"")
    }
}

fn tar(entries: &[Raw<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for entry in entries {
        let mut header = Header::new_ustar();
        let bytes = header.as_mut_bytes();
        bytes[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        bytes[157..157 + entry.target.len()].copy_from_slice(entry.target.as_bytes());
        header.set_entry_type(entry.kind);
        header.set_mode(entry.mode);
        header.set_size(entry.data.len() as u64);
        header.set_cksum();
        builder.append(&header, entry.data).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zip(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, mode, data) in entries {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .unix_permissions(*mode);
        if name.ends_with('/') {
            writer.add_directory(*name, options).unwrap();
        } else {
            writer.start_file(*name, options).unwrap();
            writer.write_all(data).unwrap();
        }
    }
    writer.finish().unwrap().into_inner()
}

/// Unpacks and lists what is there.
fn run(bytes: &[u8], format: Format, rules: &Rules) -> Result<Vec<String>, ArchiveError> {
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    std::fs::write(&archive, bytes).unwrap();
    let into = dir.path().join("into");
    let result = unpack(&archive, format, &into, rules);
    let mut names: Vec<String> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    match result {
        Ok(_) => {
            assert_eq!(names, ["archive", "into"]);
            check_links(&into).unwrap();
            let tree = crate::digest::tree(&into).unwrap();
            Ok(tree.into_keys().collect())
        }
        Err(error) => {
            assert_eq!(names, ["archive"], "nothing is left, inside or outside");
            Err(error)
        }
    }
}

#[test]
fn good_archives() {
    let entries = [
        special("./", EntryType::Directory, ""),
        special("pax_global_header", EntryType::XGlobalHeader, ""),
        file("./a.tf", b"a"),
        Raw {
            mode: 0o777,
            ..file("sub/run.sh", b"b")
        },
        special("sub/", EntryType::Directory, ""),
        special("sub/link", EntryType::Symlink, "../a.tf"),
        special("dir", EntryType::Symlink, "sub"),
    ];
    let plain = tar(&entries);
    let expect = ["a.tf", "dir", "sub/link", "sub/run.sh"];
    let rules = Rules::module();
    assert_eq!(run(&plain, Format::Tar, &rules).unwrap(), expect);
    assert_eq!(run(&gzip(&plain), Format::TarGz, &rules).unwrap(), expect);
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz.write_all(&plain).unwrap();
    assert_eq!(
        run(&bz.finish().unwrap(), Format::TarBz2, &rules).unwrap(),
        expect
    );
    let packed = zip(&[
        ("a.tf", 0o644, b"a"),
        ("sub/", 0o755, b""),
        ("sub/b", 0o755, b"b"),
    ]);
    assert_eq!(
        run(&packed, Format::Zip, &rules).unwrap(),
        ["a.tf", "sub/b"]
    );
}

#[cfg(unix)]
/// As packages of real modules have them.
#[cfg(target_os = "linux")]
#[test]
fn files_whose_names_differ_in_case() {
    let entries = [
        file(".github/PULL_REQUEST_TEMPLATE.md", b"a"),
        file(".github/pull_request_template.md", b"b"),
        file(".github/Pull_Request_Template.md", b"c"),
    ];
    let names = run(&tar(&entries), Format::Tar, &Rules::module()).unwrap();
    assert_eq!(names.len(), 3);
    let mut again = Vec::from(entries);
    again.push(file(".github/pull_request_template.md", b"d"));
    assert!(run(&tar(&again), Format::Tar, &Rules::module()).is_err());
}

#[test]
fn only_the_bit_for_executing_is_taken_over() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("archive");
    let set_user = Raw {
        mode: 0o6755,
        ..file("x", b"")
    };
    let hidden = Raw {
        mode: 0,
        ..file("y", b"")
    };
    std::fs::write(&archive, tar(&[set_user, hidden])).unwrap();
    let into = dir.path().join("into");
    unpack(&archive, Format::Tar, &into, &Rules::module()).unwrap();
    let mode = |name: &str| {
        std::fs::metadata(into.join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    assert_eq!(mode("x") & 0o7100, 0o100);
    assert_eq!(mode("y") & 0o7500, 0o400);
}

#[test]
fn hostile_tar_archives() {
    let long = "x/".repeat(49) + "y";
    let deep = long.as_str();
    let nested = "d/".repeat(49);
    let link = |name, target| special(name, EntryType::Symlink, target);
    for (entries, why) in [
        (vec![file("../x", b"")], "leads out of its folder"),
        (vec![file("a/../../x", b"")], "leads out of its folder"),
        (vec![file("/etc/x", b"")], "absolute path"),
        (vec![file("a\\..\\x", b"")], "backslash"),
        (vec![file("a\nb", b"")], "control character"),
        (vec![special("x", EntryType::Link, "y")], "hard link"),
        (vec![special("x", EntryType::Char, "")], "device"),
        (vec![special("x", EntryType::Block, "")], "device"),
        (vec![special("x", EntryType::Fifo, "")], "named pipe"),
        (vec![special("x", EntryType::GNUSparse, "")], "sparse"),
        (
            vec![special("x", EntryType::new(b'V'), "")],
            "neither file nor folder",
        ),
        (vec![link("x", "/etc/passwd")], "absolute path"),
        (vec![link("x", "../y")], "leads out"),
        (vec![link("a/x", "../../y")], "leads out"),
        (vec![link("a/b", "../c/../../y")], ".. after a name"),
        (vec![link("x", "")], "absolute path"),
        // Through a link to the outside, or to the inside: nothing is ever written through one.
        (vec![link("d", "sub"), file("d/x", b"")], "is there twice"),
        (vec![file("d/x", b""), link("d", "sub")], "is there twice"),
        (vec![file("x", b"1"), file("x", b"2")], "is there twice"),
        (vec![file("x", b"1"), file("x/y", b"2")], "is there twice"),
        (vec![file("x", b"1"), file("./x", b"2")], "is there twice"),
        (
            vec![file("Main.tf", b""), link("main.tf", "x")],
            "don't tell case",
        ),
        (vec![file("A/x", b""), file("a/y", b"")], "don't tell case"),
        (
            vec![file("\u{e9}", b""), file("e\u{301}/x", b"")],
            "don't tell case",
        ),
        (
            vec![link("stra\u{df}e", "x"), file("STRASSE", b"")],
            "don't tell case",
        ),
        (
            vec![file("\u{17f}ub/x", b""), file("sub/x", b"")],
            "don't tell case",
        ),
        (
            vec![Raw {
                data: b"more",
                ..special("d/", EntryType::Directory, "")
            }],
            "holds bytes, but is no file",
        ),
        (vec![file(".", b"x")], "no name of a file"),
        (vec![file("", b"x")], "no name"),
        (vec![file(&nested, b"x")], "no name of a file"),
    ] {
        let error = run(&tar(&entries), Format::Tar, &Rules::module())
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{}: {error}", entries[0].name);
    }
    let shallow = Rules {
        depth: 10,
        ..Rules::module()
    };
    let error = run(&tar(&[file(deep, b"")]), Format::Tar, &shallow).unwrap_err();
    assert!(error.to_string().contains("too deeply"), "{error}");
    let refused = Rules {
        links: Links::Refused,
        ..Rules::module()
    };
    let error = run(&tar(&[link("x", "y")]), Format::Tar, &refused).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
}

#[test]
fn hostile_extended_headers() {
    let record = |key: &str, value: &str| {
        let rest = format!(" {key}={value}\n");
        let mut length = rest.len() + 1;
        while format!("{length}{rest}").len() != length {
            length += 1;
        }
        format!("{length}{rest}")
    };
    let header = |text: &str, kind| {
        let entry = Raw {
            kind,
            ..file("h", text.as_bytes())
        };
        tar(&[entry, file("x", b"1")])
    };
    let pax = |key: &str, value: &str| header(&record(key, value), EntryType::XHeader);
    let big = "a".repeat(70_000);
    let long = "n/".repeat(600);
    for (bytes, why) in [
        (pax("path", "../x"), "leads out"),
        (pax("size", "5"), "two sizes"),
        (pax("GNU.sparse.major", "1"), "sparse"),
        (header("99 path=x\n", EntryType::XHeader), "makes no sense"),
        (header("x", EntryType::XHeader), "makes no sense"),
        (header("../../x\0", EntryType::GNULongName), "leads out"),
        (header(&big, EntryType::GNULongName), "extended header"),
        (header(&long, EntryType::GNULongName), "too long a name"),
    ] {
        let error = run(&bytes, Format::Tar, &Rules::module())
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
    let renamed = run(&pax("path", "good/name"), Format::Tar, &Rules::module()).unwrap();
    assert_eq!(renamed, ["good/name"]);
}

#[test]
fn bounds() {
    let many: Vec<String> = (0..20).map(|n| format!("f{n}")).collect();
    let many: Vec<Raw<'_>> = many.iter().map(|name| file(name, b"12345")).collect();
    let small = |change: fn(&mut Rules)| {
        let mut rules = Rules::module();
        change(&mut rules);
        run(&tar(&many), Format::Tar, &rules)
            .unwrap_err()
            .to_string()
    };
    assert!(small(|rules| rules.entries = 19).contains("more than 19 entries"));
    assert!(small(|rules| rules.bytes = 99).contains("more than 99 bytes"));
    assert!(small(|rules| rules.time = std::time::Duration::ZERO).contains("too long"));
    // 40 MiB of nothing in some kilobytes, in each kind of archive.
    let nothing = vec![0; 40 << 20];
    let bomb = gzip(&tar(&[file("x", &nothing)]));
    assert!(bomb.len() < 100_000);
    let error = run(&bomb, Format::TarGz, &Rules::module())
        .unwrap_err()
        .to_string();
    assert!(error.contains("unpacks to more than"), "{error}");
    let error = run(
        &zip(&[("x", 0o644, &nothing)]),
        Format::Zip,
        &Rules::module(),
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("unpacks to more than"),
        "{error}"
    );
    // Behind the end of the archive, too.
    let mut padded = tar(&[file("x", b"")]);
    padded.extend(&nothing);
    let error = run(&gzip(&padded), Format::TarGz, &Rules::module())
        .unwrap_err()
        .to_string();
    assert!(error.contains("unpacks to more than"), "{error}");
}

/// What is passed over is unpacked too, and takes its time.
#[test]
fn what_no_file_holds_counts() {
    // Headers that say nothing, each of 64 KiB, far more than their files.
    let filler = format!("{} comment={}\n", 60_000, "x".repeat(60_000 - 15));
    let header = Raw {
        kind: EntryType::XHeader,
        ..file("h", filler.as_bytes())
    };
    let mut entries = vec![header; 400];
    entries.push(file("x", b""));
    let few = Rules {
        entries: 500,
        ..Rules::module()
    };
    let error = run(&gzip(&tar(&entries)), Format::TarGz, &few).unwrap_err();
    assert!(error.to_string().contains("far more than"), "{error}");
}

#[test]
fn cut_off_archives() {
    let body: Vec<u8> = (0..50_000_u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let plain = tar(&[file("x", &body)]);
    let packed = gzip(&plain);
    let zipped = zip(&[("x", 0o644, &body)]);
    for (bytes, format) in [
        (&plain[..100_000], Format::Tar),
        (&packed[..packed.len() / 2], Format::TarGz),
        (&packed[..packed.len() - 4], Format::TarGz),
        (&zipped[..zipped.len() - 30], Format::Zip),
        (b"not an archive", Format::Zip),
        (b"not an archive", Format::TarGz),
        (b"not an archive", Format::TarXz),
        (b"not an archive", Format::TarBz2),
        (&[1; 600], Format::Tar),
    ] {
        assert!(run(bytes, format, &Rules::module()).is_err(), "{format:?}");
    }
    let mut changed = zipped.clone();
    changed[100] ^= 1;
    assert!(run(&changed, Format::Zip, &Rules::module()).is_err());
}

#[test]
fn hostile_zip_archives() {
    for (entries, why) in [
        (vec![("../x", 0o644, &b""[..])], "leads out"),
        (vec![("/x", 0o644, b"")], "absolute"),
        (vec![("a\\..\\..\\x", 0o644, b"")], "backslash"),
        (
            vec![("x", 0o644, b""), ("X/y", 0o644, b"")],
            "don't tell case",
        ),
        (
            vec![("x", 0o644, b""), ("x/y", 0o644, b"")],
            "is there twice",
        ),
    ] {
        let error = run(&zip(&entries), Format::Zip, &Rules::provider())
            .unwrap_err()
            .to_string();
        assert!(error.contains(why), "{}: {error}", entries[0].0);
    }
    let linked = |target: &str| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        writer.add_symlink("l", target, options).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let outside = run(&linked("../x"), Format::Zip, &Rules::module()).unwrap_err();
    assert!(outside.to_string().contains("leads out"), "{outside}");
    let refused = run(&linked("x"), Format::Zip, &Rules::provider()).unwrap_err();
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
    assert_eq!(
        run(&linked("x"), Format::Zip, &Rules::module()).unwrap(),
        ["l"]
    );
}

/// By the same name twice, each with its own bytes: what one program checks, another may run.
/// The directory of a zip archive is read as a whole: not if it is larger than the entries that there may be.
#[test]
fn the_directory_of_a_zip_archive_is_bounded() {
    let long = "0".repeat(150);
    let names: Vec<String> = (0..5_000)
        .map(|number| format!("{long}/file{number}-{long}"))
        .collect();
    let entries: Vec<(&str, u32, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), 0o644, &b""[..]))
        .collect();
    let archive = zip(&entries);
    let rules = |entries| Rules {
        entries,
        ..Rules::module()
    };
    let refused = |entries| {
        run(&archive, Format::Zip, &rules(entries))
            .unwrap_err()
            .to_string()
    };
    assert!(refused(10).contains("directory"), "{}", refused(10));
    assert!(refused(4_999).contains("more than 4999 entries"));
    assert_eq!(
        run(&archive, Format::Zip, &rules(5_000)).unwrap().len(),
        5_000
    );
}

#[test]
fn a_name_twice_in_a_zip_archive() {
    let mut bytes = zip(&[("aa", 0o644, b"1"), ("ab", 0o644, b"2")]);
    let places: Vec<usize> = (0..bytes.len() - 1)
        .filter(|at| &bytes[*at..at + 2] == b"ab")
        .collect();
    for at in places {
        bytes[at + 1] = b'a';
    }
    let error = run(&bytes, Format::Zip, &Rules::provider()).unwrap_err();
    assert!(error.to_string().contains("a name twice"), "{error}");
}

#[test]
fn kinds_by_their_endings() {
    for (path, expect) in [
        ("/a/x.zip", Some(Format::Zip)),
        ("/a/x.tar.gz", Some(Format::TarGz)),
        ("x.tgz", Some(Format::TarGz)),
        ("x.tar.bz2", Some(Format::TarBz2)),
        ("x.txz", Some(Format::TarXz)),
        ("x.tar", Some(Format::Tar)),
        ("/a.zip/x", None),
        ("zip", None),
        (".zip", None),
        ("x.gz", None),
    ] {
        assert_eq!(Format::of_path(path), expect, "{path}");
    }
}
