using System.Net;
using System.Net.Sockets;

namespace Holdfast.Integrations.Network;

/// <summary>
/// Which addresses integrations may connect to. Without permission only those of the public internet: an operator of one product must not reach into the
/// network that the node stands in (server-side request forgery), whatever a name resolves to and wherever a receiver redirects to.
/// </summary>
public sealed class AddressPolicy
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>All that is assigned to the public internet in IPv6; everything else is loopback, private, link-local, multicast or reserved.</summary>
    private static readonly IPNetwork PublicIPv6 = IPNetwork.Parse("2000::/3");

    /// <summary>Translation of IPv4 (RFC 6052): the last four bytes are what is reached.</summary>
    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96");

    private readonly IReadOnlyList<IPNetwork> _allowed;
    private readonly bool _allowAll;

    private AddressPolicy(bool allowAll, IReadOnlyList<IPNetwork> allowed)
    {
        _allowAll = allowAll;
        _allowed = allowed;
    }

    /// <summary>Only addresses of the public internet.</summary>
    public static AddressPolicy PublicOnly { get; } = new(false, []);

    /// <summary>Every address.</summary>
    public static AddressPolicy AllowAll { get; } = new(true, []);

    /// <summary>Addresses of the public internet and of some networks.</summary>
    /// <param name="networks">The networks.</param>
    public static AddressPolicy PublicAnd(IReadOnlyList<IPNetwork> networks) => new(false, networks);

    /// <summary>Whether an address may be connected to.</summary>
    /// <param name="address">The address.</param>
    public bool Allows(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (_allowAll)
        {
            return true;
        }

        var reached = Reached(address);
        return _allowed.Any(network => network.Contains(reached)) || IsPublic(reached);
    }

    private static IPAddress Reached(IPAddress address)
        => address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : address.AddressFamily == AddressFamily.InterNetworkV6 && Translated.Contains(address) ? new IPAddress(address.GetAddressBytes().AsSpan(12))
            : address;

    private static bool IsPublic(IPAddress address)
        => (address.AddressFamily == AddressFamily.InterNetwork || PublicIPv6.Contains(address)) && !NotPublic.Any(network => network.Contains(address));
}
