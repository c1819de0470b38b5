namespace Holdfast.Testing;

/// <summary>How to start a server.</summary>
/// <param name="Data">The data directory.</param>
public sealed record ServerArguments(string Data)
{
    /// <summary>The port of MQTT; 0 for any. A server that clients find again after a restart needs one of <see cref="FreePorts"/>.</summary>
    public int MqttPort { get; init; }

    /// <summary>The port of HTTP; 0 for any.</summary>
    public int HttpPort { get; init; }

    /// <summary>Another build than <see cref="Repository.ServerDll"/>.</summary>
    public string? Dll { get; init; }

    /// <summary>Further options of <c>holdfast serve</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>strace and its options, to run the server under it; empty for none.</summary>
    public IReadOnlyList<string> Tracer { get; init; } = [];
}
