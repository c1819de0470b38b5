using System.Text.Json.Serialization;

namespace Holdfast.Status.Notifying;

/// <summary>Something that those who asked for it are told.</summary>
/// <param name="Kind"><c>incident</c>, <c>maintenance</c>, <c>announcement</c>, <c>alert</c> (to operators) or <c>confirm</c> (whether somebody wants to be told at all).</param>
/// <param name="Number">The number of what it is about.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="Status">Where that is in its life.</param>
/// <param name="Impact">How bad it is; empty where that has no meaning.</param>
/// <param name="Components">What it affects; empty for all.</param>
/// <param name="Locations">Where it is seen from; empty for all.</param>
/// <param name="Text">What is said.</param>
/// <param name="At">When.</param>
/// <param name="Link">Where more is to be read.</param>
internal sealed record Notice(
    string Kind,
    long Number,
    string Title,
    string Status,
    string Impact,
    IReadOnlyList<string> Components,
    IReadOnlyList<string> Locations,
    string Text,
    DateTimeOffset At,
    string Link)
{
    /// <summary>The kind of an alert.</summary>
    public const string Alert = "alert";

    /// <summary>The kind of a question whether somebody wants to be told.</summary>
    public const string Confirm = "confirm";

    /// <summary>What it is about; of what waits about the same for the same recipient, only the newest is sent.</summary>
    public string Subject => $"{Kind}:{Number}";
}

/// <summary>How notices are stored and sent.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Notice))]
internal sealed partial class NoticeJson : JsonSerializerContext;
