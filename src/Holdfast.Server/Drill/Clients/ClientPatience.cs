namespace Holdfast.Server.Drill.Clients;

/// <summary>How long a client waits for its server.</summary>
/// <param name="Connect">For the connection and its CONNACK.</param>
/// <param name="Answer">For PUBACK, PUBREC, PUBCOMP and PINGRESP.</param>
internal sealed record ClientPatience(TimeSpan Connect, TimeSpan Answer);
