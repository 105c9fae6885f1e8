//! The commands below `cost`.

use super::flags::Kind::{Bool, Value};
use super::flags::{COST, Flag, JSON, VIEW};
use super::table::Command;
use crate::command;

/// They are shown in this order.
pub(super) static COMMANDS: &[Command] = &[
    Command {
        path: &["cost"],
        primary: false,
        usage: " <subcommand> [options]",
        about: "Say what plans cost",
        help: "Prices are in price books: files in JSON that `terrane cost import` makes of the price\nlists that AWS publishes. Nothing is asked of anybody over the network.",
        flags: &[],
        positional: (0, 0),
        run: None,
    },
    Command {
        path: &["cost", "import"],
        primary: false,
        usage: " [options] OFFER...",
        about: "Make a price book of price lists of AWS",
        help: "OFFER is the index.json of a service in the price lists that AWS publishes. What no\nrule asks for is left out.",
        flags: &[
            VIEW,
            &[
                Flag::new(
                    "out",
                    Value,
                    "FILE",
                    "Where to write it. Default: prices.json",
                ),
                Flag::new(
                    "region",
                    Value,
                    "REGION",
                    "Take the prices of this region only. May be given again.",
                ),
                Flag::new(
                    "reserved",
                    Value,
                    "TERM",
                    "Take the prices of what is reserved so, where that can be: 1yr,no-upfront or 3yr,partial-upfront,convertible.",
                ),
            ],
        ],
        positional: (1, 100),
        run: Some(command::cost::import),
    },
    Command {
        path: &["cost", "show"],
        primary: false,
        usage: " -price-book=FILE [options] PLAN",
        about: "Show what a plan costs per month",
        help: "PLAN is a saved plan, or its JSON form (- for standard input), of terrane or of the\npeers. Resources without a price are named and do not count as free.",
        flags: &[
            VIEW,
            JSON,
            COST,
            &[Flag::new("all", Bool, "", "Show what stays as it is too.")],
        ],
        positional: (1, 1),
        run: Some(command::cost::show),
    },
];
