using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Holdfast.Cluster.Peers;

/// <summary>
/// One life of a node: its name, where other nodes reach it, and a number that grows with each start. Its text, <c>{name}@{ip}:{port}@{generation}</c>,
/// stands in the database as the owner of what the node has claimed.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record NodeId
{
    /// <summary>The most characters of a name.</summary>
    public const int LongestName = 64;

    /// <summary>Creates an identity.</summary>
    /// <param name="name">What the operator calls the node: letters, digits and dashes, at most 64.</param>
    /// <param name="address">Where the other nodes reach it.</param>
    /// <param name="port">1 to 65535.</param>
    /// <param name="generation">Another one in each life; at least 1.</param>
    /// <exception cref="FormatException">The name is none.</exception>
    public NodeId(string name, IPAddress address, int port, int generation)
    {
        if (!IsName(name))
        {
            throw new FormatException($"'{name}' is no name for a node: letters, digits and dashes, at most {LongestName}.");
        }

        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, IPEndPoint.MinPort + 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, IPEndPoint.MaxPort);
        ArgumentOutOfRangeException.ThrowIfLessThan(generation, 1);
        (Name, Address, Port, Generation) = (name, address, port, generation);
    }

    /// <summary>What the operator calls the node. It stays the same from one life to the next.</summary>
    [Id(0)]
    public string Name { get; }

    /// <summary>Where the other nodes reach it.</summary>
    [Id(1)]
    public IPAddress Address { get; }

    /// <summary>Where the other nodes reach it.</summary>
    [Id(2)]
    public int Port { get; }

    /// <summary>Which life of the node it is; a later one has a larger number.</summary>
    [Id(3)]
    public int Generation { get; }

    /// <summary>Whether a text can be the name of a node.</summary>
    /// <param name="text">Any text.</param>
    public static bool IsName([NotNullWhen(true)] string? text)
        => text is { Length: > 0 and <= LongestName } && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <param name="text">Any text.</param>
    /// <exception cref="FormatException">It is no identity of a node.</exception>
    public static NodeId Parse(string text)
        => TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is no identity of a node: {{name}}@{{ip}}:{{port}}@{{generation}}.");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="id">The identity, when it is one.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out NodeId? id)
    {
        id = null;
        var parts = (text ?? string.Empty).Split('@');
        if (parts.Length != 3
            || !IsName(parts[0])
            || !IPEndPoint.TryParse(parts[1], out var endPoint)
            || endPoint.Port == 0
            || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
            || generation == 0)
        {
            return false;
        }

        id = new NodeId(parts[0], endPoint.Address, endPoint.Port, generation);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}@{new IPEndPoint(Address, Port)}@{Generation}");

    /// <summary>The identity of a silo of Orleans.</summary>
    internal static NodeId From(string name, SiloAddress silo) => new(name, silo.Endpoint.Address, silo.Endpoint.Port, silo.Generation);

    /// <summary>The address that Orleans knows.</summary>
    internal SiloAddress ToSiloAddress() => SiloAddress.New(Address, Port, Generation);
}
