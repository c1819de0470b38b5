namespace Holdfast.Device.Commands;

/// <summary>A command to the device.</summary>
/// <param name="Name">What stands below <c>devices/{id}/commands/</c>, without the request id.</param>
/// <param name="Payload">Its content.</param>
/// <param name="ContentType">The media type of the content, or null.</param>
public sealed record Command(string Name, ReadOnlyMemory<byte> Payload, string? ContentType);

/// <summary>The answer to a command.</summary>
/// <param name="Payload">Its content.</param>
/// <param name="ContentType">The media type of the content, or null.</param>
public sealed record CommandReply(ReadOnlyMemory<byte> Payload, string? ContentType = null)
{
    /// <summary>An answer without content.</summary>
    public static CommandReply Empty { get; } = new(ReadOnlyMemory<byte>.Empty);
}

/// <summary>Carries out a command. An exception becomes an answer that says so.</summary>
/// <param name="command">The command; it may come twice when an acknowledgement is lost.</param>
/// <param name="cancellationToken">The device is going.</param>
public delegate Task<CommandReply> CommandHandler(Command command, CancellationToken cancellationToken);
