//! Date and time.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Date and time",
    about: "Points in time are texts as in RFC 3339: `2018-01-02T23:12:01Z`.",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "formatdate",
        &[
            "`YYYY` `YY` year, `MMMM` `MMM` `MM` `M` month, `DD` `D` day, `EEEE` `EEE` weekday, `hh` `h` `HH` `H` hour (capitals: of 12), `AA` `aa` half of the day, `mm` `m` minute, `ss` `s` second, `ZZZZZ` `ZZZZ` `ZZZ` `Z` time zone; text in single quotes stays",
            "a point in time",
        ],
        "Names of months and days are English. It is an error if letters stand for nothing.",
        &[
            (
                "formatdate(\"DD MMM YYYY hh:mm ZZZ\", \"2018-01-02T23:12:01Z\")",
                "\"02 Jan 2018 23:12 UTC\"",
            ),
            (
                "formatdate(\"EEEE, h'o''clock' aa\", \"2018-01-02T23:12:01-08:00\")",
                "\"Tuesday, 23o'clock pm\"",
            ),
        ],
    ),
    entry(
        "plantimestamp",
        &[],
        "The same in the whole plan, and again when it is applied. Unknown in `validate`.",
        &[("plantimestamp()", "\"2025-01-02T03:04:05Z\"")],
    ),
    entry(
        "timeadd",
        &[
            "a point in time",
            "numbers with units, with a sign if need be: `ns`, `us`, `ms`, `s`, `m`, `h`, as in `1h30m`",
        ],
        "",
        &[
            (
                "timeadd(\"2017-11-22T00:00:00Z\", \"1h30m\")",
                "\"2017-11-22T01:30:00Z\"",
            ),
            (
                "timeadd(\"2017-11-22T00:00:00Z\", \"-24h\")",
                "\"2017-11-21T00:00:00Z\"",
            ),
        ],
    ),
    entry(
        "timecmp",
        &["a point in time", "another"],
        "Time zones are taken into account. -1 means that the first is earlier.",
        &[(
            "timecmp(\"2017-11-22T01:00:00Z\", \"2017-11-22T00:00:00-01:00\")",
            "0",
        )],
    ),
    entry(
        "timestamp",
        &[],
        "Another one each time, so what is made from it changes in every plan: `plantimestamp` does not change between plan and apply.",
        &[("timecmp(timestamp(), plantimestamp())", "1")],
    ),
];
