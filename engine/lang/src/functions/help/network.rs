//! Networks.

use super::{Entry, Family, entry};

pub(super) const FAMILY: Family = Family {
    title: "Networks",
    about: "Prefixes are written as in RFC 4632: `10.0.0.0/16`, `fd00:fd12:3456:7890::/56`.",
};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "cidrcontains",
        &["a prefix", "an address or a prefix of the same family"],
        "",
        &[
            ("cidrcontains(\"192.168.2.0/20\", \"192.168.2.1\")", "true"),
            (
                "cidrcontains(\"192.168.2.0/20\", \"192.126.2.0/18\")",
                "false",
            ),
        ],
    ),
    entry(
        "cidrhost",
        &[
            "a prefix",
            "the number of the address; negative ones count from the end",
        ],
        "It is an error if the prefix has no room for that number.",
        &[
            ("cidrhost(\"10.12.112.0/20\", 16)", "\"10.12.112.16\""),
            ("cidrhost(\"10.12.112.0/20\", -1)", "\"10.12.127.255\""),
            ("cidrhost(\"fd00::/64\", 34)", "\"fd00::22\""),
        ],
    ),
    entry(
        "cidrnetmask",
        &["an IPv4 prefix"],
        "It is an error for IPv6, which has no netmasks.",
        &[("cidrnetmask(\"172.16.0.0/12\")", "\"255.240.0.0\"")],
    ),
    entry(
        "cidrsubnet",
        &[
            "the prefix to divide",
            "how many bits longer the new prefix is",
            "which of the subnets, from 0",
        ],
        "It is an error if there are not so many.",
        &[
            ("cidrsubnet(\"10.1.2.0/24\", 4, 15)", "\"10.1.2.240/28\""),
            (
                "cidrsubnet(\"fd00:fd12:3456:7890::/56\", 16, 162)",
                "\"fd00:fd12:3456:7800:a200::/72\"",
            ),
        ],
    ),
    entry(
        "cidrsubnets",
        &[
            "the prefix to divide",
            "for each subnet, how many bits longer its prefix is",
        ],
        "Each begins behind the one before, at the next place where it can. It is an error if there is no room left.",
        &[(
            "cidrsubnets(\"10.1.0.0/16\", 4, 4, 8)",
            "tolist([\"10.1.0.0/20\", \"10.1.16.0/20\", \"10.1.32.0/24\"])",
        )],
    ),
];
