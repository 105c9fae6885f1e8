//! Texts in other encodings than UTF-8.

use super::args::text;
use super::code_pages::Page;
use super::encoding::{LENIENT, to_base64};
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
    /// One byte for a character.
    Page(&'static Page),
    /// Whatever browsers know.
    Web(&'static Encoding),
}

/// Names that browsers know, but not the registry of names.
const ONLY_BROWSERS: &[&str] = &[
    "ascii",
    "big5-hkscs",
    "chinese",
    "cn-big5",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "csgb2312",
    "csiso2022kr",
    "csiso58gb231280",
    "csisolatin9",
    "csksc56011987",
    "csunicode",
    "dos-874",
    "gb2312",
    "gb_2312",
    "gb_2312-80",
    "hz-gb-2312",
    "iso-10646-ucs-2",
    "iso-2022-cn",
    "iso-2022-cn-ext",
    "iso-2022-kr",
    "iso-8859-11",
    "iso-ir-149",
    "iso-ir-58",
    "koi",
    "koi8",
    "koi8-ru",
    "koi8_r",
    "korean",
    "ks_c_5601-1987",
    "ks_c_5601-1989",
    "ksc5601",
    "ksc_5601",
    "l9",
    "logical",
    "ms932",
    "replacement",
    "shift-jis",
    "sjis",
    "sun_eu_greek",
    "tis-620",
    "ucs-2",
    "unicode",
    "unicode-1-1-utf-8",
    "unicode11utf8",
    "unicode20utf8",
    "unicodefeff",
    "unicodefffe",
    "utf8",
    "visual",
    "windows-31j",
    "windows-949",
];

impl Charset {
    fn find(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        Some(match lower.as_str() {
            "utf-16" | "csutf16" => Self::Utf16 {
                little: false,
                mark: true,
            },
            "utf-16be" | "csutf16be" => Self::Utf16 {
                little: false,
                mark: false,
            },
            "utf-16le" | "csutf16le" => Self::Utf16 {
                little: true,
                mark: false,
            },
            "iso-8859-1" | "iso_8859-1" | "iso-ir-100" | "latin1" | "l1" | "cp819" | "ibm819"
            | "csisolatin1" | "iso_8859-1:1987" => Self::Latin1,
            "cp936" | "ms936" | "windows-936" | "csgbk" => Self::Web(encoding_rs::GBK),
            "csutf8" => Self::Web(encoding_rs::UTF_8),
            "csgb18030" => Self::Web(encoding_rs::GB18030),
            "cskoi8u" => Self::Web(encoding_rs::KOI8_U),
            "cswindows1250" => Self::Web(encoding_rs::WINDOWS_1250),
            "cswindows1251" => Self::Web(encoding_rs::WINDOWS_1251),
            "cswindows1252" => Self::Web(encoding_rs::WINDOWS_1252),
            "csiso885913" => Self::Web(encoding_rs::ISO_8859_13),
            "csiso885914" | "iso_8859-14" | "iso_8859-14:1998" | "iso-ir-199" | "latin8" | "l8"
            | "iso-celtic" => Self::Web(encoding_rs::ISO_8859_14),
            "csiso885915" | "latin-9" => Self::Web(encoding_rs::ISO_8859_15),
            "csiso885916" | "iso_8859-16" | "iso_8859-16:2001" | "iso-ir-226" | "latin10"
            | "l10" => Self::Web(encoding_rs::ISO_8859_16),
            "iso_8859-10:1992" => Self::Web(encoding_rs::ISO_8859_10),
            "iso_8859-6-e" => Self::Web(encoding_rs::ISO_8859_6),
            "iso_8859-8-i" => Self::Web(encoding_rs::ISO_8859_8_I),
            name if name.starts_with("x-")
                || name.starts_with("iso8859")
                || ONLY_BROWSERS.contains(&name) =>
            {
                return None;
            }
            name => match Page::find(name) {
                Some(page) => Self::Page(page),
                None => Self::Web(Encoding::for_label(name.as_bytes())?),
            },
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Utf16 { mark: true, .. } => "UTF-16",
            Self::Utf16 { little: true, .. } => "UTF-16LE",
            Self::Utf16 { .. } => "UTF-16BE",
            Self::Latin1 => "ISO-8859-1",
            Self::Page(page) => page.name,
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
            Self::Page(page) => text
                .chars()
                .map(|character| page.to_byte(character))
                .collect(),
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
            Self::Page(page) => page.text_of(bytes),
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
    let bytes = LENIENT.decode(&given).map_err(|error| {
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
