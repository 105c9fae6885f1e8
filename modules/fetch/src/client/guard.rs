//! Which addresses may be asked at all.

use crate::client::ClientOptions;
use crate::error::{FetchError, shown};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// Where the machines of some clouds find their credentials, besides the link-local addresses.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254);

/// Whether an address belongs to the network link, where the metadata services of clouds are: nothing that is installed comes from there.
pub(super) fn is_link_local(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_unspecified() || v4.is_broadcast(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_link_local(IpAddr::V4(v4)),
            None => v6.is_unicast_link_local() || v6.is_unspecified() || v6 == METADATA_V6,
        },
    }
}

/// Whether an address may be asked. `plain`: also without TLS.
pub(super) fn check(url: &Url, plain: bool, options: &ClientOptions) -> Result<(), FetchError> {
    let refuse = |why: &str| {
        Err(FetchError::Address {
            url: shown(url),
            why: why.to_owned(),
        })
    };
    match url.scheme() {
        "https" => {}
        "http" if plain || (is_loopback(url) && !options.plain_origins.is_empty()) => {}
        "http" => {
            return refuse(
                "it is not under TLS (https), and no host block of the settings names it",
            );
        }
        _ => return refuse("only https is spoken"),
    }
    let addr = match url.host() {
        Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
        Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
        Some(Host::Domain(_)) => None,
        None => return refuse("it names no host"),
    };
    if addr.is_some_and(is_link_local) {
        return refuse("the address is one of the network link, where clouds keep credentials");
    }
    Ok(())
}

/// Whether an address is one of this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(v4)) => v4.is_loopback(),
        Some(Host::Ipv6(v6)) => v6.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Resolves names with the system, and leaves out what [`is_link_local`]: a name must not be a way around the check of addresses.
pub(super) struct NoLinkLocal;

impl Resolve for NoLinkLocal {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (bad, good): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.partition(|addr| is_link_local(addr.ip()));
            if good.is_empty() && !bad.is_empty() {
                let why = "the name stands for an address of the network link, where clouds keep credentials";
                return Err(Box::new(io::Error::other(why)) as _);
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}
