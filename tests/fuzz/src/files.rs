//! State files, journals, and the codecs of values.

use crate::evaluate::round_trip;
use std::io::Write as _;
use std::path::Path;
use terrane_store::journal::{
    HEADER_LEN, Header, MARKER, RECORD_HEADER_LEN, read_header, record_at, scan,
};
use terrane_store::statefile::{WriteOptions, read, write};
use terrane_store::wire::{
    decode_batch, decode_head, decode_snapshot, encode_batch, encode_snapshot,
};
use terrane_value::{Type, json, msgpack};

/// A state file: what is written of it is read again, and written the same.
pub(crate) fn statefile(data: &[u8]) {
    let Ok(state) = read("input", data) else {
        return;
    };
    let Ok(written) = write(&state.snapshot, &WriteOptions::default()) else {
        return;
    };
    let again = read("written", written.as_bytes());
    let again = again.unwrap_or_else(|error| panic!("{error}\n{written}"));
    let rewritten = write(&again.snapshot, &WriteOptions::default());
    assert_eq!(rewritten.ok().as_deref(), Some(written.as_str()));
}

/// The bytes as a journal; as what follows a good header; and as the payload of a whole record.
pub(crate) fn journal(data: &[u8]) {
    let header = Header {
        generation: 1,
        id: 2,
    };
    let mut whole = header.encode().to_vec();
    whole.extend_from_slice(data);
    let mut framed = header.encode().to_vec();
    // The first byte says which kind and codec the records claim.
    let (tag, payload) = data.split_first().unwrap_or((&0, &[]));
    for part in payload.split(|byte| *byte == 0) {
        framed.extend_from_slice(&record(
            1 + (tag & 1),
            (tag >> 1) & u8::from(tag & 0x80 != 0),
            part,
        ));
    }
    for bytes in [data, &whole, &framed] {
        scan_all(bytes);
    }
    payloads(payload);
}

fn record(kind: u8, codec: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = [0; RECORD_HEADER_LEN];
    bytes[..4].copy_from_slice(&MARKER);
    bytes[4] = kind;
    bytes[5] = codec;
    let len = u32::try_from(payload.len()).unwrap_or(0);
    bytes[8..12].copy_from_slice(&len.to_le_bytes());
    bytes[12..16].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    let own = crc32fast::hash(&bytes[..16]);
    bytes[16..].copy_from_slice(&own.to_le_bytes());
    [&bytes, payload].concat()
}

fn scan_all(bytes: &[u8]) {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("it can be written");
    let path = Path::new("journal");
    drop(read_header(&mut file, path));
    for offset in [0, HEADER_LEN] {
        drop(record_at(&mut file, path, offset));
        let found = scan(&mut file, path, offset, |_, _, payload| {
            payloads(payload);
            Ok(())
        });
        if let Ok(found) = found {
            let len = u64::try_from(bytes.len()).expect("small");
            assert_eq!(
                found.end + found.torn.map_or(0, |torn| torn.len),
                len.max(offset)
            );
        }
    }
}

/// What a payload may be; what is read is written and read again.
fn payloads(bytes: &[u8]) {
    if let Ok(batch) = decode_batch(bytes)
        && let Ok(written) = encode_batch(batch.serial, &batch.events)
    {
        let again = decode_batch(&written).expect("it was written just now");
        assert_eq!(again, batch);
    }
    if let Ok(snapshot) = decode_snapshot(bytes)
        && let Ok(written) = encode_snapshot(&snapshot)
    {
        let again = decode_snapshot(&written).expect("it was written just now");
        assert_eq!(again, snapshot);
    }
    drop(decode_head(bytes));
}

/// Values and types from bytes: the first byte picks the type.
pub(crate) fn codec(data: &[u8]) {
    let (tag, bytes) = data.split_first().unwrap_or((&0, &[]));
    let text = &*crate::text(bytes);
    if let Ok(value) = json::decode_implied(text) {
        round_trip(&value);
    }
    if let Ok(ty) = json::decode_type(text) {
        let mut written = String::new();
        json::encode_type(&ty, &mut written);
        assert_eq!(json::decode_type(&written).ok(), Some(ty), "{written}");
    }
    let any = || Type::Dynamic;
    let ty = match tag % 10 {
        0 => any(),
        1 => Type::String,
        2 => Type::Number,
        3 => Type::Bool,
        4 => Type::list(Type::String),
        5 => Type::set(Type::Number),
        6 => Type::map(any()),
        7 => Type::tuple([any(), Type::String]),
        8 => Type::object([("a", Type::Number), ("b", Type::list(any()))]),
        _ => Type::list(Type::object([
            ("id", Type::String),
            ("m", Type::map(Type::Bool)),
        ])),
    };
    if let Ok(value) = msgpack::decode(bytes, &ty) {
        round_trip(&value);
    }
    if let Ok(value) = json::decode(text, &ty) {
        round_trip(&value);
    }
}
