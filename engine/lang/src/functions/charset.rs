//! Texts in other encodings than UTF-8.

use super::args::text;
use super::encoding::to_base64;
use super::string::shown;
use super::table::{Context, Fault};
use base64::Engine as _;
use encoding_rs::Encoding;
use terrane_value::Value;

/// How characters become bytes.
enum Charset {
    /// Two bytes for a character, or four.
    Utf16 { little: bool, mark: bool },
    /// The first 256 characters of Unicode.
    Latin1,
    /// The character set of the first PCs.
    Ibm437,
    /// Whatever browsers know.
    Web(&'static Encoding),
}

/// The upper half of IBM437.
const IBM437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

impl Charset {
    fn find(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        Some(match lower.as_str() {
            "utf-16" => Self::Utf16 {
                little: false,
                mark: true,
            },
            "utf-16be" => Self::Utf16 {
                little: false,
                mark: false,
            },
            "utf-16le" => Self::Utf16 {
                little: true,
                mark: false,
            },
            "iso-8859-1" | "iso_8859-1" | "iso-ir-100" | "latin1" | "l1" | "cp819" | "ibm819"
            | "csisolatin1" | "iso_8859-1:1987" => Self::Latin1,
            "ibm437" | "cp437" | "437" | "cspc8codepage437" => Self::Ibm437,
            "cp936" | "ms936" | "windows-936" => Self::Web(encoding_rs::GBK),
            // Names that browsers use in a sense of their own.
            "us-ascii" | "ascii" | "iso646-us" | "x-user-defined" | "replacement" => return None,
            _ => Self::Web(Encoding::for_label(lower.as_bytes())?),
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Utf16 { mark: true, .. } => "UTF-16",
            Self::Utf16 { little: true, .. } => "UTF-16LE",
            Self::Utf16 { .. } => "UTF-16BE",
            Self::Latin1 => "ISO-8859-1",
            Self::Ibm437 => "IBM437",
            Self::Web(encoding) => encoding.name(),
        }
    }

    fn encode(&self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf16 { little, mark } => {
                let mark = mark.then_some(0xfeff_u16);
                let units = mark.into_iter().chain(text.encode_utf16());
                let bytes = |unit: u16| {
                    if *little {
                        unit.to_le_bytes()
                    } else {
                        unit.to_be_bytes()
                    }
                };
                Some(units.flat_map(bytes).collect())
            }
            Self::Latin1 => text
                .chars()
                .map(|character| u8::try_from(u32::from(character)).ok())
                .collect(),
            Self::Ibm437 => text.chars().map(to_ibm437).collect(),
            Self::Web(encoding) => {
                let (bytes, _, unmappable) = encoding.encode(text);
                (!unmappable).then(|| bytes.into_owned())
            }
        }
    }

    fn decode(&self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Utf16 { little, mark } => from_utf16(bytes, *little, *mark),
            Self::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
            Self::Ibm437 => {
                let upper: Vec<char> = IBM437.chars().collect();
                bytes
                    .iter()
                    .map(|byte| match byte {
                        0..=0x7f => Some(char::from(*byte)),
                        _ => upper.get(usize::from(*byte) - 0x80).copied(),
                    })
                    .collect()
            }
            Self::Web(encoding) => {
                let decoded =
                    encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
                // Browsers take undefined bytes of Windows code pages for control characters.
                let undefined = encoding.name().starts_with("windows-")
                    && decoded.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c));
                (!undefined).then(|| decoded.into_owned())
            }
        }
    }
}

fn to_ibm437(character: char) -> Option<u8> {
    if character.is_ascii() {
        return u8::try_from(u32::from(character)).ok();
    }
    let place = IBM437.chars().position(|known| known == character)?;
    u8::try_from(place + 0x80).ok()
}

fn from_utf16(bytes: &[u8], little: bool, mark: bool) -> Option<String> {
    let (little, bytes) = match (mark, bytes) {
        (true, [0xff, 0xfe, rest @ ..]) => (true, rest),
        (true, [0xfe, 0xff, rest @ ..]) => (false, rest),
        _ => (little, bytes),
    };
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let units = pairs.map(|pair| match pair {
        [a, b] if little => u16::from_le_bytes([*a, *b]),
        [a, b] => u16::from_be_bytes([*a, *b]),
        _ => 0,
    });
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

fn charset(args: &[Value], context: &Context<'_>) -> Result<Charset, Fault> {
    let name = text(args, 1);
    Charset::find(name).ok_or_else(|| {
        Fault::new(format!(
            "{} is not a supported IANA encoding name or alias",
            shown(name, context)
        ))
        .at(1)
    })
}

/// `textencodebase64`
pub(super) fn encode(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let charset = charset(args, context)?;
    match charset.encode(text(args, 0)) {
        Some(bytes) => Ok(Value::string(to_base64(&bytes))),
        None => Err(Fault::new(format!(
            "the given string contains characters that cannot be represented in {}",
            charset.name()
        ))
        .at(0)),
    }
}

/// `textdecodebase64`
pub(super) fn decode(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let charset = charset(args, context)?;
    let given: String = text(args, 0)
        .chars()
        .filter(|c| !matches!(c, '\r' | '\n'))
        .collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(&given)
        .map_err(|error| {
            let offset = match error {
                base64::DecodeError::InvalidByte(at, _) => at,
                base64::DecodeError::InvalidLastSymbol { offset, .. } => offset,
                base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
                    given.len()
                }
            };
            Fault::new(format!(
                "the given value has an invalid base64 symbol at offset {offset}"
            ))
            .at(0)
        })?;
    match charset.decode(&bytes) {
        Some(decoded) => Ok(Value::string_nfc(&decoded)),
        None => Err(Fault::new(format!(
            "the given string contains symbols that are not defined for {}",
            charset.name()
        ))
        .at(0)),
    }
}
