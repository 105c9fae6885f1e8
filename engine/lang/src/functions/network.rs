//! Network addresses and prefixes.

use super::args::{integer, number, text};
use super::string::shown;
use super::table::{Context, Fault, Function, Param, Ty};
use std::net::{Ipv4Addr, Ipv6Addr};
use terrane_value::{Type, Value};

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "cidrcontains",
        &[
            Param::new("containing_prefix", Ty::String),
            Param::new("contained_ip_or_prefix", Ty::String),
        ],
        Ty::Bool,
        cidrcontains,
        "Whether a prefix holds an address or another prefix.",
    ),
    Function::new(
        "cidrhost",
        &[PREFIX, Param::new("hostnum", Ty::Number)],
        Ty::String,
        cidrhost,
        "The address of a host in a prefix.",
    ),
    Function::new(
        "cidrnetmask",
        &[PREFIX],
        Ty::String,
        cidrnetmask,
        "The netmask of an IPv4 prefix.",
    ),
    Function::new(
        "cidrsubnet",
        &[
            PREFIX,
            Param::new("newbits", Ty::Number),
            Param::new("netnum", Ty::Number),
        ],
        Ty::String,
        cidrsubnet,
        "A subnet within a prefix.",
    ),
    Function::new(
        "cidrsubnets",
        &[PREFIX],
        Ty::ListString,
        cidrsubnets,
        "Consecutive subnets within a prefix.",
    )
    .variadic(Param::new("newbits", Ty::Number)),
];

const PREFIX: Param = Param::new("prefix", Ty::String);

/// An address with its family.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Address {
    bits: u128,
    v6: bool,
}

/// A prefix: the first address and the number of fixed bits.
#[derive(Clone, Copy)]
struct Prefix {
    base: Address,
    length: u32,
}

impl Address {
    fn width(self) -> u32 {
        if self.v6 { 128 } else { 32 }
    }

    fn parse(text: &str) -> Option<Self> {
        if text.contains(':') {
            let address: Ipv6Addr = text.parse().ok()?;
            return Some(Self {
                bits: u128::from(address),
                v6: true,
            });
        }
        // Decimal parts may have leading zeros, which the standard library does not accept.
        let mut bits = 0_u128;
        let mut parts = 0;
        for part in text.split('.') {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            let value: u128 = part.parse().ok().filter(|value| digits && *value <= 255)?;
            bits = bits << 8 | value;
            parts += 1;
        }
        (parts == 4).then_some(Self { bits, v6: false })
    }

    fn text(self) -> String {
        if self.v6 {
            let address = Ipv6Addr::from(self.bits);
            match address.to_ipv4_mapped() {
                Some(v4) => v4.to_string(),
                None => address.to_string(),
            }
        } else {
            Ipv4Addr::from(u32::try_from(self.bits).unwrap_or(u32::MAX)).to_string()
        }
    }
}

impl Prefix {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address = Address::parse(address)?;
        let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let length: u32 = length
            .parse()
            .ok()
            .filter(|length| digits && *length <= address.width())?;
        Some(Self::new(address, length))
    }

    fn new(address: Address, length: u32) -> Self {
        let host_bits = address.width() - length;
        let base = Address {
            bits: cleared(address.bits, host_bits),
            ..address
        };
        Self { base, length }
    }

    fn host_bits(self) -> u32 {
        self.base.width() - self.length
    }

    fn last(self) -> u128 {
        self.base.bits | low_bits(self.host_bits())
    }

    fn text(self) -> String {
        // An IPv4 address in the form of IPv6 is shown as what it is, and so is its prefix.
        let mapped = self.base.v6 && Ipv6Addr::from(self.base.bits).to_ipv4_mapped().is_some();
        let length = if mapped {
            self.length.saturating_sub(96)
        } else {
            self.length
        };
        format!("{}/{length}", self.base.text())
    }
}

fn low_bits(count: u32) -> u128 {
    1_u128.checked_shl(count).map_or(u128::MAX, |bit| bit - 1)
}

fn cleared(bits: u128, low: u32) -> u128 {
    bits & !low_bits(low)
}

fn prefix(args: &[Value], context: &Context<'_>) -> Result<Prefix, Fault> {
    let given = text(args, 0);
    Prefix::parse(given).ok_or_else(|| {
        let given = if context.sensitive {
            "(sensitive value)"
        } else {
            given
        };
        Fault::new(format!(
            "invalid CIDR expression: invalid CIDR address: {given}"
        ))
    })
}

/// A whole number argument, which may be larger than 64 bits.
struct Whole {
    negative: bool,
    /// `None`: larger than any address.
    magnitude: Option<u128>,
    text: String,
}

fn whole(args: &[Value], at: usize) -> Result<Whole, Fault> {
    let number = number(args, at)?;
    if !number.is_integer() {
        return Err(Fault::new("value must be a whole number"));
    }
    let text = number.text();
    Ok(Whole {
        negative: number.signum() < 0,
        magnitude: text.trim_start_matches('-').parse().ok(),
        text: text.to_string(),
    })
}

fn cidrhost(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let prefix = prefix(args, context)?;
    let host = whole(args, 1)?;
    let most = low_bits(prefix.host_bits());
    let too_large = || {
        Fault::new(format!(
            "prefix of {} does not accommodate a host numbered {}",
            prefix.length, host.text
        ))
    };
    let magnitude = host.magnitude.ok_or_else(too_large)?;
    let offset = if host.negative {
        // Counted from the end: -1 is the last.
        let back = magnitude.saturating_sub(1);
        most.checked_sub(back).ok_or_else(too_large)?
    } else {
        magnitude
    };
    if offset > most {
        return Err(too_large());
    }
    let address = Address {
        bits: prefix.base.bits | offset,
        ..prefix.base
    };
    Ok(Value::string(address.text()))
}

fn cidrnetmask(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let prefix = prefix(args, context)?;
    if prefix.base.v6 {
        return Err(Fault::new(format!(
            "IPv6 addresses cannot have a netmask: {}",
            prefix.text()
        )));
    }
    let mask = Address {
        bits: cleared(low_bits(32), prefix.host_bits()),
        v6: false,
    };
    Ok(Value::string(mask.text()))
}

fn cidrsubnet(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let prefix = prefix(args, context)?;
    let new_bits = integer(args, 1)?;
    let number = whole(args, 2)?;
    let length = i64::from(prefix.length).saturating_add(new_bits);
    let Some(length) = u32::try_from(length)
        .ok()
        .filter(|length| *length <= prefix.base.width())
    else {
        return Err(Fault::new(format!(
            "insufficient address space to extend prefix of {} by {new_bits}",
            prefix.length
        )));
    };
    let shift = prefix.base.width() - length;
    // A prefix may also be made shorter. Then there is no such bound, but that of the address.
    let most = match u32::try_from(new_bits) {
        Ok(bits) => low_bits(bits),
        Err(_) => low_bits(length),
    };
    let fits = number
        .magnitude
        .filter(|magnitude| !number.negative && *magnitude <= most);
    let Some(number) = fits else {
        return Err(Fault::new(format!(
            "prefix extension of {new_bits} does not accommodate a subnet numbered {}",
            number.text
        )));
    };
    let address = Address {
        bits: prefix.base.bits | number.checked_shl(shift).unwrap_or(0),
        ..prefix.base
    };
    Ok(Value::string(Prefix::new(address, length).text()))
}

fn cidrsubnets(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let prefix = prefix(args, context)?;
    let family = if prefix.base.v6 { "IPv6" } else { "IPv4" };
    let mut made: Vec<Prefix> = Vec::with_capacity(args.len());
    for at in 1..args.len() {
        let new_bits = integer(args, at).map_err(|fault| fault.at(at))?;
        if new_bits < 1 {
            return Err(Fault::new("must extend prefix by at least one bit").at(at));
        }
        let length = i64::from(prefix.length).saturating_add(new_bits);
        let Some(length) = u32::try_from(length)
            .ok()
            .filter(|length| *length <= prefix.base.width())
        else {
            return Err(Fault::new(format!(
                "would extend prefix to {length} bits, which is too long for an {family} address"
            ))
            .at(at));
        };
        // Each begins at the first place behind the one before that its length allows.
        let size_mask = low_bits(prefix.base.width() - length);
        let start = match made.last() {
            None => Some(prefix.base.bits),
            Some(before) => before
                .last()
                .checked_add(1)
                .and_then(|next| next.checked_add(size_mask))
                .map(|next| next & !size_mask),
        };
        let Some(start) = start.filter(|start| *start <= prefix.last()) else {
            let before = made.last().map(|before| before.text()).unwrap_or_default();
            return Err(Fault::new(format!(
                "not enough remaining address space for a subnet with a prefix of {length} bits after {before}"
            ))
            .at(at));
        };
        let address = Address {
            bits: start,
            ..prefix.base
        };
        made.push(Prefix::new(address, length));
    }
    let items = made
        .iter()
        .map(|prefix| Value::string(prefix.text()))
        .collect();
    Ok(Value::list(Type::String, items))
}

fn cidrcontains(args: &[Value], context: &Context<'_>) -> Result<Value, Fault> {
    let outer = prefix(args, context)?;
    let given = text(args, 1);
    let inner = Prefix::parse(given)
        .or_else(|| {
            Address::parse(given).map(|address| Prefix {
                base: address,
                length: address.width(),
            })
        })
        .ok_or_else(|| {
            Fault::new(format!(
                "invalid IP address or prefix: {}",
                shown(given, context)
            ))
            .at(1)
        })?;
    if inner.base.v6 != outer.base.v6 {
        return Err(Fault::new(
            "the two arguments must be of the same address family",
        ));
    }
    let inside = inner.base.bits >= outer.base.bits && inner.last() <= outer.last();
    Ok(Value::bool(inside))
}
