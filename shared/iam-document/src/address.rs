//! Networks as sets of addresses: text such as `10.0.0.0/1` is compared as what it means.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Reads an address or a network; host bits below the mask are ignored, as AWS does.
pub(crate) fn parse(text: &str) -> Option<IpNet> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address));
    }
    text.parse::<IpNet>().ok().map(|net| net.trunc())
}

/// The space from which the internet's IPv6 addresses are given out, `2000::/3`.
fn global_v6() -> Option<Ipv6Net> {
    Ipv6Net::new(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3).ok()
}

/// Whether the networks together hold all of IPv4, or all of the global IPv6 space.
pub(crate) fn is_world(nets: &[IpNet]) -> bool {
    let mut v4: Vec<Ipv4Net> = Vec::new();
    let mut v6: Vec<Ipv6Net> = Vec::new();
    for net in nets {
        match net {
            IpNet::V4(net) => v4.push(*net),
            IpNet::V6(net) => v6.push(*net),
        }
    }
    Ipv4Net::aggregate(&v4).iter().any(|net| net.prefix_len() == 0)
        || global_v6()
            .is_some_and(|global| Ipv6Net::aggregate(&v6).iter().any(|net| net.contains(&global)))
}

/// Whether S3 counts a source network as the public: wider than /8, or /32 for IPv6.
///
/// RFC 1918 networks are excepted there; none of them is wider than /8.
/// Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>.
pub(crate) fn is_public_by_s3(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => net.prefix_len() < 8,
        IpNet::V6(net) => net.prefix_len() < 32,
    }
}

/// Whether a security group's source is a large part of the world, though not the world.
pub(crate) fn is_broad(net: &IpNet) -> bool {
    match net {
        IpNet::V4(net) => (1..8).contains(&net.prefix_len()),
        IpNet::V6(net) => {
            (4..32).contains(&net.prefix_len())
                && global_v6().is_some_and(|global| global.contains(net))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| parse(text).unwrap()).collect()
    }

    #[test]
    fn the_world_is_what_adds_up_to_it() {
        for world in [
            &["0.0.0.0/0"][..],
            &["10.0.0.0/0"],
            &["0.0.0.0/1", "128.0.0.0/1"],
            &["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"],
            &["::/0"],
            &["0::/0"],
            &["2000::/3"],
            &["::/1", "8000::/1"],
            &["::/1"],
        ] {
            assert!(is_world(&nets(world)), "{world:?}");
        }
        for part in [&["0.0.0.0/1"][..], &["8000::/1"], &["0.0.0.0/1", "2000::/4"], &[]] {
            assert!(!is_world(&nets(part)), "{part:?}");
        }
    }

    #[test]
    fn host_bits_do_not_hide_a_wide_mask() {
        assert!(is_public_by_s3(&parse("10.0.0.0/1").unwrap()));
        assert!(!is_public_by_s3(&parse("10.0.0.0/8").unwrap()));
        assert!(is_public_by_s3(&parse("2001:db8::/31").unwrap()));
        assert_eq!(parse("203.0.113.7").unwrap().prefix_len(), 32);
        assert!(parse("203.0.113.0/33").is_none() && parse("x").is_none());
    }

    #[test]
    fn broad_is_less_than_the_world_and_more_than_a_site() {
        for (text, broad) in [
            ("0.0.0.0/1", true),
            ("8.0.0.0/8", false),
            ("0.0.0.0/0", false),
            ("2000::/4", true),
            ("2001:db8::/32", false),
            ("fc00::/7", false),
        ] {
            assert_eq!(is_broad(&parse(text).unwrap()), broad, "{text}");
        }
    }
}
