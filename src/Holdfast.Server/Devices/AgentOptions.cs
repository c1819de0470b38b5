using Holdfast.Device;

namespace Holdfast.Server.Devices;

/// <summary>What <c>agent</c> forwards.</summary>
/// <param name="Device">The device that it is.</param>
/// <param name="Name">The name of its events.</param>
/// <param name="Priority">Their priority.</param>
/// <param name="ContentType">The media type of a line, or null.</param>
/// <param name="Files">Files that are followed; empty for standard input.</param>
/// <param name="Json">Whether the result is printed as JSON.</param>
internal sealed record AgentOptions(
    DeviceOptions Device, string Name, EventPriority Priority, string? ContentType, IReadOnlyList<string> Files, bool Json);
